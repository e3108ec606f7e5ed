package main

import (
	"fmt"
	"runtime"
	"slices"
	"syscall"
	"time"

	"github.com/batchmill/batchmill/tuning"
)

const (
	oursTimed = 30 // suggestions timed at each number of observations
	peerTimed = 4  // GPSampler's take seconds
)

// measureSpeed prints what a suggestion costs after so many observations of a function of ten parameters, fits included: ours,
// and Optuna's GPSampler's after the same observations.
func measureSpeed(s settings) error {
	fmt.Printf("%d cores\n\n| observations | sampler | CPU ms, mean | ms, mean | median | longest |\n|---|---|---|---|---|---|\n", runtime.GOMAXPROCS(0))
	j := job{work{space: box(10, -5, 5), cost: ofVector(10, styblinskiTang)}, "gp", 1}
	mine := &ours{}
	if err := mine.start(j); err != nil {
		return err
	}
	var seen []observed
	for _, n := range []int{100, 500} {
		for len(seen) < n {
			o, err := step(mine, j)
			if err != nil {
				return err
			}
			seen = append(seen, o)
		}
		if err := s.timePeer(j, seen); err != nil {
			return err
		}
		used := cpu()
		var took []float64
		for range oursTimed {
			begin := time.Now()
			o, err := step(mine, j)
			if err != nil {
				return err
			}
			took = append(took, float64(time.Since(begin).Microseconds())/1000)
			seen = append(seen, o)
		}
		printTimes(n, "ours", (cpu()-used)/oursTimed, took)
	}
	return nil
}

// observed is a trial with its cost.
type observed struct {
	trial tuning.Trial
	cost  float64
}

// step asks for a trial and tells its cost.
func step(s sampler, j job) (observed, error) {
	t, err := s.ask()
	if err != nil {
		return observed{}, err
	}
	o := observed{t, j.work.cost(t)}
	return o, s.tell(t, o.cost)
}

// timePeer times the peer's suggestions after what was seen.
func (s settings) timePeer(j job, seen []observed) error {
	if !slices.Contains(s.samplers, j.sampler) {
		return nil
	}
	p, err := startPeer(s.bench)
	if err != nil {
		return err
	}
	defer p.close()
	if err := p.start(j); err != nil {
		return err
	}
	for _, o := range seen {
		if err := p.add(o.trial, o.cost); err != nil {
			return err
		}
	}
	if _, err := step(p, j); err != nil { // loads what the sampler needs
		return err
	}
	before, err := p.cpu()
	if err != nil {
		return err
	}
	var took []float64
	for range peerTimed {
		begin := time.Now()
		if _, err := step(p, j); err != nil {
			return err
		}
		took = append(took, float64(time.Since(begin).Microseconds())/1000)
	}
	after, err := p.cpu()
	if err != nil {
		return err
	}
	printTimes(len(seen), j.sampler, (after-before)/peerTimed, took)
	return nil
}

func printTimes(observations int, sampler string, used float64, took []float64) {
	fmt.Printf("| %d to %d | %s | %.1f | %.1f | %.1f | %.1f |\n", observations, observations+len(took), sampler, used, mean(took), median(took), slices.Max(took))
}

// cpu is the processor time this process has used, in milliseconds: what a busy machine does not distort.
func cpu() float64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return float64(u.Utime.Nano()+u.Stime.Nano()) / 1e6
}
