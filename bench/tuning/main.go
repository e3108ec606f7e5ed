// Command tuning holds Batchmill's hyperparameter search against Optuna's samplers, side by side: the regret after a
// number of trials on test functions with known optima and on tables of trainings made beforehand, as a Markdown table.
//
//	sh bench/peers/setup.sh tuning && go run ./bench/tuning
//
// Optuna's runs are kept in bench/tuning/.cache by version, so that only what is missing is run.
package main

import (
	"cmp"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// settings are the flags.
type settings struct {
	works, samplers []string
	first, seeds    int
	trials          int
	at              []int // numbers of trials after which regret is reported
	threads         int
	data, bench     string
	cached          bool
	log             bool
}

func main() {
	s := settings{}
	works := flag.String("works", "functions,tables", "names of works, or functions (continuous, mixed), tables, wide")
	samplers := flag.String("samplers", "ours,gp,tpe,random", "of ours, gp, tpe, random, with an 8 behind for 8 pending trials; the first is held against each other")
	flag.IntVar(&s.first, "first-seed", 1, "seed of the first run of each")
	flag.IntVar(&s.seeds, "seeds", 20, "runs of each")
	flag.IntVar(&s.trials, "trials", 100, "trials of each run")
	at := flag.String("at", "", "numbers of trials after which regret is reported; half of them and all by default")
	flag.IntVar(&s.threads, "threads", 2, "runs at a time")
	flag.StringVar(&s.data, "data", cmp.Or(os.Getenv("BATCHMILL_DATA"), "../shared/data"), "folder of the public data")
	flag.StringVar(&s.bench, "bench", "bench", "the folder this lies in")
	flag.BoolVar(&s.cached, "cached", false, "of Optuna's runs take only those in the cache; tables are over the seeds that all samplers have")
	flag.BoolVar(&s.log, "log", false, "print each run to standard error")
	speed := flag.Bool("speed", false, "measure the time of a suggestion instead")
	flag.Parse()
	s.works, s.samplers = strings.Split(*works, ","), strings.Split(*samplers, ",")
	run := compare
	if *speed {
		run = measureSpeed
	}
	err := s.reportAt(*at)
	if err == nil {
		err = run(s)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench/tuning:", err)
		os.Exit(1)
	}
}

// reportAt reads the numbers of trials after which regret is reported.
func (s *settings) reportAt(text string) error {
	if text == "" {
		s.at = []int{max(1, s.trials/2), s.trials}
		return nil
	}
	for _, number := range strings.Split(text, ",") {
		n, err := strconv.Atoi(number)
		if err != nil || n < 1 || n > s.trials {
			return fmt.Errorf("-at %s: no number of trials from 1 to %d", number, s.trials)
		}
		s.at = append(s.at, n)
	}
	return nil
}

// chosen lists the works that were named.
func (s settings) chosen() ([]work, error) {
	var out []work
	wanted := func(name string, groups ...string) bool {
		return slices.ContainsFunc(append(groups, name), func(n string) bool { return slices.Contains(s.works, n) })
	}
	for _, w := range continuous() {
		if wanted(w.name, "functions", "continuous") {
			out = append(out, w)
		}
	}
	for _, w := range mixed() {
		if wanted(w.name, "functions", "mixed") {
			out = append(out, w)
		}
	}
	for _, w := range wide() {
		if wanted(w.name, "wide") {
			out = append(out, w)
		}
	}
	for _, t := range tables {
		name, _, _ := strings.Cut(t.file, ".")
		if !wanted(name, "tables") {
			continue
		}
		w, err := t.load(filepath.Join(s.data, "hpo_tables"))
		if err != nil {
			return nil, err
		}
		out = append(out, w)
	}
	return out, nil
}

// job is one run to make.
type job struct {
	work    work
	sampler string
	seed    int
}

// compare makes all runs and prints what came of them.
func compare(s settings) error {
	works, err := s.chosen()
	if err != nil {
		return err
	}
	jobs := make(chan job)
	go func() {
		defer close(jobs)
		for seed := s.first; seed < s.first+s.seeds; seed++ {
			for _, w := range works {
				for _, sampler := range s.samplers {
					jobs <- job{w, sampler, seed}
				}
			}
		}
	}()
	all := newResults()
	errs := make(chan error, s.threads)
	var group sync.WaitGroup
	for range s.threads {
		group.Go(func() {
			r := runner{settings: s}
			defer r.close()
			for j := range jobs {
				got, err := r.run(j)
				if errors.Is(err, errNotCached) {
					continue
				}
				if err != nil {
					errs <- fmt.Errorf("%s on %s, seed %d: %w", j.sampler, j.work.name, j.seed, err)
					for range jobs { // let the sender end
					}
					return
				}
				all.add(j, got, s)
			}
		})
	}
	group.Wait()
	select {
	case err := <-errs:
		return err
	default:
	}
	all.print(works, s)
	return nil
}
