// Command realtuning tunes eight hyperparameters of gradient-boosted trees on real tables with Batchmill (package tuning
// and algorithms/xgboost), with and without early stopping, and with Optuna and XGBoost: the same rows, rounds and threads, a
// trial after the other.
//
//	sh bench/peers/setup.sh tuning && go run ./bench/realtuning                            # all of it, over an hour
//	go run ./bench/realtuning -work adult -side batchmill,optuna-tpe -seeds 1 -limit 3m    # a piece
//	go run ./bench/realtuning -rows 4000 -rounds 60 -seeds 24 -side batchmill,batchmill-auto # many short ones
//	go run ./bench/realtuning -limit 0                                                     # the tables of what is kept
//	go run ./bench/realtuning -replay 20 -side batchmill,optuna-tpe                        # what early stopping would save of it
//
// The same through the whole stack, as "batchmill tune" runs it, two trainings at once:
//
//	batchmill dev & eval "$(batchmill env)"
//	go run ./bench/realtuning -work california_housing -side batchmill-stack,optuna-tpe -seeds 1
//
// Every trial is kept in bench/realtuning/.cache: a run that was ended goes on where it was.
package main

import (
	"cmp"
	"context"
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
	data     string
	work     string
	side     string
	first    int
	seeds    int
	trials   int
	threads  int
	parallel int
	limit    time.Duration
	python   string
	keep     string
	replay   int
	rows     int
	rounds   int
}

// The sides. Those of a peer have its sampler's name.
const (
	sideOurs    = "batchmill"
	sideAuto    = "batchmill-auto" // trainings are stopped early
	sideRandom  = "batchmill-random"
	sideTPE     = "optuna-tpe"         // TPESampler(multivariate=True)
	sideDefault = "optuna-tpe-default" // TPESampler()
	// A tuning job on the stack that the environment names.
	sideStack     = "batchmill-stack"
	sideStackAuto = "batchmill-stack-auto"
)

func sides() []string {
	return []string{sideOurs, sideAuto, sideRandom, sideTPE, sideDefault, sideStack, sideStackAuto}
}

func main() {
	var o options
	flag.StringVar(&o.data, "data", local.DataFolder(), "folder of the shared data sets ($BATCHMILL_DATA)")
	flag.StringVar(&o.work, "work", "", "works to run, separated by commas; all if empty")
	flag.StringVar(&o.side, "side", strings.Join([]string{sideOurs, sideAuto, sideTPE}, ","), "sides to run, of "+strings.Join(sides(), ", "))
	flag.IntVar(&o.first, "first", 0, "the first seed")
	flag.IntVar(&o.seeds, "seeds", 3, "how many seeds")
	flag.IntVar(&o.trials, "trials", 60, "trials of a run")
	flag.IntVar(&o.parallel, "parallel", 2, "trainings at once on the stack")
	flag.IntVar(&o.threads, "threads", runtime.GOMAXPROCS(0), "threads of every training")
	flag.DurationVar(&o.limit, "limit", 24*time.Hour, "begin no trial after this time; 0: only show what is kept")
	flag.StringVar(&o.python, "python", filepath.Join("bench", "peers", ".venv-tuning", "bin", "python"), "Python with optuna and xgboost")
	flag.StringVar(&o.keep, "keep", filepath.Join("bench", "realtuning", ".cache"), "folder of the trials made")
	flag.IntVar(&o.rows, "rows", 0, "draw so many rows of each table, to have many seeds in little time; 0: all")
	flag.IntVar(&o.rounds, "rounds", 0, "rounds of every training; 0: as the work has them")
	flag.IntVar(&o.replay, "replay", 0, "show what early stopping would make of the kept runs, in the order tried and in so many others; trains nothing")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := o.run(ctx); err != nil {
		log.Fatal(err)
	}
}

// run makes what is missing, as far as time allows, and shows what there is.
func (o options) run(ctx context.Context) error {
	chosen := strings.Split(o.side, ",")
	for _, s := range chosen {
		if !slices.Contains(sides(), s) {
			return fmt.Errorf("unknown side %q", s)
		}
	}
	deadline := time.Now().Add(o.limit)
	for _, w := range works() {
		w.rows, w.rounds = o.rows, cmp.Or(o.rounds, w.rounds)
		if o.work != "" && !slices.Contains(strings.Split(o.work, ","), w.name) {
			continue
		}
		if o.replay > 0 {
			for _, side := range chosen {
				if err := o.showReplays(w, side); err != nil {
					return err
				}
			}
			continue
		}
		for seed := o.first; seed < o.first+o.seeds; seed++ {
			for _, side := range chosen {
				o.limit = time.Until(deadline)
				if err := o.complete(ctx, w, side, seed); err != nil {
					return fmt.Errorf("%s, %s, seed %d: %w", w.name, side, seed, err)
				}
			}
		}
		if err := o.show(w, chosen); err != nil {
			return err
		}
	}
	return nil
}

// complete makes a run's missing trials until time is up.
func (o options) complete(ctx context.Context, w work, side string, seed int) error {
	deadline := time.Now().Add(o.limit)
	k, err := o.kept(w, side, seed)
	if err != nil {
		return err
	}
	done, err := k.read()
	if err != nil || len(done) >= o.trials || o.limit <= 0 {
		return err
	}
	if strings.HasPrefix(side, "optuna-") {
		return o.peer(ctx, w, side, seed, k, done)
	}
	if side == sideStack || side == sideStackAuto {
		return o.completeOnStack(ctx, w, side, seed, k)
	}
	r, err := o.ours(ctx, w, side, seed)
	if err != nil {
		return err
	}
	if err := r.replay(done); err != nil {
		return err
	}
	for n := len(done); n < o.trials && time.Now().Before(deadline); n++ {
		t, err := r.next(ctx)
		if err != nil {
			return err
		}
		if err := k.add(t); err != nil {
			return err
		}
	}
	return nil
}

// completeOnStack makes all trials of a run at once: a tuning job is not taken up again here.
func (o options) completeOnStack(ctx context.Context, w work, side string, seed int, k kept) error {
	all, err := o.stack(ctx, w, side, seed)
	if err != nil {
		return err
	}
	for _, t := range all {
		if err := k.add(t); err != nil {
			return err
		}
	}
	return nil
}
