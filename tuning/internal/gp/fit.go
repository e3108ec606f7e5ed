package gp

import (
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
	best, bestValue := plain.modes(prior), math.Inf(-1)
	first := b.Evaluations
	if b.Starts > 1 { // see first which one is worth the work
		first /= startShare
	}
	for i := range b.Starts {
		if v, value := plain.climb(data, prior, plain.startFrom(i, prior, last, rng), first); value > bestValue {
			best, bestValue = v, value
		}
	}
	if first < b.Evaluations {
		best, bestValue = plain.climb(data, prior, best, b.Evaluations-first)
	}
	numbers := 0
	for _, c := range categorical {
		if !c {
			numbers++
		}
	}
	if !prior.Warp || numbers == 0 || len(data.Y) < warpLeast {
		return plain.hyper(best)
	}
	warped := Shape{Categorical: categorical, Warped: true}
	from := append(slices.Clone(best), make([]float64, 2*len(categorical))...)
	if last != nil && last.A != nil {
		copy(from[len(best):], warped.vector(*last)[len(best):])
	}
	if v, value := warped.climb(data, prior, from, b.Evaluations); value > bestValue+warpMargin*float64(numbers) {
		return warped.hyper(v)
	}
	return plain.hyper(best)
}

// climb maximises the log posterior of the hyperparameters from v on, which it moves, and returns it.
func (s Shape) climb(data Data, prior Prior, v []float64, evaluations int) ([]float64, float64) {
	l := newLikelihood(s, data, meanVariance)
	priors := s.priors(prior)
	lo, hi := make([]float64, len(priors)), make([]float64, len(priors))
	for i, p := range priors {
		lo[i], hi[i] = p.lo, p.hi
		v[i] = min(max(v[i], p.lo), p.hi)
	}
	value := lbfgs.Minimize(func(v, gradient []float64) float64 {
		value := l.at(v, gradient)
		for i, p := range priors {
			term, slope := p.term(v[i])
			value += term
			gradient[i] = -(gradient[i] + slope)
		}
		return -value
	}, v, lo, hi, lbfgs.Options{Evaluations: evaluations, Gradient: 1e-3, Gain: 1e-6})
	return v, -value
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
