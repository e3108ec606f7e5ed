package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"strings"

	"github.com/spf13/cobra"

	"github.com/batchmill/batchmill/activities/sharding"
	"github.com/batchmill/batchmill/storage"
)

func (a *app) verifyCommand() *cobra.Command {
	var o outputFlag
	var inputs bool
	c := &cobra.Command{
		Use:   "verify MANIFEST",
		Short: "Read a job's output back and check it against its manifest",
		Long: `Reads every object that a manifest lists and checks its size, its CRC-64/NVME and its number of rows, and
that nothing else lies at the output path that no manifest there lists. MANIFEST is the s3:// URI that
"batchmill describe" shows. With --inputs also that every input is still the object that was read, by size and
ETag, and that the rows read of them add up to those written and rejected.`,
		Example: "  batchmill verify s3://demo/out/_batchmill/score-1/manifest.json",
		Args:    cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			uri, err := storage.ParseURI(args[0])
			if err != nil {
				return usage(err)
			}
			ctx, stop := signal.NotifyContext(c.Context(), os.Interrupt)
			defer stop()
			return a.verify(ctx, uri, o, inputs)
		},
	}
	c.Flags().BoolVar(&inputs, "inputs", false, "check the inputs, too")
	c.Flags().VarP(&o, "output", "o", "form of the result")
	return c
}

func (a *app) verify(ctx context.Context, uri storage.URI, o outputFlag, inputs bool) error {
	store, _, err := openStore()
	if err != nil {
		return err
	}
	m, err := sharding.ReadManifest(ctx, store, uri)
	if err != nil {
		return err
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
	if inputs {
		problems, err := sharding.VerifyInputs(ctx, store, m, uri)
		if err != nil {
			return err
		}
		report.Problems = append(report.Problems, problems...)
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
	for _, p := range r.Problems {
		printf(a.out, "BAD  %s\n", p)
	}
	if r.OK() {
		printf(a.out, "ok: every object is there with the right size, checksum and rows, and nothing else\n")
	}
}
