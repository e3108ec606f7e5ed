package e2e_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	sdk "go.temporal.io/sdk/client"

	"github.com/batchmill/batchmill/client"
	"github.com/batchmill/batchmill/devstack"
	"github.com/batchmill/batchmill/storage/s3"
)

// stack is one `batchmill dev --no-worker` and a client of it.
type stack struct {
	*client.Client
	dir  string
	dev  *process
	env  map[string]string
	conn sdk.Client

	mu      sync.Mutex
	workers []*process
}

// startStack starts the servers on dir and connects.
func startStack(dir string, temporalPort, uiPort, s3Port int) (*stack, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	s := &stack{dir: dir}
	if err := s.up(temporalPort, uiPort, s3Port); err != nil {
		return nil, err
	}
	return s, s.connect()
}

// serve starts the servers.
func (s *stack) serve(temporalPort, uiPort, s3Port int) error {
	ready := filepath.Join(s.dir, "ready.json")
	dev, err := start(nil, filepath.Join(s.dir, "dev.log"), ready, "dev", "--no-worker", "--dir", filepath.Join(s.dir, "data"), "--ready-file", ready,
		"--temporal-port", strconv.Itoa(temporalPort), "--ui-port", strconv.Itoa(uiPort), "--s3-port", strconv.Itoa(s3Port))
	if err != nil {
		return err
	}
	s.dev = dev
	return nil
}

// up starts the servers and learns where they are.
func (s *stack) up(temporalPort, uiPort, s3Port int) error {
	if err := s.serve(temporalPort, uiPort, s3Port); err != nil {
		return err
	}
	out, err := exec.Command(binary, "env", "--dir", filepath.Join(s.dir, "data"), "--json").Output()
	if err != nil {
		return fmt.Errorf("batchmill env: %w", err)
	}
	return json.Unmarshal(out, &s.env)
}

// connect makes the client as a program does that knows the addresses; the environment of this process stays as it is.
func (s *stack) connect() error {
	getenv := func(name string) string { return s.env[name] }
	config, err := s3.ConfigFromEnv(getenv)
	if err != nil {
		return err
	}
	store, err := s3.Open(config)
	if err != nil {
		return err
	}
	s.conn, err = sdk.NewLazyClient(sdk.Options{HostPort: s.env["TEMPORAL_ADDRESS"], Namespace: s.env["TEMPORAL_NAMESPACE"], Logger: silence{}})
	if err != nil {
		return err
	}
	s.Client, err = client.Dial(context.Background(), client.Options{Temporal: s.conn, Namespace: s.env["TEMPORAL_NAMESPACE"], Store: store, Getenv: getenv})
	return err
}

// silence is a Temporal logger: retries while a server is down are what these tests are about.
type silence struct{}

func (silence) Debug(string, ...any) {}
func (silence) Info(string, ...any)  {}
func (silence) Warn(string, ...any)  {}
func (silence) Error(string, ...any) {}

// ports are the numbers a restarted stack needs for its clients to find it again.
func (s *stack) ports(t *testing.T) (temporal, ui, store int) {
	t.Helper()
	number := func(hostPort string) int {
		_, port, err := net.SplitHostPort(hostPort)
		require.NoError(t, err)
		n, err := strconv.Atoi(port)
		require.NoError(t, err)
		return n
	}
	host := func(address string) string {
		u, err := url.Parse(address)
		require.NoError(t, err)
		return u.Host
	}
	return number(s.env["TEMPORAL_ADDRESS"]), number(host(s.env["BATCHMILL_UI_URL"])), number(host(s.env["AWS_ENDPOINT_URL_S3"]))
}

// restart brings the servers up again on the same folder and ports.
func (s *stack) restart(t *testing.T) {
	t.Helper()
	require.NoError(t, s.up(s.ports(t)))
}

// newStack is a stack of the test's own, without workers, for tests that kill.
func newStack(t *testing.T) *stack {
	t.Helper()
	s, err := startStack(t.TempDir(), devstack.FreePort, devstack.FreePort, devstack.FreePort)
	require.NoError(t, err)
	t.Cleanup(func() {
		for _, w := range s.workers {
			w.kill()
		}
		s.stop()
		if t.Failed() {
			s.showLogs(os.Stderr)
		}
	})
	return s
}

func (s *stack) stop() {
	s.conn.Close()
	s.dev.stop()
}

// environ is what `batchmill env` says, for a process.
func (s *stack) environ() []string {
	var env []string
	for k, v := range s.env {
		env = append(env, k+"="+v)
	}
	return env
}

// startWorker starts one worker process and returns once Temporal sees it.
func (s *stack) startWorker(flags ...string) (*process, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	name := filepath.Join(s.dir, fmt.Sprintf("worker-%d", len(s.workers)))
	w, err := start(s.environ(), name+".log", name+".ready",
		append([]string{"worker", "--ready-file", name + ".ready", "--stop-timeout", "2s"}, flags...)...)
	if err == nil {
		s.workers = append(s.workers, w)
	}
	return w, err
}

// worker is startWorker for a test.
func (s *stack) worker(t *testing.T, flags ...string) *process {
	t.Helper()
	w, err := s.startWorker(flags...)
	require.NoError(t, err)
	return w
}

// showLogs prints the ends of all processes' logs.
func (s *stack) showLogs(to io.Writer) {
	logs, _ := filepath.Glob(filepath.Join(s.dir, "*.log"))
	slices.Sort(logs)
	for _, log := range logs {
		text, _ := os.ReadFile(log)
		fmt.Fprintf(to, "--- %s\n%s\n", filepath.Base(log), text[max(0, len(text)-8000):])
	}
}

// ownS3 serves the store from a `batchmill s3` of its own from now on: the same folder, port and keys each time.
func (s *stack) ownS3(t *testing.T) *process {
	t.Helper()
	if s.env["own"] == "" {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		s.env["AWS_ENDPOINT_URL_S3"], s.env["own"] = "http://"+listener.Addr().String(), "yes"
		require.NoError(t, listener.Close())
		s.conn.Close()
		require.NoError(t, s.connect())
	}
	_, _, port := s.ports(t)
	p, err := startUntil(s.environ(), filepath.Join(s.dir, "s3.log"), func() bool {
		answer, err := http.Get(s.env["AWS_ENDPOINT_URL_S3"] + "/-/healthy")
		if err == nil {
			answer.Body.Close()
		}
		return err == nil && answer.StatusCode == http.StatusOK
	}, "s3", "--dir", filepath.Join(s.dir, "own-s3"), "--port", strconv.Itoa(port))
	require.NoError(t, err)
	t.Cleanup(p.kill)
	return p
}
