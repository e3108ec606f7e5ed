package tuning

import (
	"math"

	"github.com/batchmill/batchmill/tuning/internal/gp"
)

// acquisition is the log of the expected improvement over the best value the model expects at an observed point. Where
// values are noisy it counts only the share of the deviation that a trial would do away with: else the best place known, where a
// little improvement is always left to be expected, is tried again and again (augmented expected improvement: Huang, Allen,
// Notz and Zeng 2006, Global Optimization of Stochastic Black-Box Systems via Sequential Kriging Meta-Models, Journal of
// Global Optimization 34).
type acquisition struct {
	model               *gp.Model
	best                float64
	noise               float64 // deviation of an observation; 0 if that is not worth speaking of
	byMean, byDeviation []float64
}

func newAcquisition(m *gp.Model, best float64, axes int) *acquisition {
	a := &acquisition{model: m, best: best, byMean: make([]float64, axes), byDeviation: make([]float64, axes)}
	if noise := m.Noise(); noise > realNoise {
		a.noise = math.Sqrt(noise)
	}
	return a
}

func (a *acquisition) at(x []float64) float64 {
	mean, deviation := a.model.Predict(x)
	return a.of(mean, deviation)
}

// all are candidates with their values.
func (a *acquisition) all(some []candidate) []candidate {
	points, out := make([][]float64, len(some)), make([]candidate, len(some))
	for i, c := range some {
		points[i] = c.x
	}
	means, deviations := a.model.PredictAll(points)
	for i, x := range points {
		out[i] = candidate{x, a.of(means[i], deviations[i])}
	}
	return out
}

// bound is at least the acquisition at x, and costs less.
func (a *acquisition) bound(x []float64) float64 {
	mean, deviation := a.model.Bound(x)
	return a.of(mean, deviation)
}

// of grows with the deviation.
func (a *acquisition) of(mean, deviation float64) float64 {
	value, _ := logImprovement((a.best - mean) / deviation)
	news, _ := a.news(deviation)
	return value + news
}

// news is the logarithm of the deviation times the share of it that a trial would do away with, and its slope.
func (a *acquisition) news(deviation float64) (value, slope float64) {
	all := math.Hypot(deviation, a.noise)
	share := deviation / all * deviation / (all + a.noise) // 1 - noise/all
	return math.Log(share * deviation), 3/deviation - deviation/(all*all) - deviation/(all*(all+a.noise))
}

// slope is at with its gradient.
func (a *acquisition) slope(x, gradient []float64) float64 {
	mean, deviation := a.model.PredictGradient(x, a.byMean, a.byDeviation)
	z := (a.best - mean) / deviation
	value, slope := logImprovement(z)
	news, byNews := a.news(deviation)
	for i := range gradient {
		gradient[i] = -slope/deviation*a.byMean[i] + (byNews-slope*z/deviation)*a.byDeviation[i]
	}
	return value + news
}
