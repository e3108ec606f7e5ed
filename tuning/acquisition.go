package tuning

import (
	"math"

	"github.com/batchmill/batchmill/tuning/internal/gp"
)

// acquisition is the log of the expected improvement over the best value the model expects at an observed point.
type acquisition struct {
	model               *gp.Model
	best                float64
	byMean, byDeviation []float64
}

func newAcquisition(m *gp.Model, best float64, axes int) *acquisition {
	return &acquisition{model: m, best: best, byMean: make([]float64, axes), byDeviation: make([]float64, axes)}
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
	return value + math.Log(deviation)
}

// slope is at with its gradient.
func (a *acquisition) slope(x, gradient []float64) float64 {
	mean, deviation := a.model.PredictGradient(x, a.byMean, a.byDeviation)
	z := (a.best - mean) / deviation
	value, slope := logImprovement(z)
	for i := range gradient {
		gradient[i] = (-slope*a.byMean[i] + (1-slope*z)*a.byDeviation[i]) / deviation
	}
	return value + math.Log(deviation)
}
