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

// newAcquisition takes the points at which the best value is looked for.
func newAcquisition(m *gp.Model, x [][]float64) *acquisition {
	a := &acquisition{model: m, best: math.Inf(1), byMean: make([]float64, len(x[0])), byDeviation: make([]float64, len(x[0]))}
	for _, at := range x {
		a.best = min(a.best, m.Mean(at))
	}
	return a
}

func (a *acquisition) at(x []float64) float64 {
	mean, deviation := a.model.Predict(x)
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
