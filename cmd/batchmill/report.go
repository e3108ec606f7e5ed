package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/batchmill/batchmill/client"
	"github.com/batchmill/batchmill/jobs"
	"github.com/batchmill/batchmill/report"
)

func (a *app) reportCommand() *cobra.Command {
	c := &cobra.Command{
		Use:     "report",
		Short:   "Draw what a job found, or how it went",
		Long:    "Writes reports that need nothing but a browser.",
		Example: "  batchmill report tuning churn-tune -o churn.html\n  batchmill report transform churn-scores",
	}
	c.AddCommand(a.reportTuningCommand(), a.reportTransformCommand())
	return c
}

// reportFiles is where a report goes.
type reportFiles struct {
	page   string // "-" is standard output
	charts string // folder, or empty
}

func (a *app) reportTuningCommand() *cobra.Command {
	var to reportFiles
	c := &cobra.Command{
		Use:   "tuning NAME",
		Short: "Draw a tuning job's search",
		Long: `Writes one HTML page that needs nothing from the network: the objective over the trials, the importance
of each hyperparameter, parallel coordinates, the objective by each hyperparameter, and a table of all
trials. It works while the search runs too. With --charts, each chart also goes to an SVG and a PNG file.`,
		Example: "  batchmill report tuning churn-tune\n  batchmill report tuning churn-tune -o churn.html --charts charts/",
		Args:    cobra.ExactArgs(1),
		RunE:    func(c *cobra.Command, args []string) error { return a.reportTuning(c.Context(), args[0], to) },
	}
	to.flags(c)
	return c
}

func (to *reportFiles) flags(c *cobra.Command) {
	c.Flags().StringVarP(&to.page, "output", "o", "", `file to write, "-" for standard output (default NAME.html)`)
	c.Flags().StringVar(&to.charts, "charts", "", "folder to write the charts to, as SVG and as PNG")
}

func (a *app) reportTuning(ctx context.Context, name string, to reportFiles) error {
	c, err := dial(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	search, err := tuningReport(ctx, c, name)
	if err != nil {
		return err
	}
	var page bytes.Buffer
	if err := report.HTML(&page, search); err != nil {
		return err
	}
	return a.writeReport(to, name, page.Bytes(), report.Charts(search))
}

// writeReport writes a job's page and, where a folder is named, its charts.
func (a *app) writeReport(to reportFiles, name string, page []byte, charts []report.Chart) (err error) {
	if to.page == "-" {
		_, err = a.out.Write(page)
	} else {
		if to.page == "" {
			to.page = name + ".html"
		}
		if err = os.WriteFile(to.page, page, 0o644); err == nil {
			printf(a.errOut, "wrote %s\n", to.page)
		}
	}
	if err != nil || to.charts == "" {
		return err
	}
	return writeCharts(to.charts, charts)
}

// tuningReport collects what the report is drawn from.
func tuningReport(ctx context.Context, c *client.Client, name string) (report.Tuning, error) {
	var search report.Tuning
	description, err := c.Job(jobs.TuningKind, name).Describe(ctx)
	if err != nil {
		return search, err
	}
	if err := json.Unmarshal(description, &search.Description); err != nil {
		return search, err
	}
	trials, err := c.Trials(name).Read(ctx)
	for _, t := range trials {
		search.Trials = append(search.Trials, report.Trial{Summary: t.Summary, Rounds: t.Rounds, EarlyStopped: t.EarlyStopped})
	}
	return search, err
}

// writeCharts stores each chart as two files. A hyperparameter's name is not always a file's.
func writeCharts(dir string, charts []report.Chart) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for _, c := range charts {
		base := filepath.Join(dir, strings.NewReplacer("/", "_", `\`, "_", ":", "_").Replace(c.Name))
		if err := os.WriteFile(base+".svg", []byte(c.SVG()), 0o644); err != nil {
			return err
		}
		var picture bytes.Buffer
		if err := c.PNG(&picture); err != nil {
			return err
		}
		if err := os.WriteFile(base+".png", picture.Bytes(), 0o644); err != nil {
			return err
		}
	}
	return nil
}
