package main

import (
	"context"
	"os"
	"os/signal"
	"time"

	"github.com/spf13/cobra"
)

func (a *app) cpCommand() *cobra.Command {
	recursive := false
	c := &cobra.Command{
		Use:   "cp SOURCE... TARGET",
		Short: "Copy between local files and the store",
		Long: `Copies files and objects: local to s3://, s3:// to local, and s3:// to s3:// (inside the store). A target
that ends in "/" or is a directory keeps the source's name; "-" stands for standard input or output.
With --recursive, folders and prefixes are copied with everything below them. On stores other than AWS
a bucket that does not exist is created.`,
		Example: `  batchmill cp housing.csv s3://demo/raw/
  batchmill cp --recursive data/ s3://demo/raw/
  batchmill cp s3://demo/out/part-0.csv.out predictions.csv
  batchmill cp s3://demo/out/_batchmill/score-1/manifest.json -`,
		Args: cobra.MinimumNArgs(2),
		RunE: func(c *cobra.Command, args []string) error {
			ctx, stop := signal.NotifyContext(c.Context(), os.Interrupt)
			defer stop()
			return a.copyAll(ctx, args[:len(args)-1], args[len(args)-1], recursive)
		},
	}
	c.Flags().BoolVarP(&recursive, "recursive", "r", false, "copy folders and prefixes with everything below them")
	return c
}

func (a *app) copyAll(ctx context.Context, sources []string, target string, recursive bool) error {
	store, custom, err := openStore()
	if err != nil {
		return err
	}
	cp := &copier{store: store, createBuckets: custom, in: a.in, out: a.out, made: map[string]bool{}}
	var all []transfer
	for _, s := range sources {
		ts, err := cp.plan(ctx, s, target, recursive, len(sources) > 1)
		if err != nil {
			return err
		}
		all = append(all, ts...)
	}
	start := time.Now()
	var bytes int64
	meter := newByteMeter(a.errOut, total(all))
	defer meter.stop()
	for _, t := range all {
		n, err := cp.do(ctx, t, meter)
		if err != nil {
			return err
		}
		bytes += n
	}
	meter.stop()
	if target != "-" {
		noun := "objects"
		if len(all) == 1 {
			noun = "object"
		}
		printf(a.errOut, "copied %s %s, %s in %s\n", count(int64(len(all))), noun, size(bytes), took(time.Since(start)))
	}
	return nil
}
