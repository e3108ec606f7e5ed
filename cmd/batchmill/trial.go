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
	return &cobra.Command{
		Use: trialVerb, Hidden: true, Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			store, _, err := openStore()
			if err != nil {
				return err
			}
			return worker.Trial(c.Context(), worker.Options{Store: store}, a.in, a.out)
		},
	}
}

// trials is the command by which this process's worker makes trials; none where its own file is not known.
func trials() []string {
	binary, err := os.Executable()
	if err != nil {
		return nil
	}
	return []string{binary, trialVerb}
}
