// Command transform measures a batch transform from Parquet on S3 to committed Parquet on S3, with a real Temporal server, a
// real S3 server and a worker process of its own: rows per second end to end, the worker's peak memory, and the share of
// wall time that is not predicting.
//
//	go run ./bench/transform -rows 2000000
//	go run ./bench/transform -rows 1000 -objects 1000     # what a tiny object costs
//
// Rows are drawn with replacement from the 28 features of HIGGS (9,500 real rows), each value moved by up to a tenth of a
// percent so that pages do not compress to nothing. The model has 100 trees of depth 6, trained on the real rows.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"os"
	"os/signal"
	"runtime"
	"time"

	"github.com/batchmill/batchmill/bench/local"
	"github.com/batchmill/batchmill/bench/tables"
)

type options struct {
	binary  string
	data    string
	rows    int
	objects int
	trees   int
	depth   int
	join    bool
	shards  string
}

func main() {
	var o options
	flag.StringVar(&o.binary, "batchmill", "", "batchmill binary; built from this tree if empty")
	flag.StringVar(&o.data, "data", local.DataFolder(), "folder of the shared data sets ($BATCHMILL_DATA)")
	flag.IntVar(&o.rows, "rows", 2_000_000, "rows in all")
	flag.IntVar(&o.objects, "objects", 8, "objects they are spread over")
	flag.IntVar(&o.trees, "trees", 100, "trees of the model")
	flag.IntVar(&o.depth, "depth", 6, "depth of the trees")
	flag.BoolVar(&o.join, "join", false, "write the input columns beside the prediction")
	flag.StringVar(&o.shards, "shards", "", "BATCHMILL_SHARDS of the job")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, o); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, o options) (err error) {
	dir, err := os.MkdirTemp("", "batchmill-bench-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	table, err := tables.Higgs.Load(ctx, o.data)
	if err != nil {
		return fmt.Errorf("the HIGGS sample is needed (-data): %w", err)
	}
	model, err := trainModel(ctx, table, o.trees, o.depth)
	if err != nil {
		return err
	}
	stack, err := startStack(ctx, o.binary, dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stack.stop()) }()
	fmt.Printf("%d rows x %d float32 in %d Parquet objects, %d trees of depth %d, %d cores\n",
		o.rows, len(table.Columns), o.objects, o.trees, o.depth, runtime.GOMAXPROCS(0))
	size, err := upload(ctx, stack.client.Store(), table, o.rows, o.objects)
	if err != nil {
		return err
	}
	if err := stack.register(ctx, model); err != nil {
		return err
	}
	alone, err := predictAlone(ctx, model, table, o.rows)
	if err != nil {
		return err
	}
	m, err := stack.transform(ctx, o)
	if err != nil {
		return err
	}
	report(o, m, alone, size)
	return nil
}

func report(o options, m measured, alone time.Duration, size int64) {
	fmt.Printf("input                       %8.0f MB\n", float64(size)/1e6)
	fmt.Printf("wall time, submit to end    %8.2f s\n", m.wall.Seconds())
	fmt.Printf("end to end                  %8.0f rows/s\n", float64(o.rows)/m.wall.Seconds())
	fmt.Printf("predictor alone, in memory  %8.2f s, %.0f rows/s on all cores\n", alone.Seconds(), float64(o.rows)/alone.Seconds())
	fmt.Printf("not predicting              %8.0f %% of wall time\n", 100*(1-alone.Seconds()/m.wall.Seconds()))
	fmt.Printf("worker's CPU time           %8.2f s\n", m.cpu.Seconds())
	fmt.Printf("worker's peak memory        %8.0f MiB (VmHWM)\n", float64(m.peak)/(1<<20))
	if o.objects >= 100 {
		fmt.Printf("per object                  %8.2f ms of wall time\n", m.wall.Seconds()*1000/float64(o.objects))
	}
}
