package tuning

import (
	"math"
	"testing"

	"github.com/batchmill/batchmill/tuning/internal/gp"
)

// noisyModel has seen a dozen points of a wave on two numbers.
func noisyModel(noise float64) *gp.Model {
	m := gp.NewModel([]bool{false, false}, gp.Hyper{Lengths: []float64{0.4, 0.7}, Variance: 1, Noise: noise})
	var values []float64
	for i := range 12 {
		x := []float64{float64(i) / 11, float64(i*5%12) / 11}
		m.Add(x)
		values = append(values, math.Sin(5*x[0])+x[1])
	}
	m.Learn(values)
	return m
}

// The acquisition is Huang's formula, evaluated without logarithms, and its gradient that of differences.
func TestAugmentedImprovement(t *testing.T) {
	t.Parallel()
	for _, noise := range []float64{realNoise / 2, 0.01, 0.25} {
		m := noisyModel(noise)
		const best = -0.2
		a := newAcquisition(m, best, 2)
		for _, x := range [][]float64{{0.31, 0.42}, {0.95, 0.05}, {0.5, 0.9}} {
			mean, s := m.Predict(x)
			z := (best - mean) / s
			improvement := (best-mean)*math.Erfc(-z/math.Sqrt2)/2 + s*math.Exp(-z*z/2)/math.Sqrt(2*math.Pi)
			want := improvement
			if noise > realNoise {
				want *= 1 - math.Sqrt(noise/(s*s+noise))
			}
			if got := math.Exp(a.at(x)); math.Abs(got-want) > 1e-9*want {
				t.Errorf("noise %v, at %v: %v, not %v", noise, x, got, want)
			}
			if a.bound(x) < a.at(x) {
				t.Errorf("noise %v, at %v: %v is no bound of %v", noise, x, a.bound(x), a.at(x))
			}
			gradient := make([]float64, 2)
			a.slope(x, gradient)
			for i := range x {
				const h = 1e-6
				up, down := []float64{x[0], x[1]}, []float64{x[0], x[1]}
				up[i], down[i] = up[i]+h, down[i]-h
				if want := (a.at(up) - a.at(down)) / (2 * h); math.Abs(gradient[i]-want) > 1e-5*math.Max(1, math.Abs(want)) {
					t.Errorf("noise %v, at %v: slope %d is %v, not %v", noise, x, i, gradient[i], want)
				}
			}
		}
	}
}
