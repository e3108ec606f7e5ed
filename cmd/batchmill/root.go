package main

import (
	"context"
	"io"
	"os"

	"github.com/spf13/cobra"
)

// app is the process as the verbs see it. Tests put buffers in place of the terminal.
type app struct {
	in      io.Reader
	out     io.Writer
	errOut  io.Writer
	started bool // a verb's own code has begun: errors before are the command line's
}

const about = `Batchmill splits data, trains models and scores in bulk. Jobs are documents in Amazon
SageMaker's request shapes; Temporal runs them; an S3-compatible store holds everything.

Start here:

  batchmill quickstart      watch a real job from raw data to predictions
  batchmill dev             run Temporal, its Web UI, an S3 server and a worker on this machine

Where the verbs connect to: TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE, TEMPORAL_TLS_*, TEMPORAL_API_KEY
and AWS_ENDPOINT_URL_S3, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION. Where neither
TEMPORAL_ADDRESS nor AWS_ENDPOINT_URL_S3 is set, they use the stack that "batchmill dev" runs on
$BATCHMILL_HOME, or else on ./.batchmill.

Exit codes:

  0  all went well
  1  the job failed or was stopped, or the operation failed
  2  wrong usage, or a document that is not valid
  3  Temporal or the S3 store cannot be reached or refuses the credentials
130  interrupted with Ctrl-C; a job that was being followed runs on`

// command builds the whole command tree.
func (a *app) command() *cobra.Command {
	root := &cobra.Command{
		Use:               "batchmill",
		Short:             "Split data, train models and score in bulk",
		Long:              about,
		Example:           "  batchmill quickstart\n  batchmill train job.json\n  batchmill describe train churn-2026-11-21",
		SilenceUsage:      true,
		SilenceErrors:     true,
		CompletionOptions: cobra.CompletionOptions{HiddenDefaultCmd: true},
		PersistentPreRun:  func(*cobra.Command, []string) { a.started = true },
	}
	root.AddGroup(
		&cobra.Group{ID: "run", Title: "Run Batchmill:"},
		&cobra.Group{ID: "job", Title: "Jobs:"},
		&cobra.Group{ID: "data", Title: "Data:"},
	)
	a.add(root, "run", a.quickstartCommand(), a.devCommand(), a.workerCommand(), a.s3Command(), a.envCommand(), versionCommand())
	a.add(root, "job", a.splitCommand(), a.trainCommand(), a.transformCommand(), a.tuneCommand(), a.describeCommand(), a.listCommand(), a.stopCommand(), a.logsCommand(), a.reportCommand(), a.modelCommand(), a.scheduleCommand())
	a.add(root, "data", a.cpCommand(), a.verifyCommand())
	root.AddCommand(a.trialCommand())
	return root
}

func (a *app) add(root *cobra.Command, group string, verbs ...*cobra.Command) {
	for _, v := range verbs {
		v.GroupID = group
		root.AddCommand(v)
	}
}

// run executes one command line and returns the exit code. Errors go to the error stream, one line each.
func (a *app) run(ctx context.Context, args []string) int {
	root := a.command()
	root.SetArgs(args)
	root.SetIn(a.in)
	root.SetOut(a.out)
	root.SetErr(a.errOut)
	err := root.ExecuteContext(ctx)
	if err != nil && !a.started {
		err = usage(err)
	}
	return a.report(err)
}

// defaultDir is the data folder of the embedded stack where no flag says another.
func defaultDir() string {
	if dir := os.Getenv("BATCHMILL_HOME"); dir != "" {
		return dir
	}
	return ".batchmill"
}
