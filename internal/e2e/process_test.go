package e2e_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// patience bounds every wait. It is far above what anything takes, so that a busy machine fails no test.
const patience = 3 * time.Minute

// await polls until f says so. No test waits for anything but a condition.
func await(t *testing.T, what string, f func() bool) {
	t.Helper()
	awaitFor(t, patience, what, f)
}

// awaitFor is await for what may take longer.
func awaitFor(t *testing.T, limit time.Duration, what string, f func() bool) {
	t.Helper()
	if err := poll(limit, f, nil); err != nil {
		t.Fatalf("%s: %v", what, err)
	}
}

var errLate = errors.New("it did not happen in time")

// poll returns nil once f is true, and errLate after limit or an error once ended is closed.
func poll(limit time.Duration, f func() bool, ended <-chan struct{}) error {
	deadline := time.Now().Add(limit)
	for !f() {
		select {
		case <-ended:
			return errors.New("the process ended")
		case <-time.After(10 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			return errLate
		}
	}
	return nil
}

// process is a started batchmill. Its output goes to a log file.
type process struct {
	cmd   *exec.Cmd
	log   string
	ended chan struct{}
	code  int // exit code, once ended is closed; -1 if killed
}

// start runs the binary with environment env besides our own, and returns once the ready file is there.
func start(env []string, log, readyFile string, args ...string) (*process, error) {
	_ = os.Remove(readyFile)
	return startUntil(env, log, func() bool { _, err := os.Stat(readyFile); return err == nil }, args...)
}

// startUntil returns once the process is ready.
func startUntil(env []string, log string, ready func() bool, args ...string) (*process, error) {
	return startProgram(binary, env, log, ready, args...)
}

// startProgram is startUntil for another program than ours.
func startProgram(program string, env []string, log string, ready func() bool, args ...string) (*process, error) {
	file, err := os.OpenFile(log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	p := &process{cmd: exec.Command(program, args...), log: log, ended: make(chan struct{})}
	p.cmd.Env = append(cleanEnv(), env...)
	p.cmd.Stdout, p.cmd.Stderr = file, file
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		_ = p.cmd.Wait()
		p.code = p.cmd.ProcessState.ExitCode()
		close(p.ended)
	}()
	if err := poll(patience, ready, p.ended); err != nil {
		p.kill()
		text, _ := os.ReadFile(log)
		return nil, fmt.Errorf("%s %v: %w\n%s", program, args, err, text)
	}
	return p, nil
}

// cleanEnv is our environment without what would point a process elsewhere.
func cleanEnv() []string {
	var env []string
	for _, e := range os.Environ() {
		if !strings.HasPrefix(e, "AWS_") && !strings.HasPrefix(e, "TEMPORAL_") && !strings.HasPrefix(e, "BATCHMILL_") {
			env = append(env, e)
		}
	}
	return env
}

// kill is SIGKILL; it returns when the process is gone.
func (p *process) kill() {
	_ = p.cmd.Process.Kill()
	<-p.ended
}

// stop is what Ctrl-C does.
func (p *process) stop() {
	_ = p.cmd.Process.Signal(syscall.SIGINT)
	select {
	case <-p.ended:
	case <-time.After(patience):
		p.kill()
	}
}

// child finds the process that p started with the argument; tests that need it run on Linux only.
func (p *process) child(t *testing.T, argument string) *os.Process {
	t.Helper()
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	if len(stats) == 0 {
		t.Skip("child processes are found by /proc, which is not here")
	}
	for _, stat := range stats {
		text, err := os.ReadFile(stat)
		if err != nil {
			continue
		}
		_, rest, _ := bytes.Cut(text, []byte(") "))
		fields := strings.Fields(string(rest))
		if len(fields) < 2 || fields[1] != strconv.Itoa(p.cmd.Process.Pid) {
			continue
		}
		args, err := os.ReadFile(filepath.Join(filepath.Dir(stat), "cmdline"))
		if err != nil || !strings.HasSuffix(string(args), "\x00"+argument+"\x00") {
			continue
		}
		pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(stat)))
		found, err := os.FindProcess(pid)
		if err != nil {
			t.Fatal(err)
		}
		return found
	}
	t.Fatalf("no child %s", argument)
	return nil
}

// result is what one run of the command line left.
type result struct {
	stdout, stderr string
	code           int
}

// cli runs the binary to its end.
func (s *stack) cli(t *testing.T, args ...string) result {
	t.Helper()
	return cliWith(t, s.environ(), "", args...)
}

func cliWith(t *testing.T, env []string, stdin string, args ...string) result {
	t.Helper()
	var out, errOut bytes.Buffer
	c := exec.Command(binary, args...)
	c.Env = append(cleanEnv(), env...)
	c.Dir = t.TempDir()
	c.Stdin, c.Stdout, c.Stderr = strings.NewReader(stdin), &out, &errOut
	if err := c.Run(); err != nil {
		if exit := new(exec.ExitError); !errors.As(err, &exit) {
			t.Fatal(err)
		}
	}
	return result{out.String(), errOut.String(), c.ProcessState.ExitCode()}
}

// ok fails the test if the command did, and returns what it printed.
func (r result) ok(t *testing.T) string {
	t.Helper()
	if r.code != 0 {
		t.Fatalf("exit code %d: %s%s", r.code, r.stdout, r.stderr)
	}
	return r.stdout
}
