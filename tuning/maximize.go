package tuning

import (
	"math"
	"math/rand/v2"
	"slices"

	"github.com/batchmill/batchmill/tuning/internal/lbfgs"
	"github.com/batchmill/batchmill/tuning/internal/sobol"
)

// maximize looks for the point of the highest acquisition in a region that was not taken, and that acquisition: candidates all
// over it and around the best points, then uphill from the best of them. False if it finds none.
func (s *Search) maximize(e evidence, r region, rng *rand.Rand) (point, float64, bool) {
	best := slices.Min(e.expected)
	if r.aside {
		best = s.belief.model.Mean(r.center)
	}
	a := newAcquisition(s.belief.model, best, len(e.categorical))
	found := newRanking(a, s.candidates(e, r, rng))
	climbed := s.spreadOut(found, climbs)
	for i := range climbed {
		climbed[i] = s.climb(a, r, climbed[i])
	}
	sortCandidates(climbed)
	for _, c := range append(climbed, found.given...) {
		if p := s.pointOf(c.x); !s.isTaken(p) {
			return p, c.value, true
		}
	}
	for c, ok := found.next(); ok; c, ok = found.next() {
		if p := s.pointOf(c.x); !s.isTaken(p) {
			return p, c.value, true
		}
	}
	return nil, 0, false
}

// candidates are points of a Sobol sequence in the region, and points near the best ones observed.
func (s *Search) candidates(e evidence, r region, rng *rand.Rand) []candidate {
	var out []candidate
	u := make([]float64, len(s.axes))
	seed := rng.Uint64()
	for i := range globalCandidates {
		sobol.Point(u, uint32(i), seed)
		out = append(out, candidate{x: s.own(s.inside(r, u, rng), e)})
	}
	order := e.ranked()
	for k, i := range order[:min(len(order), localCenters)] {
		center := e.own[i]
		for range localCandidates >> k {
			out = append(out, candidate{x: s.near(center, r, rng)})
		}
	}
	return out
}

// expect fills in what the model says of the points that it was shown.
func (s *Search) expect(e *evidence) {
	for i, x := range e.x {
		own := s.own(s.coordinates(s.pointOf(x)), *e)
		expected := s.belief.model.Learned(i)
		if !slices.Equal(own, x) {
			expected = s.belief.model.Mean(own)
		}
		e.own, e.expected = append(e.own, own), append(e.expected, expected)
	}
}

// own is x with the code of the search's own task where there are others.
func (s *Search) own(x []float64, e evidence) []float64 {
	if len(x) < len(e.categorical) {
		return append(x, 0)
	}
	return x
}

// inside is the point of a region at u in the unit cube. A local one keeps some of the centre's categories, or all, and
// where there are many numbers some of those.
func (s *Search) inside(r region, u []float64, rng *rand.Rand) []float64 {
	x := make([]float64, len(u))
	moved := movedAxes / float64(len(u))
	for i, a := range s.axes {
		switch {
		case r.center != nil && (rng.Float64() > moved || a.Kind == Categorical && (r.fixed || rng.Float64() < keptCategories)):
			x[i] = r.center[i]
		case a.Kind == Categorical:
			x[i] = a.at(u[i])
		default:
			x[i] = a.unit(a.at(r.lo[i] + u[i]*(r.hi[i]-r.lo[i])))
		}
	}
	return x
}

// near moves some coordinates of a point: numbers by a normal step of a random size, categories anywhere, as the region has them.
func (s *Search) near(x []float64, r region, rng *rand.Rand) []float64 {
	y := slices.Clone(x)
	reach := math.Pow(10, -0.5-2.5*rng.Float64())
	n := len(s.axes)
	share := max(min(movedAxes/float64(n), 1)*rng.Float64(), 1/float64(n))
	moved := rng.IntN(n)
	for i, a := range s.axes {
		if i != moved && rng.Float64() > share {
			continue
		}
		if a.Kind == Categorical {
			y[i] = float64(rng.IntN(len(a.Values)))
			continue
		}
		step := rng.NormFloat64() * reach
		if a.Kind == Integer {
			y[i] = a.unit(a.neighbour(a.at(x[i]), x[i]+step, step))
			continue
		}
		y[i] = x[i] + step
	}
	s.pull(y, r)
	return y
}

// pull moves a point into the region.
func (s *Search) pull(x []float64, r region) {
	for i, a := range s.axes {
		switch {
		case a.Kind == Categorical:
			if r.fixed {
				x[i] = r.center[i]
			}
		case x[i] < r.lo[i] || x[i] > r.hi[i]:
			x[i] = min(max(x[i], r.lo[i]), r.hi[i])
			if a.Kind == Integer {
				x[i] = a.unit(a.at(x[i]))
			}
		}
	}
}

// neighbour is the integer at u, or the next one in the direction of the step where that is v itself.
func (a axis) neighbour(v, u, step float64) float64 {
	w := a.at(min(max(u, 0), 1))
	if w == v {
		w = v + math.Copysign(1, step)
	}
	return min(max(w, a.Min), a.Max)
}

// spreadOut picks the first n candidates that are not almost the same.
func (s *Search) spreadOut(found *ranking, n int) []candidate {
	var out []candidate
	for len(out) < n {
		c, ok := found.next()
		if !ok {
			break
		}
		if !slices.ContainsFunc(out, func(o candidate) bool { return s.close(o.x, c.x) }) {
			out = append(out, candidate{slices.Clone(c.x), c.value})
		}
	}
	return out
}

const closeBy = 0.02 // along every axis: local maxima are wider

func (s *Search) close(x, y []float64) bool {
	for i, a := range s.axes {
		if a.Kind == Categorical && x[i] != y[i] || math.Abs(x[i]-y[i]) > closeBy {
			return false
		}
	}
	return true
}

// climb goes uphill from a candidate: along the gradient for numbers, by single steps for integers and categories, in turn
// while that helps.
func (s *Search) climb(a *acquisition, r region, c candidate) candidate {
	for range climbRounds {
		was := c.value
		c = s.slide(a, r, c)
		next, moved := s.hop(a, r, c)
		c = next
		if !moved || c.value <= was {
			break
		}
	}
	return c
}

// slide follows the gradient over continuous coordinates.
func (s *Search) slide(a *acquisition, r region, c candidate) candidate {
	lo, hi := make([]float64, len(c.x)), make([]float64, len(c.x))
	free := false
	for i, ax := range s.axes {
		lo[i], hi[i] = c.x[i], c.x[i]
		if ax.Kind == Continuous && ax.Min < ax.Max || ax.Kind == Integer && ax.Max-ax.Min >= smoothLevels {
			lo[i], hi[i], free = min(r.lo[i], c.x[i]), max(r.hi[i], c.x[i]), true
		}
	}
	if !free {
		return c
	}
	x := slices.Clone(c.x)
	value := lbfgs.Minimize(func(x, g []float64) float64 {
		value := a.slope(x, g)
		for i := range g {
			g[i] = -g[i]
		}
		return -value
	}, x, lo, hi, lbfgs.Options{Evaluations: slideEvaluations, Gradient: 1e-4, Gain: 1e-6})
	for i, ax := range s.axes {
		if ax.Kind == Integer && lo[i] < hi[i] {
			x[i] = ax.unit(ax.at(x[i]))
			value = -a.at(x)
		}
	}
	if -value > c.value {
		return candidate{x, -value}
	}
	return c
}

// hop tries single steps of integers and other categories, taking each that helps.
func (s *Search) hop(a *acquisition, r region, c candidate) (candidate, bool) {
	moved := false
	x := slices.Clone(c.x)
	try := func(i int, u float64) {
		was := x[i]
		if u == was {
			return
		}
		x[i] = u
		if value := a.at(x); value > c.value {
			c = candidate{slices.Clone(x), value}
			moved = true
			return
		}
		x[i] = was
	}
	for i, ax := range s.axes {
		switch ax.Kind {
		case Categorical:
			if r.fixed {
				continue
			}
			for v := range ax.Values {
				try(i, float64(v))
			}
		case Integer:
			for _, step := range []float64{1, -1, 3, -3} {
				v := ax.at(x[i]) + step
				if u := ax.unit(v); v >= ax.Min && v <= ax.Max && u >= r.lo[i] && u <= r.hi[i] {
					try(i, u)
				}
			}
		}
	}
	return c, moved
}

// pointOf is the point of the space at coordinates as the model sees them, or the nearest one where a warm start brought
// some from outside.
func (s *Search) pointOf(x []float64) point {
	p := make(point, len(s.axes))
	for i, a := range s.axes {
		p[i] = max(x[i], 0)
		if a.Kind != Categorical {
			p[i] = a.at(min(max(x[i], 0), 1))
		}
	}
	return p
}
