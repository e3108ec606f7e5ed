package main

import (
	"os"

	"github.com/spf13/cobra"

	"github.com/batchmill/batchmill/worker"
)

// trialVerb is how a worker starts this binary for a piece of work that workers have died of.
const trialVerb = "_trial"

// trialCommand is hidden: a worker alone starts it.
func (a *app) trialCommand() *cobra.Command {
	var memory memoryFlag
	c := &cobra.Command{
		Use: trialVerb, Hidden: true, Args: cobra.NoArgs,
		Short: "Do a piece of work that workers have died of (started by workers)",
		Long: "Reads a piece of a shard from standard input, does it, and writes what came of it to standard output. A worker starts this\n" +
			"for records that may have ended other workers: if this process ends, the worker lives on.",
		Example: "  batchmill worker   # starts batchmill " + trialVerb + " where it has to",
		RunE: func(c *cobra.Command, _ []string) error {
			store, _, err := openStore()
			if err != nil {
				return err
			}
			bound, err := memory.bound()
			if err != nil {
				return err
			}
			return worker.Trial(c.Context(), worker.Options{Store: store, Memory: bound}, a.in, a.out)
		},
	}
	memory.register(c)
	return c
}

// trials is the command by which this process's worker makes trials, with the worker's memory bound; none where its own file is not known.
func trials(memory int64) []string {
	binary, err := os.Executable()
	if err != nil {
		return nil
	}
	command := []string{binary, trialVerb}
	if memory > 0 {
		command = append(command, "--memory", memoryFlag(memory).text())
	}
	return command
}
