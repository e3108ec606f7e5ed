package main

import (
	"context"
	"errors"
	"os"
	"os/signal"

	"github.com/spf13/cobra"

	"github.com/batchmill/batchmill/client"
	"github.com/batchmill/batchmill/jobs"
)

// submission is how a job is started from the command line.
type submission struct {
	kind   jobs.Kind
	name   string // replaces the document's if not empty
	detach bool
	output outputFlag
}

func (a *app) splitCommand() *cobra.Command {
	return a.submitCommand(jobs.SplitKind, "Divide rows into train, validation and test sides",
		`Runs a split job: each row goes to one side, by the seed and the row alone (or its group, stratum or
time), and a profile of every column is written.`)
}

func (a *app) trainCommand() *cobra.Command {
	return a.submitCommand(jobs.TrainingKind, "Train a model",
		`Runs a training job: the document is the request that SageMaker's CreateTrainingJob takes.`)
}

func (a *app) transformCommand() *cobra.Command {
	return a.submitCommand(jobs.TransformKind, "Score data in bulk with a model",
		`Runs a transform job: the document is the request that SageMaker's CreateTransformJob takes. ModelName is
a registered model ("batchmill model"), or the s3:// URI of an artifact or of a model file as XGBoost or
LightGBM write it. Outputs appear when all of them are there; "batchmill verify" reads them back.`)
}

func (a *app) submitCommand(kind jobs.Kind, short, long string) *cobra.Command {
	s := &submission{kind: kind}
	verb := word(kind)
	c := &cobra.Command{
		Use:   verb + " FILE",
		Short: short,
		Long: long + `

FILE is JSON or YAML, "-" means standard input. The job is followed until it ends, and the exit code
tells how it went; Ctrl-C leaves it running. Placeholders such as {{.ScheduledTime}} take the present time.`,
		Example: "  batchmill " + verb + " " + verb + ".json\n  batchmill " + verb + " " + verb + ".yaml --name " + verb +
			"-2 --detach\n  batchmill " + verb + " - -o json < " + verb + ".json",
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error { return a.submit(c.Context(), *s, args[0]) },
	}
	c.Flags().StringVar(&s.name, "name", "", "name of the job, instead of the document's "+kind.NameMember)
	c.Flags().BoolVar(&s.detach, "detach", false, "start the job and return")
	c.Flags().VarP(&s.output, "output", "o", "form of the result")
	return c
}

func (a *app) submit(ctx context.Context, s submission, file string) error {
	doc, err := a.readFile(file)
	if err != nil {
		return err
	}
	if doc, err = rename(doc, s.kind.NameMember, s.name); err != nil {
		return err
	}
	c, err := dial(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	job, err := c.Start(ctx, s.kind, doc)
	if err != nil {
		return err
	}
	if s.detach {
		return a.printStarted(job, s.output)
	}
	if s.kind == jobs.TuningKind {
		return a.followTuning(ctx, c, job, s.output)
	}
	return a.follow(ctx, c, job, s.output)
}

func (a *app) printStarted(job *client.Job, o outputFlag) error {
	if o.json {
		return printJSON(a.out, map[string]string{"Kind": job.Kind.Name, "Name": job.Name, "Arn": job.ARN})
	}
	printf(a.out, "started %s %s; see \"batchmill describe %s %s\"\n", word(job.Kind), job.Name, word(job.Kind), job.Name)
	return nil
}

// follow shows the job's progress until it ends, then its summary. A job that did not complete is exit code 1.
func (a *app) follow(ctx context.Context, c *client.Client, job *client.Job, o outputFlag) error {
	watched, stop := signal.NotifyContext(ctx, os.Interrupt)
	defer stop()
	bar := newJobMeter(a.errOut, job)
	description, err := job.Wait(watched, bar.update)
	bar.stop()
	var failed *client.FailedError
	switch {
	case errors.Is(err, context.Canceled):
		printf(a.errOut, "%s %s runs on; stop it with \"batchmill stop %s %s\"\n", word(job.Kind), job.Name, word(job.Kind), job.Name)
		return &codedError{exitInterrupted, errReported}
	case err != nil && !errors.As(err, &failed):
		return err
	}
	if perr := a.printDescription(ctx, c, job.Kind, description, o); perr != nil {
		return perr
	}
	return err
}

func (a *app) printDescription(ctx context.Context, c *client.Client, kind jobs.Kind, description jobs.Document, o outputFlag) error {
	if o.json {
		return printJSON(a.out, description)
	}
	view, err := overviewOf(kind, description)
	if err != nil {
		return err
	}
	view.addManifest(ctx, c.Store())
	view.addPage(c.Namespace())
	view.print(a.out)
	return nil
}
