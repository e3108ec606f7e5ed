package devstack

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// ChildMain runs a server of the stack if args (os.Args) name one of the hidden verbs, and says whether they did. It does
// not return while the server runs, and ends the process with status 1 if the server fails. Programs and tests that use
// [Start] call it first thing in main or TestMain.
func ChildMain(args []string) (handled bool) {
	if len(args) < 2 {
		return false
	}
	var run func(ctx context.Context, in *bufio.Reader, ready func()) error
	switch args[1] {
	case temporalVerb:
		run = childRun(runTemporal)
	case s3Verb:
		run = childRun(runS3)
	default:
		return false
	}
	if err := serveChild(run); err != nil {
		os.Exit(1)
	}
	return true
}

// childRun reads the child's settings from its standard input before running it.
func childRun[T any](run func(context.Context, T, func()) error) func(context.Context, *bufio.Reader, func()) error {
	return func(ctx context.Context, in *bufio.Reader, ready func()) error {
		line, err := in.ReadBytes('\n')
		if err != nil {
			return fmt.Errorf("this verb is internal: no settings on standard input")
		}
		var settings T
		if err := json.Unmarshal(line, &settings); err != nil {
			return fmt.Errorf("settings: %w", err)
		}
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		go func() {
			_, _ = io.Copy(io.Discard, in) // ends when the parent closes the pipe or is gone
			cancel()
			// The database and the objects survive a kill; a shutdown that hangs on an idle connection is not worth waiting for.
			time.Sleep(shutdownGrace)
			os.Exit(0)
		}()
		return run(ctx, settings, ready)
	}
}

// shutdownGrace is how long a server may take to close down before its process just ends.
const shutdownGrace = 1500 * time.Millisecond

func serveChild(run func(context.Context, *bufio.Reader, func()) error) error {
	// Ctrl-C in a terminal reaches the whole process group. The parent decides when its servers go.
	signal.Ignore(os.Interrupt, syscall.SIGHUP)
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	// Libraries that print to standard output must not disturb the status line.
	out := json.NewEncoder(os.Stdout)
	os.Stdout = os.Stderr
	answered := false
	err := run(ctx, bufio.NewReader(os.Stdin), func() {
		answered = true
		_ = out.Encode(status{Ready: true})
	})
	if err == nil || ctx.Err() != nil {
		return nil
	}
	fmt.Fprintln(os.Stderr, err)
	if !answered {
		st := status{Error: err.Error()}
		var inUse *PortInUseError
		if errors.As(err, &inUse) {
			st.InUse, st.Service = inUse.Address, inUse.Service
		}
		_ = out.Encode(st)
	}
	return err
}
