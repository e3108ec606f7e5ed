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

	"github.com/batchmill/batchmill/client"
	"github.com/batchmill/batchmill/devstack"
	"github.com/batchmill/batchmill/examples"
	"github.com/batchmill/batchmill/jobs"
)

func (a *app) quickstartCommand() *cobra.Command {
	cfg := devstack.Config{Dir: defaultDir()}
	temp, keep := false, false
	c := &cobra.Command{
		Use:   "quickstart",
		Short: "Watch a real job from raw data to predictions",
		Long: `Starts the embedded stack and a worker, uploads the California housing table that this binary carries,
splits it 80/10/10, trains gradient-boosted trees with early stopping, registers the model, scores the
test side in several shards, and compares the predictions with the truth.

Ports are the usual ones where they are free, otherwise any.`,
		Example: "  batchmill quickstart\n  batchmill quickstart --temp\n  batchmill quickstart --keep    # then look around in the Web UI",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			ctx, stop := signal.NotifyContext(c.Context(), os.Interrupt, syscall.SIGTERM)
			defer stop()
			if temp {
				dir, err := os.MkdirTemp("", "batchmill-")
				if err != nil {
					return err
				}
				defer os.RemoveAll(dir)
				cfg.Dir = dir
			}
			return a.quickstart(ctx, cfg, keep)
		},
	}
	stackFlags(c, &cfg)
	c.Flags().BoolVar(&temp, "temp", false, "use a temporary folder and remove it at the end")
	c.Flags().BoolVar(&keep, "keep", false, "leave the stack and the worker running until Ctrl-C")
	return c
}

func (a *app) quickstart(ctx context.Context, cfg devstack.Config, keep bool) error {
	begun := time.Now()
	stack, err := startAnywhere(ctx, cfg)
	if err != nil {
		return err
	}
	defer stack.Stop()
	if err := setEnv(stack.Env()); err != nil {
		return err
	}
	f := workerFlags{stopTimeout: devStopTimeout}
	return a.withWorker(ctx, stack, f, func(ctx context.Context, worked <-chan error) error {
		ctx, cancel := context.WithCancelCause(ctx)
		defer cancel(nil)
		go func() {
			select {
			case <-stack.Done():
				cancel(stack.Err())
			case <-ctx.Done():
			}
		}()
		c, err := dial(ctx)
		if err != nil {
			return err
		}
		defer c.Close()
		t := &tour{app: a, client: c, run: newRun(time.Now()), begun: begun}
		t.step("stack", "Temporal, its Web UI, S3 and a worker, in %s", cfg.Dir)
		if err := t.all(ctx); err != nil {
			if cause := context.Cause(ctx); cause != nil && !errors.Is(cause, context.Canceled) {
				return cause
			}
			return err
		}
		t.printPlaces(stack, keep)
		if !keep {
			return nil
		}
		return a.awaitStack(ctx, stack, worked)
	})
}

// startAnywhere starts a stack on the usual ports, or on free ones where those are taken and nobody asked for them.
func startAnywhere(ctx context.Context, cfg devstack.Config) (*devstack.Stack, error) {
	stack, err := devstack.Start(ctx, cfg)
	var inUse *devstack.PortInUseError
	if !errors.As(err, &inUse) {
		return stack, err
	}
	for _, port := range []*int{&cfg.TemporalPort, &cfg.UIPort, &cfg.S3Port} {
		if *port == 0 {
			*port = devstack.FreePort
		}
	}
	return devstack.Start(ctx, cfg)
}

// tour runs the quickstart's jobs one after the other and says how each went.
type tour struct {
	app    *app
	client *client.Client
	run    run
	begun  time.Time
	last   time.Time

	artifact string
}

// step prints what has just been done, and how long it took.
func (t *tour) step(name, format string, args ...any) {
	if t.last.IsZero() {
		t.last = t.begun
	}
	now := time.Now()
	printf(t.app.out, "%-10s %6s  ", name, took(now.Sub(t.last)))
	printf(t.app.out, format+"\n", args...)
	t.last = now
}

func (t *tour) all(ctx context.Context) error {
	for _, f := range []func(context.Context) error{t.upload, t.split, t.train, t.register, t.transform, t.report} {
		if err := f(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (t *tour) upload(ctx context.Context) error {
	n, err := uploadParts(ctx, t.client.Store(), t.run, examples.Housing)
	if err == nil {
		t.step("upload", "%d objects, %s, to %s", n, size(int64(len(examples.Housing))), t.run.uri("raw"))
	}
	return err
}

// job runs one job to its end.
func (t *tour) job(ctx context.Context, kind jobs.Kind, doc []byte) (overview, error) {
	job, err := t.client.Start(ctx, kind, doc)
	if err != nil {
		return overview{}, err
	}
	var bar *jobMeter
	if isTerminal(t.app.errOut) {
		bar = newJobMeter(t.app.errOut, job)
		defer bar.stop()
	}
	d, err := job.Wait(ctx, func(p jobs.Progress) {
		if bar != nil {
			bar.update(p)
		}
	})
	if err != nil {
		return overview{}, err
	}
	v, err := overviewOf(kind, d)
	v.addManifest(ctx, t.client.Store())
	return v, err
}

func (t *tour) split(ctx context.Context) error {
	doc, err := t.run.split()
	if err != nil {
		return err
	}
	v, err := t.job(ctx, jobs.SplitKind, doc)
	if err != nil {
		return err
	}
	line := ""
	for i, s := range v.sides {
		if i > 0 {
			line += ", "
		}
		line += s.ChannelName + " " + count(s.Rows)
	}
	t.step("split", "%s rows", line)
	return nil
}

func (t *tour) train(ctx context.Context) error {
	doc, err := t.run.train()
	if err != nil {
		return err
	}
	v, err := t.job(ctx, jobs.TrainingKind, doc)
	if err != nil {
		return err
	}
	line := "gradient-boosted trees"
	for _, m := range v.metrics {
		line += ", " + m.MetricName + " " + number(m.Value)
	}
	t.artifact = v.artifact
	t.step("train", "%s", line)
	return nil
}

func (t *tour) register(ctx context.Context) error {
	doc, err := t.run.model(t.artifact)
	if err != nil {
		return err
	}
	m, err := t.client.CreateModel(ctx, doc)
	if err == nil {
		t.step("model", "%s registered from %s", m.ModelName, t.artifact)
	}
	return err
}

func (t *tour) transform(ctx context.Context) error {
	doc, err := t.run.transform()
	if err != nil {
		return err
	}
	v, err := t.job(ctx, jobs.TransformKind, doc)
	if err == nil {
		t.step("transform", "%s rows in %d shards", count(v.progress.Rows), quickstartShards)
	}
	return err
}

func (t *tour) report(ctx context.Context) error {
	s, err := readScores(ctx, t.client.Store(), t.run)
	if err != nil {
		return err
	}
	t.step("check", "predictions of %s test rows read back", count(int64(len(s.truth))))
	s.print(t.app.out)
	return nil
}

func (t *tour) printPlaces(stack *devstack.Stack, keep bool) {
	w := t.app.out
	data, web := stack.Info().Dir, stack.Info().UIURL
	printPairs(w,
		[2]string{"Predictions", t.run.uri("predictions")},
		[2]string{"on disk", filepath.Join(data, "s3", t.run.folder("predictions"))},
		[2]string{"Model", t.artifact},
		[2]string{"Web UI", web},
		[2]string{"Total time", took(time.Since(t.begun))},
	)
	if keep {
		printf(w, "\nEverything is still running. In another terminal: eval \"$(batchmill env --dir %s)\"\nCtrl-C stops it.\n", data)
		return
	}
	printf(w, "\nThe stack stops now. \"batchmill dev --dir %s\" brings it back with all of this.\n", data)
}
