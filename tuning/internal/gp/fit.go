package gp

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/batchmill/batchmill/tuning/internal/lbfgs"
)

// MinNoise is the least variance of an observation, which also keeps covariances invertible.
const MinNoise = 1e-8

// meanVariance is the prior variance of the constant mean of standardised values.
const meanVariance = 4

// Budget bounds the work of a fit.
type Budget struct {
	Starts      int // of the search for the plain kernel; the warped one starts from what it found
	Evaluations int // of the likelihood, at most: for the best start and for the warped kernel, a part of them for each other start
}

// Fit finds hyperparameters by maximum a posteriori: from the last ones (nil if there are none), from the priors' modes and
// from random ones. Inputs are warped only where that makes the data more likely by a margin for each number, for it has two
// parameters more for each.
func Fit(categorical []bool, data Data, prior Prior, last *Hyper, b Budget, rng *rand.Rand) Hyper {
	plain := Shape{Categorical: categorical}
	best := plain.climbFromStarts(data, prior, last, b, rng)
	numbers := 0
	for _, c := range categorical {
		if !c {
			numbers++
		}
	}
	if !prior.Warp || numbers == 0 || len(data.Y) < warpLeast {
		return plain.hyper(best.X)
	}
	warped := Shape{Categorical: categorical, Warped: true}
	from := append(slices.Clone(best.X), make([]float64, 2*len(categorical))...)
	if last != nil && last.A != nil {
		copy(from[len(best.X):], warped.vector(*last)[len(best.X):])
	}
	bent := newLikelihood(warped, data, meanVariance).climb(prior, from)
	if bent.Go(b.Evaluations - 1); -bent.Value > -best.Value+warpMargin*float64(numbers) {
		return warped.hyper(bent.X)
	}
	return plain.hyper(best.X)
}

// climbFromStarts is the best climb: it has all evaluations, others a part of them, to show their worth.
func (s Shape) climbFromStarts(data Data, prior Prior, last *Hyper, b Budget, rng *rand.Rand) *lbfgs.Descent {
	l := newLikelihood(s, data, meanVariance)
	climbs := make([]*lbfgs.Descent, b.Starts)
	for i := range climbs {
		climbs[i] = l.climb(prior, s.startFrom(i, prior, last, rng))
	}
	made := 1
	for _, share := range startShares {
		if len(climbs) == 1 {
			break
		}
		for _, c := range climbs {
			c.Go(b.Evaluations/share - made)
		}
		made = b.Evaluations / share
		slices.SortStableFunc(climbs, func(a, b *lbfgs.Descent) int { return cmp.Compare(a.Value, b.Value) })
		least := climbs[0].Value
		climbs = slices.DeleteFunc(climbs, func(c *lbfgs.Descent) bool { return c.Value > least+startMargin })
	}
	climbs[0].Go(b.Evaluations - made)
	return climbs[0]
}

// climb begins to maximise the log posterior of the hyperparameters from v on, which it moves.
func (l *likelihood) climb(prior Prior, v []float64) *lbfgs.Descent {
	priors := l.points.shape.priors(prior)
	lo, hi := make([]float64, len(priors)), make([]float64, len(priors))
	for i, p := range priors {
		lo[i], hi[i] = p.lo, p.hi
		v[i] = min(max(v[i], p.lo), p.hi)
	}
	return lbfgs.Start(func(v, gradient []float64) float64 {
		value := l.at(v, gradient)
		if !(value > math.Inf(-1)) {
			return math.Inf(1)
		}
		for i, p := range priors {
			term, slope := p.term(v[i])
			value += term
			gradient[i] = -(gradient[i] + slope)
		}
		return -value
	}, v, lo, hi, lbfgs.Options{Gradient: 1e-3, Gain: 1e-6})
}

// modes are the priors' modes.
func (s Shape) modes(prior Prior) []float64 {
	var v []float64
	for _, p := range s.priors(prior) {
		v = append(v, min(max(p.mean, p.lo), p.hi))
	}
	return v
}

// startFrom is the i-th start: the last hyperparameters, modes with short lengths, the modes, then random ones.
func (s Shape) startFrom(i int, prior Prior, last *Hyper, rng *rand.Rand) []float64 {
	if last != nil {
		if i == 0 {
			return s.vector(*last)[:s.size()]
		}
		i--
	}
	v := s.modes(prior)
	n := len(s.Categorical)
	switch i {
	case 0:
		for d := range n {
			v[d] = shortStart
		}
	case 1:
	default:
		for d := range n {
			v[d] = math.Log(0.05) + rng.Float64()*math.Log(100)
		}
		v[n+1] = math.Log(MinNoise) + rng.Float64()*math.Log(1e7)
	}
	return v
}
