package gp

import (
	"math"

	"gonum.org/v1/gonum/floats"
)

// Data is what a model learns from.
type Data struct {
	X [][]float64 // points
	Y []float64   // values, about standardised
}

// likelihood evaluates the log marginal likelihood (Rasmussen and Williams 2006, eq. 5.8) of a constant mean m and a
// kernel, with m maximised out in closed form under a normal prior. It keeps its workspace between evaluations.
type likelihood struct {
	shape        Shape
	data         Data
	meanVariance float64 // of the mean's prior; 0 fixes the mean at 0
	factor       factor
	slopes       []float64 // d correlation / d squared distance, packed
	k            []float64 // correlations, packed
	precision    []float64
	z, byA, byB  []float64 // scaled points and their derivatives by log A and log B
	ones         []float64
}

func newLikelihood(shape Shape, data Data, meanVariance float64) *likelihood {
	n, d := len(data.X), len(shape.Categorical)
	l := &likelihood{shape: shape, data: data, meanVariance: meanVariance, ones: make([]float64, n)}
	for i := range l.ones {
		l.ones[i] = 1
	}
	l.slopes, l.k, l.precision = make([]float64, start(n)), make([]float64, start(n)), make([]float64, start(n))
	l.z, l.byA, l.byB = make([]float64, n*d), make([]float64, n*d), make([]float64, n*d)
	return l
}

// at returns the log marginal likelihood at v and writes its gradient; -Inf where the covariance is singular.
func (l *likelihood) at(v, gradient []float64) float64 {
	h := l.shape.hyper(v)
	l.scale(h)
	if !l.decompose(h) {
		return math.Inf(-1)
	}
	n := len(l.data.Y)
	l.factor.invert()
	mean, alpha := solveMean(&l.factor, l.data.Y, l.ones, l.meanVariance)
	value := -l.factor.logDeterminant()/2 - float64(n)/2*math.Log(2*math.Pi)
	for i, a := range alpha {
		value -= a * (l.data.Y[i] - mean) / 2
	}
	if l.meanVariance > 0 {
		value -= mean * mean / (2 * l.meanVariance)
	}
	l.differentiate(h, alpha, gradient)
	return value
}

// solveMean is the mean that maximises the likelihood, and K⁻¹(y - mean).
func solveMean(f *factor, y, ones []float64, meanVariance float64) (mean float64, alpha []float64) {
	half, alpha := make([]float64, f.n), make([]float64, f.n)
	f.solveLower(half, y[:f.n])
	if meanVariance > 0 {
		unit := make([]float64, f.n)
		f.solveLower(unit, ones[:f.n])
		mean = floats.Dot(unit, half) / (floats.Dot(unit, unit) + 1/meanVariance)
		floats.AddScaled(half, -mean, unit)
	}
	f.solveUpper(alpha, half)
	return mean, alpha
}

func (l *likelihood) scale(h Hyper) {
	width := len(l.shape.Categorical)
	for i, x := range l.data.X {
		for d, v := range x {
			at := i*width + d
			if l.shape.Categorical[d] {
				l.z[at] = v
				continue
			}
			inverse := 1 / h.Lengths[d]
			if l.shape.Warped {
				w, _, a, b := warp(v, h.A[d], h.B[d])
				v, l.byA[at], l.byB[at] = w, a*inverse, b*inverse
			}
			l.z[at] = v * inverse
		}
	}
}

// decompose fills in the correlations and factors the covariance.
func (l *likelihood) decompose(h Hyper) bool {
	s := newScaled(l.shape, h)
	s.z, s.n = l.z, len(l.data.X)
	l.factor.truncate(0)
	covariances := make([]float64, s.n)
	for i := range s.n {
		zi := s.row(i)
		for j := range i {
			k, slope := matern(s.distance(zi, s.row(j)))
			l.k[start(i)+j], l.slopes[start(i)+j] = k, slope
			covariances[j] = h.Variance * k
		}
		l.k[start(i)+i] = 1
		if !l.factor.decompose(covariances[:i], h.Variance+h.Noise) {
			return false
		}
	}
	return true
}

// differentiate writes the gradient: ½ tr((ααᵀ - K⁻¹) dK/dθ), eq. 5.9 there. Off-diagonal pairs count twice.
func (l *likelihood) differentiate(h Hyper, alpha, gradient []float64) {
	width, n := len(l.shape.Categorical), len(alpha)
	clear(gradient)
	l.factor.precision(l.precision)
	signal, noise := 0.0, 0.0
	pull := make([]float64, width) // by log length
	for i := range n {
		zi := l.z[i*width : (i+1)*width]
		for j := range i {
			at := start(i) + j
			weight := alpha[i]*alpha[j] - l.precision[at]
			signal += weight * l.k[at]
			l.pairGradient(weight*h.Variance*l.slopes[at], i, j, zi, l.z[j*width:(j+1)*width], h, pull, gradient)
		}
		weight := (alpha[i]*alpha[i] - l.precision[start(i)+i]) / 2
		signal += weight
		noise += weight
	}
	copy(gradient, pull)
	gradient[width] = signal * h.Variance
	gradient[width+1] = noise * h.Noise
}

// pairGradient adds what one pair of points gives, weight being d value / d squared distance.
func (l *likelihood) pairGradient(weight float64, i, j int, a, b []float64, h Hyper, pull, gradient []float64) {
	width := len(a)
	warped := gradient[width+2:]
	for d, categorical := range l.shape.Categorical {
		if categorical {
			if a[d] != b[d] {
				pull[d] -= 2 * weight / (h.Lengths[d] * h.Lengths[d])
			}
			continue
		}
		diff := a[d] - b[d]
		pull[d] -= 2 * weight * diff * diff
		if l.shape.Warped {
			warped[d] += 2 * weight * diff * (l.byA[i*width+d] - l.byA[j*width+d])
			warped[width+d] += 2 * weight * diff * (l.byB[i*width+d] - l.byB[j*width+d])
		}
	}
}
