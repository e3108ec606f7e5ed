package gp

import (
	"math"
	"math/rand/v2"

	"github.com/batchmill/batchmill/tuning/internal/lbfgs"
)

// MinNoise is the least variance of an observation, which also keeps covariances invertible.
const MinNoise = 1e-8

// meanVariance is the prior variance of the constant mean of standardised values.
const meanVariance = 4

// Fit finds hyperparameters by maximum a posteriori, from the last ones (nil if there are none), from the priors' modes
// and from more random starts, each with at most so many evaluations of the likelihood.
func Fit(shape Shape, data Data, last *Hyper, starts, evaluations int, rng *rand.Rand) (Hyper, float64) {
	l := newLikelihood(shape, data, meanVariance)
	priors := shape.priors()
	lo, hi := make([]float64, len(priors)), make([]float64, len(priors))
	for i, p := range priors {
		lo[i], hi[i] = p.lo, p.hi
	}
	objective := func(v, gradient []float64) float64 {
		value := l.at(v, gradient)
		if math.IsInf(value, 0) || math.IsNaN(value) {
			return math.Inf(1)
		}
		for i, p := range priors {
			term, slope := p.term(v[i])
			value += term
			gradient[i] = -(gradient[i] + slope)
		}
		return -value
	}
	best, bestValue := shape.modes(), math.Inf(1)
	for i := range starts {
		v := shape.startFrom(i, last, rng)
		value := lbfgs.Minimize(objective, v, lo, hi, lbfgs.Options{Evaluations: evaluations, Gradient: 1e-3, Gain: 1e-6})
		if value < bestValue {
			best, bestValue = v, value
		}
	}
	return shape.hyper(best), -bestValue
}

// modes are the priors' modes.
func (s Shape) modes() []float64 {
	var v []float64
	for _, p := range s.priors() {
		v = append(v, min(max(p.mean, p.lo), p.hi))
	}
	return v
}

// startFrom is the i-th start: the last hyperparameters, modes with short lengths, the modes, then random ones.
func (s Shape) startFrom(i int, last *Hyper, rng *rand.Rand) []float64 {
	if last != nil {
		if i == 0 {
			return s.vector(*last)
		}
		i--
	}
	v := s.modes()
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
