package main

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/batchmill/batchmill/worker"
)

// memoryVariable says a worker's memory bound where the flag does not.
const memoryVariable = "BATCHMILL_WORKER_MEMORY"

// memoryFlag is a memory bound in bytes; 0 is none said.
type memoryFlag int64

func (m *memoryFlag) register(c *cobra.Command) {
	c.Flags().Var(m, "memory", fmt.Sprintf("memory the worker's process may take, such as 2GiB ($%s; default %s)", memoryVariable, memoryFlag(worker.DefaultMemory).text()))
}

func (m *memoryFlag) Set(text string) error {
	n, err := worker.ParseMemory(text)
	*m = memoryFlag(n)
	return err
}

func (*memoryFlag) Type() string { return "size" }

func (m *memoryFlag) String() string {
	if *m == 0 {
		return ""
	}
	return m.text()
}

func (m memoryFlag) text() string { return fmt.Sprintf("%dMiB", int64(m)>>20) }

// bound is what the flag says, or else the environment; 0 if neither does.
func (m memoryFlag) bound() (int64, error) {
	text := os.Getenv(memoryVariable)
	if m != 0 || text == "" {
		return int64(m), nil
	}
	n, err := worker.ParseMemory(text)
	if err != nil {
		return 0, usagef("%s: %w", memoryVariable, err)
	}
	return n, nil
}
