package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	enumspb "go.temporal.io/api/enums/v1"

	"github.com/batchmill/batchmill/activities/protocol"
	"github.com/batchmill/batchmill/client"
	"github.com/batchmill/batchmill/worker"
)

// workerFlags are those of a worker, alone or within dev.
type workerFlags struct {
	concurrency, threads int
	memory               memoryFlag
	stopTimeout          time.Duration
	readyFile            string
	cpuProfile           string
	logLevel             slog.Level
}

func (f *workerFlags) register(c *cobra.Command) {
	c.Flags().IntVar(&f.concurrency, "concurrency", 0, "shards or trainings at once; 0 means one per core")
	c.Flags().IntVar(&f.threads, "threads", 0, "cores one training may use; 0 means all")
	f.memory.register(c)
	c.Flags().StringVar(&f.readyFile, "ready-file", "", "file to write once everything answers and the worker polls")
	c.Flags().TextVar(&f.logLevel, "log-level", slog.LevelInfo, "DEBUG, INFO, WARN or ERROR")
}

func (a *app) workerCommand() *cobra.Command {
	f := &workerFlags{}
	c := &cobra.Command{
		Use:   "worker",
		Short: "Run jobs against any Temporal and any S3 store",
		Long: `Runs a worker: it takes jobs from Temporal and reads and writes the store. Start as many as you like on
as many machines as you like. Ctrl-C or SIGTERM lets running shards wind up first; a worker that is
killed loses at most what it did since its last heartbeat, which another worker then does again.

Connections come from the environment: TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE, TEMPORAL_TLS_*,
TEMPORAL_API_KEY; AWS_ENDPOINT_URL_S3, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION;
BATCHMILL_STATE_URI (default s3://batchmill/) for registered models and finished jobs.

Shards share the memory that --memory says: as many are in work at once as fit into it. A training takes
what its table takes.`,
		Example: "  eval \"$(batchmill env)\" && batchmill worker\n\n  TEMPORAL_ADDRESS=temporal:7233 AWS_ENDPOINT_URL_S3=http://s3:9000 batchmill worker --concurrency 8",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			ctx, stop := signal.NotifyContext(c.Context(), os.Interrupt, syscall.SIGTERM)
			defer stop()
			return a.work(ctx, *f)
		},
	}
	f.register(c)
	c.Flags().StringVar(&f.cpuProfile, "cpu-profile", "", "file for a profile of the worker's processor time, whole when the worker has ended (go tool pprof)")
	c.Flags().DurationVar(&f.stopTimeout, "stop-timeout", 10*time.Second, "time for running shards to wind up at shutdown")
	return c
}

func (a *app) work(ctx context.Context, f workerFlags) error {
	if _, err := f.memory.bound(); err != nil {
		return err
	}
	c, err := dial(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	return profiled(f.cpuProfile, func() error {
		return runWorker(ctx, c, f, a.errOut, func() error {
			printf(a.errOut, "worker ready, process %d\n", os.Getpid())
			return writeReady(f.readyFile, map[string]any{"PID": os.Getpid()})
		})
	})
}

// spareProcessors lets what waits for Temporal and the store go on at once while trainings keep all cores busy. Go's scheduler
// makes it wait for up to 10 ms behind them each time, the kernel's lets it pass. So there are more threads that run Go than
// cores, unless the user says how many.
func (f *workerFlags) spareProcessors() {
	cores := runtime.GOMAXPROCS(0)
	f.concurrency, f.threads = cmp.Or(f.concurrency, cores), cmp.Or(f.threads, cores)
	if os.Getenv("GOMAXPROCS") == "" {
		runtime.GOMAXPROCS(2*cores + 2)
	}
}

// runWorker works until ctx ends. ready is called once the worker polls; its error ends the worker.
func runWorker(ctx context.Context, c *client.Client, f workerFlags, log io.Writer, ready func() error) error {
	f.spareProcessors()
	memory, err := f.memory.bound()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	polling := make(chan struct{})
	go func() {
		select {
		case <-polling:
		case <-ctx.Done():
			return
		}
		if err := awaitPollers(ctx, c); err != nil {
			cancel(err)
		} else if err := ready(); err != nil {
			cancel(err)
		}
	}()
	err = worker.Run(ctx, worker.Options{
		Client: c.Temporal(), Namespace: c.Namespace(), Store: c.Store(), State: c.State(), Region: c.Region(), Account: c.Account(),
		Concurrency: f.concurrency, Threads: f.threads, Memory: memory, StopTimeout: f.stopTimeout, Trials: trials(memory),
		Log:   slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: f.logLevel})),
		Ready: func() { close(polling) },
	})
	if cause := context.Cause(ctx); err == nil && cause != nil && !errors.Is(cause, context.Canceled) {
		return cause
	}
	return err
}

// awaitPollers returns when Temporal sees the worker on both of its task queues.
func awaitPollers(ctx context.Context, c *client.Client) error {
	queues := []struct {
		name string
		kind enumspb.TaskQueueType
	}{
		{protocol.Queue, enumspb.TASK_QUEUE_TYPE_WORKFLOW},
		{protocol.ComputeQueue, enumspb.TASK_QUEUE_TYPE_ACTIVITY},
	}
	for _, q := range queues {
		for {
			d, err := c.Temporal().DescribeTaskQueue(ctx, q.name, q.kind)
			if err == nil && len(d.GetPollers()) > 0 {
				break
			}
			if ctx.Err() != nil {
				return ctx.Err()
			}
			time.Sleep(20 * time.Millisecond)
		}
	}
	return nil
}

// writeReady writes v as JSON to path in one step; an empty path is nothing to do.
func writeReady(path string, v any) error {
	if path == "" {
		return nil
	}
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	tmp := filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+".tmp")
	if err := os.WriteFile(tmp, append(b, '\n'), 0o600); err != nil {
		return fmt.Errorf("ready file: %w", err)
	}
	return os.Rename(tmp, path)
}
