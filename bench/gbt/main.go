// Command gbt trains on the same rows with Batchmill's xgboost, XGBoost and LightGBM, in turns, on this machine, and prints
// Markdown tables of seconds, memory, the quality on rows held back, and how all that stands to the targets.
//
//	sh bench/peers/setup.sh && go run ./bench/gbt                          # all works that have a target, 5 seeds
//	go run ./bench/gbt -work higgs-depth6,adult -rows 100000 -seeds 1      # a look
//	go run ./bench/gbt -work sparse-flags,sparse-words -only batchmill,xgboost # sparse rows, on which LightGBM takes many minutes
//
// Data are in memory on every side before the clock starts; binning is inside it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/batchmill/batchmill/bench/local"
)

type options struct {
	data       string
	work       string
	rows       int
	seeds      int
	threads    int
	python     string
	script     string // that python trains with
	only       string
	peerMetric bool
	limit      time.Duration
	profile    string
}

// childFlag has this program train as the file says: how the harness starts our own side.
const childFlag = "child"

func main() {
	o := options{script: filepath.Join("bench", "peers", "gbt.py")}
	flag.StringVar(&o.data, "data", local.DataFolder(), "folder of the shared data sets ($BATCHMILL_DATA)")
	flag.StringVar(&o.work, "work", "", "works to run, separated by commas; those with a target if empty, or all")
	flag.IntVar(&o.rows, "rows", 1_000_000, "rows of the HIGGS works, and a bound on those of sparse works")
	flag.IntVar(&o.seeds, "seeds", 5, "times to run each work, with other rows held back each time")
	flag.IntVar(&o.threads, "threads", runtime.GOMAXPROCS(0), "threads of every engine")
	flag.StringVar(&o.python, "python", filepath.Join("bench", "peers", ".venv", "bin", "python"), "Python with xgboost and lightgbm; empty for none")
	flag.StringVar(&o.only, "only", "", "engines to run, separated by commas: batchmill, xgboost, lightgbm, lightgbm-q; all if empty")
	flag.BoolVar(&o.peerMetric, "peer-metric", false, "have the rivals compute their metric on the rows trained on after each round, as ours does")
	flag.DurationVar(&o.limit, "limit", 15*time.Minute, "the longest one engine may take for one seed")
	flag.StringVar(&o.profile, "cpuprofile", "", "file for a CPU profile of our own training, of the last where there are several (go tool pprof)")
	spec := flag.String(childFlag, "", "train as this file says: how the harness starts its own side")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var err error
	if *spec != "" {
		err = child(ctx, *spec)
	} else {
		err = run(ctx, o)
	}
	if err != nil {
		log.Fatal(err)
	}
}

// run compares work by work. What fails is said and left out; the rest goes on.
func run(ctx context.Context, o options) error {
	chosen, err := o.works()
	if err != nil {
		return err
	}
	if err := printSetting(ctx, o); err != nil {
		return err
	}
	fmt.Println(legend(o))
	fmt.Println(workHead)
	var all []*results
	var failures []error
	for _, w := range chosen {
		r, err := w.compare(ctx, o)
		r.print()
		all = append(all, r)
		failures = append(failures, err)
		if ctx.Err() != nil {
			break
		}
	}
	printTargets(all)
	return errors.Join(failures...)
}

// works are those asked for.
func (o options) works() ([]work, error) {
	names := strings.Split(o.work, ",")
	var chosen []work
	for _, w := range works() {
		i := slices.Index(names, w.name)
		if i >= 0 {
			names = slices.Delete(names, i, i+1)
		}
		if i >= 0 || o.work == "all" || o.work == "" && w.targets != nil {
			chosen = append(chosen, w)
		}
	}
	if o.work != "" && o.work != "all" && len(names) > 0 {
		return nil, fmt.Errorf("unknown works: %s", strings.Join(names, ", "))
	}
	return chosen, nil
}

// engines are those asked for.
func (o options) engines() []engine {
	return slices.DeleteFunc(engines(), func(e engine) bool {
		return o.only != "" && !slices.Contains(strings.Split(o.only, ","), e.name) || o.python == "" && e.library != ""
	})
}

// compare runs one work: the engines take turns, so that a machine whose speed drifts favours none.
func (w work) compare(ctx context.Context, o options) (*results, error) {
	r := &results{work: w, by: map[string]map[int]outcome{}}
	var failures []error
	for seed := range o.seeds {
		failures = append(failures, w.runSeed(ctx, o, seed, r))
	}
	return r, errors.Join(failures...)
}

// runSeed has each engine train once on the rows of a seed.
func (w work) runSeed(ctx context.Context, o options, seed int, r *results) error {
	dir, err := os.MkdirTemp("", "batchmill-gbt-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	s, label, err := w.stage(ctx, o, seed, dir)
	if err != nil {
		return fmt.Errorf("%s: %w", w.name, err)
	}
	s.Rounds, s.Threads, s.TrainMetric, s.Profile = w.rounds, o.threads, o.peerMetric, o.profile
	var failures []error
	for _, e := range o.engines() {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		s.Library, s.Params = e.library, e.params(w, seed)
		out, scores, err := e.run(ctx, o, s)
		if err != nil {
			failures = append(failures, fmt.Errorf("%s, seed %d: %w", w.name, seed, err))
			continue
		}
		out.quality = w.set.Metric().Of(scores, label)
		r.add(e.name, seed, out)
		log.Printf("%s, seed %d, %s: %.2f s, %.0f MB, %s %.6f", w.name, seed, e.name, out.Seconds, out.PeakMB, w.set.Metric().Name, out.quality)
	}
	return errors.Join(failures...)
}
