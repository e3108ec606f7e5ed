// Command transform measures a batch transform from rows on S3 to committed predictions on S3, with a real Temporal server, a real
// S3 server and a worker, each a process of its own: rows per second from submitting the job to its Completed status, processor time
// and peak memory of the worker, and the share of wall time that is not predicting. With -peers it has rivals do the same work
// through the same S3 server and prints the ratios beside the targets.
//
//	go run ./bench/transform -rows 2000000
//	go run ./bench/transform -rows 1000000 -objects 1000           # what a tiny object costs
//	go run ./bench/transform -workers 2 -pin                       # two workers, a core each
//	go run ./bench/transform -memory 256MiB                        # what a worker keeps to
//	go run ./bench/transform -objects 1 -small 2000 -workers 2     # one large object among small ones: is every worker busy to the end?
//	go run ./bench/transform -peers all                            # after sh bench/peers/setup.sh transform
//	go run ./bench/transform -format csv -peers all
//	go run ./bench/transform -minio bench/peers/.minio/minio       # after sh bench/peers/minio.sh
//
// Rows are drawn with replacement from the 28 features of HIGGS (9,500 real rows), each value moved by up to a tenth of a
// percent so that pages do not compress to nothing; wider tables repeat the features. The model is trained on the real rows.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"math"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/batchmill/batchmill/bench/local"
	"github.com/batchmill/batchmill/bench/tables"
	"github.com/batchmill/batchmill/worker"
)

type options struct {
	binary  string
	data    string
	dir     string
	rows    int
	columns int
	objects int
	small   int
	format  string
	trees   int
	depth   int
	join    bool
	shards  string
	memory  string
	workers int
	pin     bool
	minio   string
	profile string
	peers   string
	python  string
	rounds  int

	bound     int64  // of a worker's memory, in bytes
	name      string // of the model and the jobs
	modelFile string // where rivals find the model
}

func main() {
	var o options
	flag.StringVar(&o.binary, "batchmill", "", "batchmill binary; built from this tree if empty")
	flag.StringVar(&o.data, "data", local.DataFolder(), "folder of the shared data sets ($BATCHMILL_DATA)")
	flag.StringVar(&o.dir, "dir", "", "folder that keeps the input for further runs; a temporary one if empty")
	flag.IntVar(&o.rows, "rows", 2_000_000, "rows in all")
	flag.IntVar(&o.columns, "columns", 28, "float32 columns")
	flag.IntVar(&o.objects, "objects", 8, "objects they are spread over")
	flag.IntVar(&o.small, "small", 0, "further objects of 100 rows each, which come before the others")
	flag.StringVar(&o.format, "format", "parquet", "parquet, csv or jsonl")
	flag.IntVar(&o.trees, "trees", 100, "trees of the model")
	flag.IntVar(&o.depth, "depth", 6, "depth of the trees")
	flag.BoolVar(&o.join, "join", false, "write the input columns beside the prediction")
	flag.StringVar(&o.shards, "shards", "", "BATCHMILL_SHARDS of the job")
	flag.StringVar(&o.memory, "memory", "", "a worker's memory bound (--memory); its default if empty")
	flag.IntVar(&o.workers, "workers", 1, "worker processes")
	flag.BoolVar(&o.pin, "pin", false, "pin each worker to a core of its own (taskset)")
	flag.StringVar(&o.minio, "minio", "", "MinIO server to run instead of the embedded S3 server")
	flag.StringVar(&o.profile, "cpu-profile", "", "file for a profile of the worker's processor time (go tool pprof)")
	flag.StringVar(&o.peers, "peers", "", "rivals to compare with, separated by commas, or all of those that read the format")
	flag.StringVar(&o.python, "python", filepath.Join("bench", "peers", ".venv-transform", "bin", "python"), "Python with the rivals")
	flag.IntVar(&o.rounds, "rounds", 1, "how often each side runs, in turn; the fastest run counts")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := o.check(); err != nil {
		log.Fatal(err)
	}
	if err := run(ctx, o); err != nil {
		log.Fatal(err)
	}
}

func (o *options) check() (err error) {
	if contentTypes[o.format] == "" {
		return fmt.Errorf("-format %q: parquet, csv or jsonl", o.format)
	}
	for _, side := range o.rivals() {
		if r, ok := rivals[side]; !ok || r.format != o.format {
			return fmt.Errorf("-peers %s: for %s there are %s", side, o.format, strings.Join(rivalsOf(o.format), ", "))
		}
	}
	if o.small > 0 && o.peers != "" {
		return errors.New("-small: without -peers")
	}
	if o.memory == "" {
		o.bound = worker.DefaultMemory
	} else if o.bound, err = worker.ParseMemory(o.memory); err != nil {
		return fmt.Errorf("-memory: %w", err)
	}
	o.name = fmt.Sprintf("b%d", time.Now().UnixMilli())
	return nil
}

func (o *options) rivals() []string {
	switch o.peers {
	case "":
		return nil
	case "all":
		return rivalsOf(o.format)
	}
	return strings.Split(o.peers, ",")
}

func run(ctx context.Context, o options) (err error) {
	if o.dir == "" {
		if o.dir, err = os.MkdirTemp("", "batchmill-bench-*"); err != nil {
			return err
		}
		defer os.RemoveAll(o.dir)
	} else if err := os.MkdirAll(o.dir, 0o755); err != nil {
		return err
	}
	table, err := tables.Higgs.Load(ctx, o.data)
	if err != nil {
		return fmt.Errorf("the HIGGS sample is needed (-data): %w", err)
	}
	table = widen(table, o.columns)
	model, err := trainModel(ctx, table, o.trees, o.depth)
	if err != nil {
		return err
	}
	// XGBoost tells the formats of models by their names' ends.
	o.modelFile = filepath.Join(o.dir, o.name+".json")
	if err := os.WriteFile(o.modelFile, model["xgboost-model"], 0o644); err != nil {
		return err
	}
	stack, err := startStack(ctx, o, o.dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stack.stop()) }()
	size, err := prepare(ctx, stack.client.Store(), table, o)
	if err != nil {
		return err
	}
	if err := stack.register(ctx, o, model); err != nil {
		return err
	}
	alone, err := predictAlone(ctx, model, table, o.rows)
	if err != nil {
		return err
	}
	store := "embedded S3 server"
	if o.minio != "" {
		store = "MinIO"
	}
	fmt.Printf("%d rows x %d float32, %d objects of %s, %d small ones, %.0f MB, %d trees of depth %d, %d cores, %s\n",
		o.rows, o.columns, o.objects, o.format, o.small, float64(size)/1e6, o.trees, o.depth, runtime.GOMAXPROCS(0), store)
	best, err := stack.compare(ctx, o)
	if err != nil {
		return err
	}
	report(o, best[0], alone)
	if err := stack.occupied(ctx, best[0]); err != nil {
		return err
	}
	compared(o, best)
	return nil
}

// compare runs ours and the rivals in turn and returns the fastest run of each, ours first. What a run has written is removed at once.
func (s *stack) compare(ctx context.Context, o options) ([]measured, error) {
	best := make([]measured, 1+len(o.rivals()))
	var want sums
	for round := range max(1, o.rounds) {
		for i := range best {
			m, err := s.side(ctx, o, i, round)
			if err != nil {
				return nil, err
			}
			if o.peers != "" && (i == 0 || rivals[m.side].scores) {
				got, err := sum(ctx, o, m.output)
				if err != nil {
					return nil, err
				}
				if i == 0 {
					want = got
				} else if got.Rows != want.Rows || math.Abs(got.Sum-want.Sum) > 1e-5*math.Abs(want.Sum) {
					return nil, fmt.Errorf("%s: %d rows that add up to %g; ours: %d, %g", m.side, got.Rows, got.Sum, want.Rows, want.Sum)
				}
			}
			if err := s.remove(ctx, m.output); err != nil {
				return nil, err
			}
			fmt.Fprintf(os.Stderr, "%s: %.2f s\n", m.side, m.wall.Seconds())
			if round == 0 || m.wall < best[i].wall {
				best[i] = m
			}
		}
	}
	return best, nil
}

// side runs ours (0) or a rival.
func (s *stack) side(ctx context.Context, o options, i, round int) (measured, error) {
	if i == 0 {
		return s.transform(ctx, o, round)
	}
	return s.peer(ctx, o, o.rivals()[i-1])
}

// rivalsOf are those that read a format.
func rivalsOf(format string) []string {
	var names []string
	for name, r := range rivals {
		if r.format == format {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}
