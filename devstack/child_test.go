//go:build !slim

package devstack

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// flakyVerb makes the test binary a server that ends before it answers, some times; deafVerb one that ends before it reads its settings.
const (
	flakyVerb = "_flaky"
	deafVerb  = "_deaf"
)

// flaky are its settings.
type flaky struct {
	Starts string // a file that gets a byte with each start
	Early  int    // how many starts end without a word
	Says   status
}

// FlakyMain is either, if args name it.
func FlakyMain(args []string) bool {
	switch {
	case len(args) == 2 && args[1] == deafVerb:
		return true
	case len(args) != 2 || args[1] != flakyVerb:
		return false
	}
	in := bufio.NewReader(os.Stdin)
	var f flaky
	line, err := in.ReadBytes('\n')
	if err == nil {
		err = json.Unmarshal(line, &f)
	}
	if err != nil {
		panic(err)
	}
	file, err := os.OpenFile(f.Starts, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		panic(err)
	}
	_, _ = file.WriteString(".")
	_ = file.Close()
	if starts, _ := os.ReadFile(f.Starts); len(starts) <= f.Early {
		os.Exit(1)
	}
	_ = json.NewEncoder(os.Stdout).Encode(f.Says)
	_, _ = io.Copy(io.Discard, in)
	return true
}

// TestStartPatiently: a server that ends before it answers is started again, a few times; one that says what is wrong is not.
func TestStartPatiently(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		flaky
		starts int
		err    error
	}{
		"at once":          {flaky{Says: status{Ready: true}}, 1, nil},
		"the second time":  {flaky{Early: 1, Says: status{Ready: true}}, 2, nil},
		"the last time":    {flaky{Early: maxStarts - 1, Says: status{Ready: true}}, maxStarts, nil},
		"never":            {flaky{Early: 100}, maxStarts, errEarly},
		"a reason":         {flaky{Says: status{Error: "no schema"}}, 1, new(ChildError)},
		"then a reason":    {flaky{Early: 1, Says: status{Error: "no schema"}}, 2, new(ChildError)},
		"a port is in use": {flaky{Says: status{Error: "taken", InUse: "127.0.0.1:1", Service: "Temporal"}}, 1, new(PortInUseError)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			c.Starts = filepath.Join(dir, "starts")
			server, err := startPatiently(t.Context(), "temporal", flakyVerb, dir, c.flaky)
			starts, readErr := os.ReadFile(c.Starts)
			require.NoError(t, readErr)
			require.Len(t, starts, c.starts)
			if c.err == nil {
				require.NoError(t, err)
				server.stop(10 * time.Second)
				return
			}
			require.Nil(t, server)
			switch want := c.err.(type) {
			case *ChildError:
				require.ErrorAs(t, err, &want)
				require.Equal(t, "no schema", want.Reason)
			case *PortInUseError:
				require.ErrorAs(t, err, &want)
				require.Equal(t, "--temporal-port", want.Flag)
			default:
				require.ErrorIs(t, err, c.err)
			}
		})
	}
}

// TestStartPatientlyUntilLate: when the time for the start is over, it is not started again.
func TestStartPatientlyUntilLate(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("late"))
	dir := t.TempDir()
	_, err := startPatiently(ctx, "temporal", flakyVerb, dir, flaky{Starts: filepath.Join(dir, "starts"), Early: 100})
	require.Error(t, err)
	starts, err := os.ReadFile(filepath.Join(dir, "starts"))
	if err == nil { // else it was killed before it could leave a trace
		require.Len(t, starts, 1)
	}
}

// TestStartOfOneThatDoesNotListen: a process that is gone before it reads its settings has ended early, too.
func TestStartOfOneThatDoesNotListen(t *testing.T) {
	t.Parallel()
	big := make([]byte, 1<<20) // more than a pipe holds
	_, err := startChild(t.Context(), "temporal", deafVerb, t.TempDir(), big)
	require.ErrorIs(t, err, errEarly)
}
