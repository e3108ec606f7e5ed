package devstack

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// Stack is a running Temporal server, Web UI and S3 server. Its methods are safe for concurrent use.
type Stack struct {
	info     Info
	cred     Credentials
	lock     *fileLock
	children []*child

	stopOnce sync.Once
	stopping chan struct{} // closed when Stop begins
	done     chan struct{} // closed when the stack no longer serves
	endOnce  sync.Once
	mu       sync.Mutex
	err      error
}

// Start starts a stack on cfg.Dir and returns when the Temporal server, its UI and the S3 server answer and the
// namespace and search attributes are there. ctx bounds the start only; call [Stack.Stop] to end the stack.
//
// Errors: *LockedError if a stack runs on the folder already, *PortInUseError, *ChildError if a server fails, ErrSlim.
func Start(ctx context.Context, cfg Config) (*Stack, error) {
	if !embedded {
		return nil, ErrSlim
	}
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	free := cfg.TemporalPort == FreePort || cfg.UIPort == FreePort || cfg.S3Port == FreePort
	for attempt := 1; ; attempt++ {
		s, err := start(ctx, cfg)
		// A port found free can be taken by somebody else before the server binds it.
		var inUse *PortInUseError
		if err == nil || !free || attempt == 3 || !errors.As(err, &inUse) {
			return s, err
		}
	}
}

func start(ctx context.Context, cfg Config) (_ *Stack, err error) {
	for _, dir := range []string{cfg.Dir, temporalDir(cfg.Dir), s3Dir(cfg.Dir), logDir(cfg.Dir)} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return nil, fmt.Errorf("devstack: data folder: %w", err)
		}
	}
	s := &Stack{stopping: make(chan struct{}), done: make(chan struct{})}
	if s.lock, err = lockFile(filepath.Join(cfg.Dir, "lock"), 0); err != nil {
		return nil, err
	}
	// From here on a failure leaves nothing running.
	defer func() {
		if err != nil {
			s.Stop()
		}
	}()
	if err := awaitFormerServers(cfg.Dir); err != nil {
		return nil, err
	}
	if s.cred, err = loadCredentials(cfg.Dir); err != nil {
		return nil, err
	}
	if err := cfg.settlePorts(); err != nil {
		return nil, err
	}
	if err := s.startServers(ctx, cfg); err != nil {
		return nil, err
	}
	s.info = cfg.info()
	if err := writeJSON(filepath.Join(cfg.Dir, "stack.json"), s.info, 0o600); err != nil {
		return nil, err
	}
	for _, c := range s.children {
		go s.watch(c)
	}
	return s, nil
}

// awaitFormerServers waits for servers whose parent was killed a moment ago: they hold the ports and the database.
func awaitFormerServers(dir string) error {
	for _, path := range []string{temporalLock(temporalDir(dir)), s3Lock(s3Dir(dir))} {
		l, err := lockFile(path, 10*time.Second)
		if err != nil {
			return err
		}
		l.unlock()
	}
	return nil
}

// startServers starts both at once: the Temporal server is what takes time.
func (s *Stack) startServers(ctx context.Context, cfg Config) error {
	ctx, cancel := context.WithTimeout(ctx, cfg.StartTimeout)
	defer cancel()
	starts := []func() (*child, error){
		func() (*child, error) {
			return startPatiently(ctx, "temporal", temporalVerb, logDir(cfg.Dir), temporalSettings{
				Dir: temporalDir(cfg.Dir), Host: cfg.Host, Port: cfg.TemporalPort, UIPort: cfg.UIPort,
				Namespace: Namespace, SearchAttributes: SearchAttributes()})
		},
		func() (*child, error) {
			return startChild(ctx, "s3", s3Verb, logDir(cfg.Dir), S3Config{
				Dir: s3Dir(cfg.Dir), Host: cfg.Host, Port: cfg.S3Port, Credentials: s.cred, Region: Region})
		},
	}
	errs := make([]error, len(starts))
	children := make([]*child, len(starts))
	var wg sync.WaitGroup
	for i, f := range starts {
		wg.Go(func() {
			if children[i], errs[i] = f(); errs[i] != nil {
				cancel()
			}
		})
	}
	wg.Wait()
	for _, c := range children {
		if c != nil {
			s.children = append(s.children, c)
		}
	}
	return firstCause(errs)
}

// firstCause prefers the error that made the other start be cancelled.
func firstCause(errs []error) error {
	var late error
	for _, err := range errs {
		if err != nil && !errors.Is(err, context.Canceled) {
			return err
		}
		late = errors.Join(late, err)
	}
	return late
}

func (c Config) info() Info {
	host := connectHost(c.Host)
	return Info{
		PID:             os.Getpid(),
		Dir:             c.Dir,
		TemporalAddress: hostPort(host, c.TemporalPort),
		UIURL:           "http://" + hostPort(host, c.UIPort),
		S3URL:           "http://" + hostPort(host, c.S3Port),
	}
}

// watch ends the stack's service when a server dies that nobody stopped.
func (s *Stack) watch(c *child) {
	<-c.done
	select {
	case <-s.stopping:
	default:
		s.end(c.failed("it ended unexpectedly", nil))
	}
}

func (s *Stack) end(err error) {
	s.endOnce.Do(func() {
		s.mu.Lock()
		s.err = err
		s.mu.Unlock()
		close(s.done)
	})
}

// Info returns the stack's addresses.
func (s *Stack) Info() Info { return s.info }

// Credentials returns the S3 key pair of the data folder.
func (s *Stack) Credentials() Credentials { return s.cred }

// Env returns the environment variables that point clients at the stack; see [Info.Env].
func (s *Stack) Env() map[string]string { return s.info.Env(s.cred) }

// Done is closed when the stack serves no longer: it was stopped, or a server died. The other server may still run then;
// Stop ends it.
func (s *Stack) Done() <-chan struct{} { return s.done }

// Err returns nil while the stack runs and after Stop, and a *ChildError once a server has died.
func (s *Stack) Err() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

// Stop ends both servers and returns when they are gone and the folder is free again. It takes at most a few seconds and
// may be called more than once.
func (s *Stack) Stop() {
	s.stopOnce.Do(func() {
		close(s.stopping)
		var wg sync.WaitGroup
		for _, c := range s.children {
			wg.Go(func() { c.stop(5 * time.Second) })
		}
		wg.Wait()
		s.lock.unlock()
		s.end(nil)
	})
}

func temporalDir(dir string) string { return filepath.Join(dir, "temporal") }
func s3Dir(dir string) string       { return filepath.Join(dir, "s3") }
func logDir(dir string) string      { return filepath.Join(dir, "logs") }

func temporalLock(dir string) string { return filepath.Join(dir, "lock") }
func s3Lock(dir string) string       { return filepath.Join(dir, ".lock") }
