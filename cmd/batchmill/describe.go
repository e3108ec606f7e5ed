package main

import (
	"bytes"
	"context"
	"io"
	"maps"
	"os"
	"os/signal"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/batchmill/batchmill/client"
	"github.com/batchmill/batchmill/jobs"
)

func sortedMetrics(m map[string]float64) []string { return slices.Sorted(maps.Keys(m)) }

func (a *app) describeCommand() *cobra.Command {
	var o outputFlag
	c := &cobra.Command{
		Use:     "describe KIND NAME",
		Short:   "Show where a job stands",
		Long:    "Shows a job of KIND split, train, transform or tune, or a registered model (KIND model). With -o json, the whole description in SageMaker's Describe shape.",
		Example: "  batchmill describe train churn-1\n  batchmill describe tune churn-tune -o json\n  batchmill describe model churn",
		Args:    cobra.ExactArgs(2),
		RunE: func(c *cobra.Command, args []string) error {
			if isModel(args[0]) {
				return a.describeModel(c.Context(), args[1], o)
			}
			return a.withJob(c.Context(), args, func(ctx context.Context, c *client.Client, job *client.Job) error {
				d, err := job.Describe(ctx)
				if err != nil {
					return err
				}
				if !o.json {
					if p, err := job.Progress(ctx); err == nil {
						d = withProgress(d, p)
					}
				}
				return a.printDescription(ctx, c, job.Kind, d, o)
			})
		},
	}
	c.Flags().VarP(&o, "output", "o", "form of the result")
	return c
}

// withJob connects and calls f with the job that KIND NAME names.
func (a *app) withJob(ctx context.Context, args []string, f func(context.Context, *client.Client, *client.Job) error) error {
	kind, err := parseKind(args[0])
	if err != nil {
		return err
	}
	c, err := dial(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	return f(ctx, c, c.Job(kind, args[1]))
}

func (a *app) listCommand() *cobra.Command {
	var o outputFlag
	var opt client.ListOptions
	var of trialsFlags
	c := &cobra.Command{
		Use:     "list KIND",
		Short:   "List jobs or models, newest first",
		Long:    "Lists jobs of KIND split, train, transform or tune, or the registered models (KIND model), newest first. With --tuning, the training jobs of a tuning job, the best first.",
		Example: "  batchmill list train\n  batchmill list train --tuning churn-tune --sort CreationTime\n  batchmill list transform --status Failed --max 20\n  batchmill list model -o json",
		Args:    cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			if isModel(args[0]) {
				return a.listModels(c.Context(), opt.NameContains, o)
			}
			if of.tuning != "" {
				return a.listTrials(c.Context(), args[0], of, opt, o)
			}
			return a.listJobs(c.Context(), args[0], opt, o)
		},
	}
	c.Flags().StringVar(&opt.NameContains, "name-contains", "", "only names that contain this")
	c.Flags().StringVar(&opt.Status, "status", "", "only jobs in this status: InProgress, Completed, Failed, Stopping, Stopped")
	c.Flags().IntVar(&opt.Max, "max", 100, "how many jobs at most")
	c.Flags().StringVar(&of.tuning, "tuning", "", "only the training jobs of this tuning job")
	c.Flags().StringVar(&of.token, "next-token", "", "with --tuning: go on where an earlier list ended")
	c.Flags().StringVar(&of.sort, "sort", "", "order of a tuning job's training jobs: "+strings.Join(jobs.TrialOrders(), ", ")+"; by default the best first")
	c.Flags().VarP(&o, "output", "o", "form of the result")
	return c
}

func (a *app) listJobs(ctx context.Context, kindArg string, opt client.ListOptions, o outputFlag) error {
	kind, err := parseKind(kindArg)
	if err != nil {
		return err
	}
	c, err := dial(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	found, err := c.List(ctx, kind, opt)
	if err != nil {
		return err
	}
	if o.json {
		if found == nil {
			found = []jobs.Document{}
		}
		return printJSON(a.out, found)
	}
	var rows [][]string
	for _, d := range found {
		v, err := overviewOf(kind, d)
		if err != nil {
			return err
		}
		rows = append(rows, []string{v.name, v.status, clock(v.created), took(v.duration(time.Now())), v.output})
	}
	printTable(a.out, []string{"NAME", "STATUS", "CREATED", "TOOK", "OUTPUT"}, rows)
	return nil
}

func (a *app) stopCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "stop KIND NAME",
		Short:   "Stop a job",
		Long:    "Asks a job of KIND split, train, transform or tune to stop. A training job keeps the model of the rounds it has done, and so do those of a tuning job; others leave no output.",
		Example: "  batchmill stop train churn-1",
		Args:    cobra.ExactArgs(2),
		RunE: func(c *cobra.Command, args []string) error {
			return a.withJob(c.Context(), args, func(ctx context.Context, _ *client.Client, job *client.Job) error {
				if err := job.Stop(ctx); err != nil {
					return err
				}
				printf(a.out, "stopping %s %s\n", word(job.Kind), job.Name)
				return nil
			})
		},
	}
}

func (a *app) logsCommand() *cobra.Command {
	follow := false
	c := &cobra.Command{
		Use:     "logs KIND NAME",
		Short:   "Print a job's log",
		Long:    "Prints the log that a job has stored so far: for a training job one line for each round, with its metrics; for a tuning job one line for each training job.",
		Example: "  batchmill logs train churn-1\n  batchmill logs train churn-1 --follow",
		Args:    cobra.ExactArgs(2),
		RunE: func(c *cobra.Command, args []string) error {
			ctx, stop := signal.NotifyContext(c.Context(), os.Interrupt)
			defer stop()
			return a.withJob(ctx, args, func(ctx context.Context, _ *client.Client, job *client.Job) error {
				if !follow {
					return job.Logs(ctx, a.out)
				}
				return followLogs(ctx, job, a.out)
			})
		},
	}
	c.Flags().BoolVarP(&follow, "follow", "f", false, "go on until the job ends")
	return c
}

// logsEvery is how often a followed log is read again.
const logsEvery = time.Second

// followLogs prints what is new in the job's log until the job has ended.
func followLogs(ctx context.Context, job *client.Job, w io.Writer) error {
	shown := 0
	for {
		d, err := job.Describe(ctx)
		if err != nil {
			return err
		}
		status, _ := client.Status(job.Kind, d)
		var all bytes.Buffer
		if err := job.Logs(ctx, &all); err != nil {
			return err
		}
		if all.Len() > shown {
			_, _ = w.Write(all.Bytes()[shown:])
			shown = all.Len()
		}
		if client.Terminal(status) {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(logsEvery):
		}
	}
}
