package main

import (
	"math"
	"slices"

	"github.com/batchmill/batchmill/bench/tables"
)

// outcome is one training by one engine.
type outcome struct {
	Seconds  float64 `json:"seconds"`   // of training, binning included
	CPU      float64 `json:"cpu"`       // processor seconds of it, all threads
	LoadedMB float64 `json:"loaded_mb"` // memory with the data loaded, before training
	PeakMB   float64 `json:"peak_mb"`   // the high-water mark of memory during training
	quality  float64 // of predictions on the rows held back
}

// results are a work's outcomes by engine and seed.
type results struct {
	work work
	by   map[string]map[int]outcome
}

func (r *results) add(engine string, seed int, o outcome) {
	if r.by[engine] == nil {
		r.by[engine] = map[int]outcome{}
	}
	r.by[engine][seed] = o
}

// values are one number of an engine's outcomes, in the order of seeds.
func (r *results) values(engine string, of func(outcome) float64) []float64 {
	var seeds []int
	for seed := range r.by[engine] {
		seeds = append(seeds, seed)
	}
	slices.Sort(seeds)
	var values []float64
	for _, seed := range seeds {
		values = append(values, of(r.by[engine][seed]))
	}
	return values
}

// paired compares ours with rivals seed by seed: the runs of one seed stand side by side in time and have the same rows.
func (r *results) paired(compare func(ours outcome, rivals []outcome) float64, rivals ...string) []float64 {
	var values []float64
	for seed, o := range r.by[batchmill] {
		var theirs []outcome
		for _, name := range rivals {
			if other, ok := r.by[name][seed]; ok {
				theirs = append(theirs, other)
			}
		}
		if len(theirs) == len(rivals) {
			values = append(values, compare(o, theirs))
		}
	}
	return values
}

// ratio is the median of what ours takes relative to a rival.
func (r *results) ratio(rival string, of func(outcome) float64) float64 {
	return median(r.paired(func(ours outcome, theirs []outcome) float64 { return of(ours) / of(theirs[0]) }, rival))
}

// better is by how many percent ours predicts better than a rival.
func (r *results) better(rival string) tables.Estimate {
	m := r.work.set.Metric()
	return tables.EstimateOf(r.paired(func(ours outcome, theirs []outcome) float64 { return m.Better(ours.quality, theirs[0].quality) }, rival))
}

// median is NaN of no values.
func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	n := len(sorted)
	if n == 0 {
		return math.NaN()
	}
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}
