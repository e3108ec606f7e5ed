package tuning

import (
	"math"
	"slices"
)

// region is where a trial is looked for, in coordinates as the model sees them: all of the cube, or a box around a point that
// was observed.
type region struct {
	lo, hi []float64 // by axis of numbers
	center []float64 // of a box, else nil
	fixed  bool      // categories are the centre's, else any
	aside  bool      // what is to be improved on is the centre, not the best point
}

// A look is a way to choose a trial.
type look int

const (
	everywhere look = iota // the most expected improvement in all of the cube
	local                  // likewise in a box around the best point known
	aside                  // the most expected improvement around another good point
)

// looks take turns, and so do those beside pending trials. Far from what was observed a model of many parameters expects
// much of every corner; a box that follows success keeps half of the trials out of them (trust regions: Eriksson, Pearce,
// Gardner, Turner and Poloczek 2019, Scalable Global Optimization via Local Bayesian Optimization, NeurIPS). Both stay where
// the best valley so far is, and go on there when nothing is left to be gained: every fourth trial goes down another one.
// Beside pending trials three of four are local, for what those will tell of places near the best point is not known yet, and
// without it the model expects more of places far away.
var (
	looks       = [...]look{aside, everywhere, local, everywhere}
	looksBeside = [...]look{aside, local, local, local, local, local, local, everywhere}
)

// look is how a trial is chosen. A finite space has no boxes: the nearest points are soon used up.
func (s *Search) look(id, pending int) look {
	switch {
	case !slices.ContainsFunc(s.axes, func(a axis) bool { return a.Kind == Continuous && a.Min < a.Max }):
		return everywhere
	case pending > 0:
		return looksBeside[id%len(looksBeside)]
	}
	return looks[id%len(looks)]
}

// cube is the region of all points.
func (s *Search) cube() region {
	r := region{lo: make([]float64, len(s.axes)), hi: make([]float64, len(s.axes))}
	for i := range r.hi {
		r.hi[i] = 1
	}
	return r
}

// box is a region around a point: a side for numbers on average, longer where the model's length is. Beside pending trials
// it keeps the categories.
func (s *Search) box(center []float64, side float64, pending int) region {
	r := s.cube()
	r.center, r.fixed = center, pending > 0
	stretch := s.stretch()
	for i, a := range s.axes {
		if a.Kind == Categorical {
			continue
		}
		half := side / 2 * stretch[i]
		if a.Kind == Integer { // at least a step each way
			half = max(half, wholeStep*math.Abs(a.unit(a.at(center[i])+1)-center[i]))
		}
		r.lo[i], r.hi[i] = max(0, center[i]-half), min(1, center[i]+half)
	}
	return r
}

// wholeStep is a little more than 1, so that rounding does not lose the next integer.
const wholeStep = 1.01

// expectedBest is the observed point outside some boxes at which the model expects the least, in the search's own task; nil if
// there is none.
func (s *Search) expectedBest(e evidence, outside []region) []float64 {
	var best []float64
	least := math.Inf(1)
	for i, x := range e.own[:len(e.values)] {
		if slices.ContainsFunc(outside, func(r region) bool { return s.within(x, r) }) {
			continue
		}
		if best == nil || e.expected[i] < least {
			best, least = x, e.expected[i]
		}
	}
	return best
}

// within tells whether a point lies in a box and has the categories of its centre.
func (s *Search) within(x []float64, r region) bool {
	for i, a := range s.axes {
		if a.Kind == Categorical && x[i] != r.center[i] || a.Kind != Categorical && (x[i] < r.lo[i] || x[i] > r.hi[i]) {
			return false
		}
	}
	return true
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
// as long after some failures, as at the beginning once it has become tiny. Beside pending trials it is half of that, and
// bears more failures, for trials chosen side by side know nothing of each other's.
func (s *Search) side(pendingNow int) float64 {
	patience := max(failuresLeast, len(s.axes)/axesPerFailure)
	if pendingNow > 0 {
		patience = max(patience, int(patienceBeside*float64(patience*(1+pendingNow))))
		return sideBeside * s.sideAfter(patience)
	}
	return s.sideAfter(patience)
}

// sideAfter is the side by its rule with so many failures in a row that make it shorter.
func (s *Search) sideAfter(patience int) float64 {
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
