package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"strings"

	"github.com/spf13/cobra"

	"github.com/batchmill/batchmill/activities/protocol"
	"github.com/batchmill/batchmill/activities/sharding"
	"github.com/batchmill/batchmill/storage"
)

func (a *app) verifyCommand() *cobra.Command {
	var o outputFlag
	var deeper deeperChecks
	c := &cobra.Command{
		Use:   "verify MANIFEST",
		Short: "Read a job's output back and check it against its manifest",
		Long: `Reads every object that a manifest lists and checks its size, its CRC-64/NVME and its number of rows, and
that nothing else lies at the output path that no manifest there lists. MANIFEST is the s3:// URI that
"batchmill describe" shows. With --inputs also that every input is still the object that was read, by size and
ETag, and that the rows read of them add up to those written and rejected.

With --rescore, rows of a transform job's inputs are predicted again with its model, and what the job would write
for them is compared with what is there: a number of rows, a share of them (5%), or all. Which ones is fixed by
their places. The first difference in each object is named with its row.

Exit code 0 means that all is well, 1 that something is wrong, and each problem is printed on a line that begins
with BAD, or that the check could not be made.`,
		Example: "  batchmill verify s3://demo/out/_batchmill/score-1/manifest.json\n  batchmill verify s3://demo/out/_batchmill/score-1/manifest.json --inputs --rescore 1%",
		Args:    cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			uri, err := storage.ParseURI(args[0])
			if err != nil {
				return usage(err)
			}
			ctx, stop := signal.NotifyContext(c.Context(), os.Interrupt)
			defer stop()
			return a.verify(ctx, uri, o, deeper)
		},
	}
	c.Flags().BoolVar(&deeper.inputs, "inputs", false, "check the inputs, too")
	c.Flags().Var(&deeper.rescore, "rescore", "rows to predict again: a number, a percentage, or all")
	c.Flags().VarP(&o, "output", "o", "form of the result")
	return c
}

// deeperChecks are what verify looks at besides the output and its manifest.
type deeperChecks struct {
	inputs  bool
	rescore rowShare
}

func (a *app) verify(ctx context.Context, uri storage.URI, o outputFlag, deeper deeperChecks) error {
	store, _, err := openStore()
	if err != nil {
		return err
	}
	m, err := sharding.ReadManifest(ctx, store, uri)
	if err != nil {
		return err
	}
	if m == nil && uri.Base() == "" {
		return fmt.Errorf("%s is a folder, not a manifest; that of the job NAME is %s", uri, sharding.ManifestURI(uri.Join(protocol.JobFolder("NAME")...)))
	}
	if m == nil {
		return fmt.Errorf("%s does not exist: the job has not completed, or its output was removed", uri)
	}
	meter := newByteMeter(a.errOut, m.Bytes)
	defer meter.stop()
	var seen int64
	report, err := sharding.Verify(ctx, store, uri, func(done, _ int64) {
		meter.add(done - seen)
		seen = done
	})
	meter.stop()
	if err != nil {
		return err
	}
	if deeper.inputs {
		problems, err := sharding.VerifyInputs(ctx, store, m, uri)
		if err != nil {
			return err
		}
		report.Problems = append(report.Problems, problems...)
	}
	if deeper.rescore.given() {
		if err := a.rescore(ctx, store, m, deeper.rescore, report); err != nil {
			return err
		}
	}
	if o.json {
		if err := printJSON(a.out, report); err != nil {
			return err
		}
	} else {
		a.printVerification(report)
	}
	if !report.OK() {
		return errReported
	}
	return nil
}

func (a *app) printVerification(r *sharding.Report) {
	printPairs(a.out,
		[2]string{"Job", strings.TrimSpace(r.Kind + " " + r.Job)},
		[2]string{"Objects", count(int64(r.Objects))},
		[2]string{"Rows", count(r.Rows)},
		[2]string{"Rejected", count(r.Rejected)},
		[2]string{"Bytes", size(r.Bytes)},
	)
	if r.Rescored > 0 {
		printPairs(a.out, [2]string{"Predicted again", count(r.Rescored) + " rows"})
	}
	for _, p := range r.Problems {
		printf(a.out, "BAD  %s\n", p)
	}
	if r.OK() {
		printf(a.out, "ok: every object is there with the right size, checksum and rows, and nothing else\n")
		if r.Rescored > 0 {
			printf(a.out, "ok: every row that was predicted again came out the same\n")
		}
	}
}
