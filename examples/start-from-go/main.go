// Command start-from-go starts a transform job from a Go program, follows it and prints its description.
//
//	eval "$(batchmill env)"
//	go run ./examples/start-from-go
package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"os"
	"os/signal"
	"time"

	"github.com/batchmill/batchmill/client"
	"github.com/batchmill/batchmill/examples"
	"github.com/batchmill/batchmill/jobs"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	document, err := newDocument(time.Now())
	if err == nil {
		err = run(ctx, os.Stdout, document)
	}
	if err != nil {
		log.Fatal(err)
	}
}

// newDocument is examples/documents/transform.json under a name and an output path of its own. Documents can be built from
// nothing with the types of package jobs as well.
func newDocument(now time.Time) (jobs.Document, error) {
	job, err := jobs.ParseTransformJob(examples.Document("transform.json"))
	if err != nil {
		return nil, err
	}
	job.TransformJobName = "housing-" + now.UTC().Format("20060102-150405")
	job.TransformOutput.S3OutputPath += job.TransformJobName + "/"
	return jobs.Encode(job)
}

// run starts the job and waits for it. Ctrl-C ends the waiting, not the job.
func run(ctx context.Context, out io.Writer, document jobs.Document) error {
	c, err := client.Dial(ctx, client.Options{}) // TEMPORAL_* and AWS_* say where
	if err != nil {
		return err
	}
	defer c.Close()
	job, err := c.Start(ctx, jobs.TransformKind, document)
	if err != nil {
		return err
	}
	fmt.Fprintln(out, "started", job.ARN)
	description, err := job.Wait(ctx, func(p jobs.Progress) {
		fmt.Fprintf(out, "%s: %d rows\n", p.Stage, p.Rows)
	})
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%s\n", description)
	return nil
}
