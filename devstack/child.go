package devstack

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// The hidden verbs of the two servers.
const (
	temporalVerb = "_temporal"
	s3Verb       = "_s3"
)

// status is the one line a child writes to its standard output once it answers, or when it cannot.
type status struct {
	Ready   bool   `json:",omitempty"`
	Error   string `json:",omitempty"`
	InUse   string `json:",omitempty"` // host:port that is taken, when that is the reason
	Service string `json:",omitempty"`
	early   bool   // the process ended without a word
}

// errEarly: a server's process ended before it answered. Temporal's does when a port of its inner services, free a moment before, is taken.
var errEarly = errors.New("it ended before it answered")

// maxStarts is how often a server that ended before it answered is started, each time with other inner ports.
const maxStarts = 3

// startPatiently is startChild, again where the process ended before it answered.
func startPatiently(ctx context.Context, server, verb, logs string, settings any) (c *child, err error) {
	for range maxStarts {
		if c, err = startChild(ctx, server, verb, logs, settings); !errors.Is(err, errEarly) || ctx.Err() != nil {
			break
		}
	}
	return c, err
}

// child is a server process. done is closed when it has ended.
type child struct {
	server string // "temporal" or "s3"
	log    string
	cmd    *exec.Cmd
	stdin  io.WriteCloser
	done   chan struct{}
}

// startChild starts the binary again with the hidden verb, hands it its settings, and waits until it answers.
func startChild(ctx context.Context, server, verb, logs string, settings any) (*child, error) {
	exe, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("devstack: own executable: %w", err)
	}
	c := &child{server: server, log: filepath.Join(logs, server+".log"), done: make(chan struct{})}
	logFile, err := os.OpenFile(c.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("devstack: %w", err)
	}
	defer logFile.Close()
	c.cmd = exec.Command(exe, verb)
	c.cmd.Stderr = logFile
	stdout, err := c.cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("devstack: %w", err)
	}
	if c.stdin, err = c.cmd.StdinPipe(); err != nil {
		return nil, fmt.Errorf("devstack: %w", err)
	}
	if err := c.cmd.Start(); err != nil {
		return nil, fmt.Errorf("devstack: start the %s server: %w", server, err)
	}
	answer := make(chan status, 1)
	go c.watch(stdout, answer)
	if err := json.NewEncoder(c.stdin).Encode(settings); err != nil {
		c.kill()
		return nil, c.failed("it ended at once", errors.Join(errEarly, err))
	}
	if err := c.await(ctx, answer); err != nil {
		c.kill()
		return nil, err
	}
	return c, nil
}

// watch reads the status line, then waits for the end of the process.
func (c *child) watch(stdout io.Reader, answer chan<- status) {
	var st status
	lines := bufio.NewScanner(stdout)
	if lines.Scan() {
		if err := json.Unmarshal(lines.Bytes(), &st); err != nil {
			st = status{Error: fmt.Sprintf("unexpected output %q", lines.Text())}
		}
	} else {
		st.Error, st.early = errEarly.Error(), true
	}
	answer <- st
	_, _ = io.Copy(io.Discard, stdout)
	_ = c.cmd.Wait()
	close(c.done)
}

func (c *child) await(ctx context.Context, answer <-chan status) error {
	select {
	case st := <-answer:
		switch {
		case st.Ready:
			return nil
		case st.InUse != "":
			return &PortInUseError{Service: st.Service, Address: st.InUse, Flag: flagOf(st.Service), Err: errors.New(st.Error)}
		case st.early:
			return c.failed(st.Error, errEarly)
		}
		return c.failed(st.Error, nil)
	case <-ctx.Done():
		return c.failed("it did not answer in time", ctx.Err())
	}
}

func flagOf(service string) string {
	for _, p := range new(Config).ports() {
		if p.service == service {
			return p.flag
		}
	}
	return ""
}

func (c *child) failed(reason string, err error) error {
	return &ChildError{Server: c.server, Log: c.log, Reason: strings.TrimSpace(reason), Err: err}
}

// stop ends the child: it is asked to, and killed after grace. It returns when the process is gone.
func (c *child) stop(grace time.Duration) {
	_ = c.stdin.Close()
	select {
	case <-c.done:
	case <-time.After(grace):
		c.kill()
	}
}

func (c *child) kill() {
	_ = c.cmd.Process.Kill()
	<-c.done
}
