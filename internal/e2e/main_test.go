package e2e_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/batchmill/batchmill/devstack"
)

// binary is the batchmill under test.
var binary string

// shared is the stack of the tests that hurt no process; one worker works on it.
var shared *stack

var update = flag.Bool("update", false, "write the histories that the replay test of package workflows replays")

func TestMain(m *testing.M) {
	if os.Getenv(deadlyMode) != "" {
		if err := deadlyMain(context.Background()); err != nil {
			os.Exit(complain(err))
		}
		return
	}
	flag.Parse()
	if testing.Short() {
		fmt.Println("end-to-end tests are left out with -short")
		return
	}
	// Most of these tests wait for a server or for a timeout, so more of them than there are cores run side by side.
	if !given("test.parallel") {
		_ = flag.Set("test.parallel", "6")
	}
	os.Exit(run(m))
}

func given(name string) bool {
	found := false
	flag.Visit(func(f *flag.Flag) { found = found || f.Name == name })
	return found
}

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "batchmill-e2e-")
	if err != nil {
		return complain(err)
	}
	defer os.RemoveAll(dir)
	if binary = os.Getenv("BATCHMILL_BIN"); binary == "" {
		binary = filepath.Join(dir, "batchmill")
		build := exec.Command("go", "build", "-o", binary, "github.com/batchmill/batchmill/cmd/batchmill")
		build.Stderr = os.Stderr
		if err := build.Run(); err != nil {
			return complain(fmt.Errorf("build: %w", err))
		}
	}
	if shared, err = startStack(filepath.Join(dir, "shared"), devstack.FreePort, devstack.FreePort, devstack.FreePort); err != nil {
		return complain(err)
	}
	defer shared.stop()
	worker, err := shared.startWorker()
	if err != nil {
		return complain(err)
	}
	defer worker.stop()
	code := m.Run()
	if code != 0 {
		shared.showLogs(os.Stderr)
	}
	return code
}

func complain(err error) int {
	fmt.Fprintln(os.Stderr, "e2e:", err)
	return 1
}
