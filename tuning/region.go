package tuning

import (
	"math"
	"slices"

	"github.com/batchmill/batchmill/tuning/internal/gp"
)

// region is where the next trial is looked for, in coordinates as the model sees them: all of the cube, or for a local trial
// a box around the best point known.
type region struct {
	lo, hi []float64 // by axis of numbers
	center []float64 // of a local trial, else nil
	fixed  bool      // categories are the centre's, else any
}

// region is a box for local trials, so many of every four, and the cube for the others. Far from what was observed a model of
// many parameters expects much of every corner; a box that follows success keeps half of the trials out of them (trust
// regions: Eriksson, Pearce, Gardner, Turner and Poloczek 2019, Scalable Global Optimization via Local Bayesian
// Optimization, NeurIPS).
func (s *Search) region(id int, e evidence) region {
	r := region{lo: make([]float64, len(s.axes)), hi: make([]float64, len(s.axes))}
	for i := range r.hi {
		r.hi[i] = 1
	}
	pending := len(e.x) - len(e.values)
	if localOrder[id%len(localOrder)] < s.localShare(pending) {
		r.fixed = pending > 0
		s.shrink(&r, s.side(pending), e)
	}
	return r
}

// localShare is how many of four trials are local: none in a finite space, where the nearest points are soon used up; more
// beside pending trials, for what those will tell of places near the best point is not known yet, and without it the model
// expects more of places far away.
func (s *Search) localShare(pending int) int {
	switch {
	case !slices.ContainsFunc(s.axes, func(a axis) bool { return a.Kind == Continuous && a.Min < a.Max }):
		return 0
	case pending > 0:
		return localBeside
	}
	return localAlone
}

// localOrder spreads local trials over every four.
var localOrder = [...]int{0, 2, 1, 3}

// shrink makes a region the box of a local trial: a side for numbers on average, longer where the model's length is.
func (s *Search) shrink(r *region, side float64, e evidence) {
	r.center = s.expectedBest(s.belief.model, e)
	stretch := s.stretch()
	for i, a := range s.axes {
		if a.Kind == Categorical {
			continue
		}
		half := side / 2 * stretch[i]
		if a.Kind == Integer { // at least a step each way
			half = max(half, wholeStep*math.Abs(a.unit(a.at(r.center[i])+1)-r.center[i]))
		}
		r.lo[i], r.hi[i] = max(0, r.center[i]-half), min(1, r.center[i]+half)
	}
}

// wholeStep is a little more than 1, so that rounding does not lose the next integer.
const wholeStep = 1.01

// expectedBest is the observed point at which the model expects the least, in the search's own task.
func (s *Search) expectedBest(m *gp.Model, e evidence) []float64 {
	var best []float64
	least := math.Inf(1)
	for _, x := range e.x[:len(e.values)] {
		x = s.own(s.coordinates(s.pointOf(x)), e)
		if mean := m.Mean(x); best == nil || mean < least {
			best, least = x, mean
		}
	}
	return best
}

// stretch is how much longer than the average a side is, along each axis of numbers, for the model's lengths.
func (s *Search) stretch() []float64 {
	lengths := s.belief.Fits[s.belief.turn].Hyper.Lengths
	out := make([]float64, len(s.axes))
	sum, n := 0.0, 0.0
	for i, a := range s.axes {
		out[i] = min(max(lengths[i], stretchLeast), stretchMost)
		if a.Kind != Categorical {
			sum, n = sum+math.Log(out[i]), n+1
		}
	}
	mean := math.Exp(sum / max(n, 1))
	for i := range out {
		out[i] /= mean
	}
	return out
}

// side is the length of a local trial's box after the results so far: twice as long after some improvements in a row, half
// as long after some failures, as at the beginning once it has become tiny. Trials chosen side by side know nothing of each
// other's failure, so it takes so many times more of them.
func (s *Search) side(pendingNow int) float64 {
	patience := max(failuresLeast, len(s.axes)/axesPerFailure) * (1 + pendingNow)
	side, improved, failures := sideStart, 0, 0
	best := math.Inf(1)
	for _, r := range s.records {
		if r.status == pending {
			continue
		}
		v := math.Inf(1)
		if r.status == told {
			v = s.options.Goal.sign() * r.value
		}
		better := v < best
		best = min(best, v)
		switch {
		case !r.local:
			continue
		case better:
			improved, failures = improved+1, 0
		default:
			improved, failures = 0, failures+1
		}
		switch {
		case improved == improvements:
			side, improved = min(2*side, sideMost), 0
		case failures >= patience:
			side, failures = side/2, 0
		}
		if side < sideLeast {
			side, improved, failures = sideStart, 0, 0
		}
	}
	return side
}
