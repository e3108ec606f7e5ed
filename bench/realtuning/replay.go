package main

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"gonum.org/v1/gonum/stat"

	"github.com/batchmill/batchmill/tuning"
)

// replayed is what early stopping would have made of a run whose trainings are all complete.
type replayed struct {
	saved  float64   // share of the rounds
	lost   float64   // by how much the best that is left is worse, as a share
	errors []float64 // of the forecasts for those stopped, as shares of what they came to
}

// replayStops holds the trials of a run, in the given order, against those before them.
func replayStops(all []trial, order []int) replayed {
	s := &tuning.Stopper{}
	best, left := math.Inf(1), math.Inf(1)
	var r replayed
	rounds, done := 0, 0
	for id, i := range order {
		curve := all[i].Curve
		last := curve[len(curve)-1]
		n := replayTrial(s, id, curve)
		if n < len(curve) {
			if forecast, ok := s.Forecast(id); ok {
				r.errors = append(r.errors, forecast/last-1)
			}
		}
		rounds, done = rounds+len(curve), done+n
		best, left = min(best, last), min(left, curve[n-1])
	}
	r.saved, r.lost = 1-float64(done)/float64(rounds), left/best-1
	return r
}

// replayTrial is how many rounds a trial has.
func replayTrial(s *tuning.Stopper, id int, curve []float64) int {
	for i, v := range curve {
		if s.Report(id, len(curve), v) {
			return i + 1
		}
	}
	s.Finish(id)
	return len(curve)
}

// showReplays prints what early stopping would save and lose over the kept runs of a side: in the order tried, and shuffled.
func (o options) showReplays(w work, side string) error {
	var tried, shuffled []replayed
	for seed := o.first; seed < o.first+o.seeds; seed++ {
		all, err := o.trialsOf(w, side, seed)
		if err != nil {
			return err
		}
		if len(all) < o.trials {
			continue
		}
		order := make([]int, len(all))
		for i := range order {
			order[i] = i
		}
		tried = append(tried, replayStops(all, order))
		for shuffle := range uint64(o.replay) {
			shuffled = append(shuffled, replayStops(all, rand.New(rand.NewPCG(shuffle, uint64(seed))).Perm(len(all))))
		}
	}
	showReplayed(w, side, "as tried", tried)
	showReplayed(w, side, "shuffled", shuffled)
	return nil
}

func showReplayed(w work, side, order string, all []replayed) {
	if len(all) == 0 {
		return
	}
	var saved, lost, errors []float64
	for _, r := range all {
		saved, lost, errors = append(saved, r.saved), append(lost, r.lost), append(errors, r.errors...)
	}
	for _, values := range [][]float64{saved, lost, errors} {
		slices.Sort(values)
	}
	quantile := func(values []float64, q float64) float64 {
		if len(values) == 0 { // no trial was stopped
			return math.NaN()
		}
		return 100 * values[int(q*float64(len(values)-1))]
	}
	fmt.Printf("| %s | %s | %s | %d | %.1f (%.1f to %.1f) | %.3f (at most %.3f) | %.2f (%.2f to %.2f) |\n", w.name, side, order, len(all),
		100*stat.Mean(saved, nil), quantile(saved, 0), quantile(saved, 1), 100*stat.Mean(lost, nil), quantile(lost, 1),
		quantile(errors, 0.5), quantile(errors, 0.1), quantile(errors, 0.9))
}
