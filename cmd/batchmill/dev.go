package main

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/batchmill/batchmill/devstack"
)

// devStopTimeout is how long running work may wind up when the stack goes down; killed work is done again later anyway.
const devStopTimeout = 3 * time.Second

func (a *app) devCommand() *cobra.Command {
	cfg := devstack.Config{Dir: defaultDir()}
	f := &workerFlags{stopTimeout: devStopTimeout}
	alone := false
	c := &cobra.Command{
		Use:   "dev",
		Short: "Run Temporal, its Web UI, an S3 server and a worker on this machine",
		Long: `Runs everything that jobs need, from this one binary: a Temporal server (SQLite file) with its Web UI, an
S3 server on a local folder, and a worker. All of it lives in one data folder and is there again after
a restart. Ctrl-C stops it. Everything listens on the loopback interface unless --host says otherwise.

Port 0 means the default, -1 any free port.`,
		Example: `  batchmill dev
  batchmill dev --dir /data/batchmill --s3-port 9100
  batchmill dev --temporal-port -1 --ui-port -1 --s3-port -1 --ready-file /tmp/ready.json`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			ctx, stop := signal.NotifyContext(c.Context(), os.Interrupt, syscall.SIGTERM)
			defer stop()
			// A second Ctrl-C ends the process at once; the servers go with it.
			context.AfterFunc(ctx, stop)
			return a.dev(ctx, cfg, *f, alone)
		},
	}
	stackFlags(c, &cfg)
	f.register(c)
	c.Flags().BoolVar(&alone, "no-worker", false, "run only the servers")
	return c
}

func stackFlags(c *cobra.Command, cfg *devstack.Config) {
	c.Flags().StringVar(&cfg.Dir, "dir", cfg.Dir, "data folder ($BATCHMILL_HOME)")
	c.Flags().StringVar(&cfg.Host, "host", "127.0.0.1", "IP address to listen on")
	c.Flags().IntVar(&cfg.TemporalPort, "temporal-port", cfg.TemporalPort, "port of Temporal (default 7233)")
	c.Flags().IntVar(&cfg.UIPort, "ui-port", cfg.UIPort, "port of the Temporal Web UI (default 8233)")
	c.Flags().IntVar(&cfg.S3Port, "s3-port", cfg.S3Port, "port of the S3 server (default 9000)")
}

// dev runs the stack and a worker until ctx ends.
func (a *app) dev(ctx context.Context, cfg devstack.Config, f workerFlags, alone bool) error {
	ready := func(s *devstack.Stack) error {
		a.printStack(s, alone)
		return writeReady(f.readyFile, s.Info())
	}
	if _, err := f.memory.bound(); err != nil {
		return err
	}
	if f.readyFile != "" {
		if err := os.Remove(f.readyFile); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	printf(a.errOut, "starting in %s ...\n", cfg.Dir)
	stack, err := devstack.Start(ctx, cfg)
	if err != nil {
		return err
	}
	defer stack.Stop()
	if err := setEnv(stack.Env()); err != nil {
		return err
	}
	if alone {
		if err := ready(stack); err != nil {
			return err
		}
		return a.awaitStack(ctx, stack, nil)
	}
	return a.withWorker(ctx, stack, f, func(ctx context.Context, worked <-chan error) error {
		if err := ready(stack); err != nil {
			return err
		}
		return a.awaitStack(ctx, stack, worked)
	})
}

// withWorker runs a worker of this process beside the stack, calls f once it polls, and ends it when f returns. worked
// yields the worker's error if it ends before.
func (a *app) withWorker(ctx context.Context, stack *devstack.Stack, f workerFlags, during func(ctx context.Context, worked <-chan error) error) error {
	log, err := os.OpenFile(filepath.Join(stack.Info().Dir, "logs", "worker.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	c, err := dial(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	ctx, cancel := context.WithCancel(ctx)
	worked, polling := make(chan error, 1), make(chan struct{})
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		worked <- runWorker(ctx, c, f, log, func() error { close(polling); return nil })
	}()
	defer func() {
		cancel()
		<-ended
	}()
	select {
	case <-polling:
		return during(ctx, worked)
	case err := <-worked:
		return err
	case <-stack.Done():
		return stack.Err()
	}
}

// awaitStack returns when the user ends the stack, or when a part of it fails.
func (a *app) awaitStack(ctx context.Context, stack *devstack.Stack, worked <-chan error) error {
	select {
	case <-ctx.Done():
		printf(a.errOut, "stopping ...\n")
		return nil
	case <-stack.Done():
		return stack.Err()
	case err := <-worked:
		if ctx.Err() != nil {
			printf(a.errOut, "stopping ...\n")
			return nil
		}
		return err
	}
}

func (a *app) printStack(s *devstack.Stack, alone bool) {
	info := s.Info()
	work := "in this process"
	if alone {
		work = `none; start one with "batchmill worker"`
	}
	printPairs(a.out,
		[2]string{"Temporal", info.TemporalAddress},
		[2]string{"Web UI", info.UIURL},
		[2]string{"S3", info.S3URL},
		[2]string{"Worker", work},
		[2]string{"Data", info.Dir},
		[2]string{"Logs", filepath.Join(info.Dir, "logs")},
	)
	printf(a.out, "\nIn another terminal:  eval \"$(batchmill env --dir %s)\"\nCtrl-C stops everything; the data stays.\n", info.Dir)
}
