package devstack

import (
	"errors"
	"fmt"
	"syscall"
)

// ErrSlim: this binary was built with the tag "slim" and holds no servers.
var ErrSlim = errors.New("devstack: this binary was built without the embedded servers (build tag slim); " +
	"use the full binary, or set TEMPORAL_ADDRESS and AWS_ENDPOINT_URL_S3 to servers of your own")

// ErrNotRunning: no stack runs on the folder.
var ErrNotRunning = errors.New("devstack: no stack is running")

// PortInUseError: somebody else listens on a port that the stack needs.
type PortInUseError struct {
	Service string // who wants it: "Temporal", "Temporal Web UI", "S3"
	Address string // host:port
	Flag    string // the command-line flag that chooses another, e.g. "--s3-port"; empty if there is none
	Err     error
}

func (e *PortInUseError) Error() string {
	s := fmt.Sprintf("devstack: %s cannot listen on %s: the port is in use", e.Service, e.Address)
	if e.Flag != "" {
		s += "; choose another with " + e.Flag
	}
	return s
}

func (e *PortInUseError) Unwrap() error { return e.Err }

// LockedError: another process runs a stack on the folder.
type LockedError struct {
	Dir string
	PID int // 0 if not known
}

func (e *LockedError) Error() string {
	who := "another process"
	if e.PID > 0 {
		who = fmt.Sprintf("process %d", e.PID)
	}
	return fmt.Sprintf("devstack: folder %s is in use by %s; stop it or choose another folder with --dir", e.Dir, who)
}

// ChildError: a server ended that should not have.
type ChildError struct {
	Server string // "temporal" or "s3"
	Log    string // path of its log file
	Reason string
	Err    error
}

func (e *ChildError) Error() string {
	return fmt.Sprintf("devstack: the %s server failed: %s (log: %s)", e.Server, e.Reason, e.Log)
}

func (e *ChildError) Unwrap() error { return e.Err }

// listenError turns a failed net.Listen into a *PortInUseError where that is the reason.
func listenError(err error, host string, port int, service, flag string) error {
	if errors.Is(err, syscall.EADDRINUSE) {
		return &PortInUseError{service, hostPort(host, port), flag, err}
	}
	return fmt.Errorf("devstack: %s cannot listen on %s: %w", service, hostPort(host, port), err)
}
