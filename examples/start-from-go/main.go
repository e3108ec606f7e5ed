// Command start-from-go starts a transform job from a Go program, follows it and prints where its output is.
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

	"github.com/batchmill/batchmill/client"
	"github.com/batchmill/batchmill/examples"
	"github.com/batchmill/batchmill/jobs"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Stdout, client.Options{}, examples.Document("transform.json")); err != nil {
		log.Fatal(err)
	}
}

// run starts the job that the document describes and waits for it. Ctrl-C ends the waiting, not the job.
func run(ctx context.Context, out io.Writer, options client.Options, document []byte) error {
	c, err := client.Dial(ctx, options)
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
		fmt.Fprintf(out, "%d rows\n", p.Rows)
	})
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%s\n", description)
	return nil
}
