package main

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/batchmill/batchmill/tuning"
)

// result is one run: the best cost after each trial, and what the suggestions took.
type result struct {
	Best     []float64 `json:"best"`
	Seconds  float64   `json:"seconds"`
	Versions string    `json:"versions,omitempty"`
}

// sampler suggests trials; its second method tells what became of the last one.
type sampler interface {
	ask() (tuning.Trial, error)
	tell(tuning.Trial, float64) error
}

// errNotCached says that a run of a peer is not in the cache, where only those are wanted.
var errNotCached = errors.New("not in the cache")

// runner makes runs one after another.
type runner struct {
	settings
	peer *peer
}

func (r *runner) close() {
	if r.peer != nil {
		r.peer.close()
	}
}

// run makes one run, or finds it in the cache.
func (r *runner) run(j job) (result, error) {
	name, pending := atOnce(j.sampler)
	if name == "ours" {
		return r.trial(j, &ours{}, pending)
	}
	cached, err := openCache(r.bench, j, r.trials)
	if err != nil {
		return result{}, err
	}
	if got, ok := cached.read(); ok {
		return got, nil
	}
	if r.cached {
		return result{}, errNotCached
	}
	if r.peer == nil {
		if r.peer, err = startPeer(r.bench); err != nil {
			return result{}, err
		}
	}
	got, err := r.trial(j, r.peer, pending)
	if err != nil {
		return result{}, err
	}
	got.Versions = r.peer.versions
	return got, cached.write(got)
}

// atOnce is a sampler's name without what says how many trials are pending at a time, and that number.
func atOnce(sampler string) (name string, trials int) {
	if name, many := strings.CutSuffix(sampler, "8"); many {
		return name, 8
	}
	return sampler, 1
}

// starter is a sampler that can begin anew.
type starter interface {
	sampler
	start(j job) error
}

// trial lets a sampler make its trials, so many of them pending at a time. Results come in the order asked.
func (r *runner) trial(j job, s starter, parallel int) (result, error) {
	if err := s.start(j); err != nil {
		return result{}, err
	}
	var got result
	best := math.Inf(1)
	var open []tuning.Trial
	for len(got.Best) < r.trials {
		for asked := len(got.Best) + len(open); len(open) < parallel && asked < r.trials; asked++ {
			begin := time.Now()
			t, err := s.ask()
			if err != nil {
				return result{}, err
			}
			got.Seconds += time.Since(begin).Seconds()
			open = append(open, t)
		}
		cost := j.work.cost(open[0])
		if cost < best {
			best = cost
		}
		got.Best = append(got.Best, best)
		begin := time.Now()
		if err := s.tell(open[0], cost); err != nil {
			return result{}, err
		}
		got.Seconds += time.Since(begin).Seconds()
		open = open[1:]
	}
	return got, nil
}

// ours is the search under test.
type ours struct{ search *tuning.Search }

func (o *ours) start(j job) (err error) {
	o.search, err = tuning.New(j.work.space, tuning.Options{Seed: uint64(j.seed)})
	return err
}

func (o *ours) ask() (tuning.Trial, error) {
	trials, err := o.search.Ask(1)
	if err == nil && len(trials) == 0 {
		err = fmt.Errorf("the space is exhausted after %d trials", o.search.Asked())
	}
	if err != nil {
		return tuning.Trial{}, err
	}
	return trials[0], nil
}

func (o *ours) tell(t tuning.Trial, cost float64) error {
	return o.search.Tell(t.ID, tuning.Result{Value: cost})
}
