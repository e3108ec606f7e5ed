package main

import (
	"cmp"
	"fmt"
	"math"
	"strings"
)

// summary is what a run came to.
type summary struct {
	trials, stopped int
	best            float64
	rounds          int
	train, suggest  float64 // seconds
	version         string
}

func summarize(all []trial) summary {
	s := summary{trials: len(all), best: math.Inf(1)}
	for _, t := range all {
		s.best = min(s.best, t.Value)
		s.rounds += len(t.Curve)
		s.train += t.Train
		s.suggest += t.Suggest
		s.version = cmp.Or(t.Version, s.version)
		if t.Stopped {
			s.stopped++
		}
	}
	return s
}

// show prints a work's table: a line for each side, with the mean over the seeds that every side has finished.
func (o options) show(w work, sides []string) error {
	var seeds []int
	for seed := o.first; seed < o.first+o.seeds; seed++ {
		complete := true
		for _, side := range sides {
			all, err := o.trialsOf(w, side, seed)
			if err != nil {
				return err
			}
			complete = complete && len(all) == o.trials
		}
		if complete {
			seeds = append(seeds, seed)
		}
	}
	if len(seeds) == 0 {
		fmt.Printf("%s: no seed is complete yet\n\n", w.name)
		return nil
	}
	fmt.Printf("%s: %d trials of %d rounds, %d threads, seeds %v\n\n", w.name, o.trials, w.rounds, o.threads, seeds)
	fmt.Printf("| side | best %s, mean | by seed | training s | suggesting s | rounds | stopped early | versions |\n|---|---|---|---|---|---|---|---|\n", w.metric)
	for _, side := range sides {
		var total summary
		var bySeed []string
		n := float64(len(seeds))
		for _, seed := range seeds {
			all, err := o.trialsOf(w, side, seed)
			if err != nil {
				return err
			}
			s := summarize(all)
			total.best += s.best / n
			total.train += s.train / n
			total.suggest += s.suggest / n
			total.rounds += s.rounds
			total.stopped += s.stopped
			total.version = s.version
			bySeed = append(bySeed, fmt.Sprintf("%.5f", s.best))
		}
		fmt.Printf("| %s | %.5f | %s | %.1f | %.1f | %.0f | %.1f | %s |\n", side, total.best, strings.Join(bySeed, " "), total.train, total.suggest,
			float64(total.rounds)/n, float64(total.stopped)/n, total.version)
	}
	fmt.Println()
	return nil
}

// trialsOf are those kept of a run, as many as are asked for.
func (o options) trialsOf(w work, side string, seed int) ([]trial, error) {
	k, err := o.kept(w, side, seed)
	if err != nil {
		return nil, err
	}
	all, err := k.read()
	return all[:min(len(all), o.trials)], err
}
