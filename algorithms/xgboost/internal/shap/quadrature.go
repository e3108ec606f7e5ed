package shap

import "math"

// point of a quadrature on 0..1.
type point struct{ at, weight float64 }

// gaussLegendre returns the n points whose weighted sum integrates polynomials of degree up to 2n-1 over 0..1 exactly. The
// points are zeros of a Legendre polynomial, found by Newton's method from Tricomi's estimate.
func gaussLegendre(n int) []point {
	points := make([]point, n)
	for i := range points {
		x := math.Cos(math.Pi * (float64(i) + 0.75) / (float64(n) + 0.5))
		slope := 0.0
		for range 100 {
			value, d := legendre(n, x)
			slope = d
			step := value / d
			x -= step
			if math.Abs(step) < 1e-15 {
				break
			}
		}
		_, slope = legendre(n, x)
		points[i] = point{at: (1 - x) / 2, weight: 1 / ((1 - x*x) * slope * slope)}
	}
	return points
}

// legendre returns the n-th Legendre polynomial and its derivative at x, inside -1..1.
func legendre(n int, x float64) (value, slope float64) {
	value, before := x, 1.0
	for k := 2; k <= n; k++ {
		value, before = (float64(2*k-1)*x*value-float64(k-1)*before)/float64(k), value
	}
	return value, float64(n) * (x*value - before) / (x*x - 1)
}
