package main

import (
	"bytes"
	"context"
	"encoding/json"

	"github.com/spf13/cobra"

	"github.com/batchmill/batchmill/activities"
	"github.com/batchmill/batchmill/jobs"
	"github.com/batchmill/batchmill/report"
)

func (a *app) reportTransformCommand() *cobra.Command {
	var to reportFiles
	c := &cobra.Command{
		Use:   "transform NAME",
		Short: "Draw how a transform job went",
		Long: `Writes one HTML page that needs nothing from the network: rows per second over time, the shards on a
timeline, rejected records by reason, the distribution of the predictions, and the slowest shards. It works
while the job runs too, with the shards that are done. With --charts, each chart also goes to an SVG and a
PNG file.`,
		Example: "  batchmill report transform churn-scores\n  batchmill report transform churn-scores -o scores.html --charts charts/",
		Args:    cobra.ExactArgs(1),
		RunE:    func(c *cobra.Command, args []string) error { return a.reportTransform(c.Context(), args[0], to) },
	}
	to.flags(c)
	return c
}

func (a *app) reportTransform(ctx context.Context, name string, to reportFiles) error {
	c, err := dial(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	var t report.Transform
	description, err := c.Job(jobs.TransformKind, name).Describe(ctx)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(description, &t.Description); err != nil {
		return err
	}
	if t.Journal, err = activities.ReadJournal(ctx, c.Store(), c.State(), t.Description.TransformOutput.S3OutputPath, name); err != nil {
		return err
	}
	var page bytes.Buffer
	if err := report.TransformHTML(&page, t); err != nil {
		return err
	}
	return a.writeReport(to, name, page.Bytes(), report.TransformCharts(t))
}
