package gp

import (
	"math"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
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
	data         Data
	meanVariance float64     // of the mean's prior; 0 fixes the mean at 0
	points       *scaled     // under the hyperparameters at hand
	x, logs      [][]float64 // the data by coordinate, and the logarithms that warping takes of it
	byA, byB     [][]float64 // derivatives of the points by log A and log B, by coordinate
	covariance   *square
	k, slopes    []float64 // correlations and their derivatives by the squared distance: rows of n, the lower triangle
	weights      []float64 // derivatives of the likelihood by the squared distances, of both triangles
	pulled, z    []float64
	ones         []float64
}

func newLikelihood(shape Shape, data Data, meanVariance float64) *likelihood {
	n, width := len(data.X), len(shape.Categorical)
	unit := Hyper{Lengths: make([]float64, width), Variance: 1}
	l := &likelihood{data: data, meanVariance: meanVariance, points: newScaled(shape, unit), covariance: newSquare(n)}
	l.points.n = n
	for d := range width {
		l.points.columns[d] = make([]float64, n)
		l.x = append(l.x, column(data.X, d))
		if shape.Warped {
			l.byA, l.byB = append(l.byA, make([]float64, n)), append(l.byB, make([]float64, n))
			l.logs = append(l.logs, logsInward(l.x[d]))
		}
	}
	l.k, l.slopes, l.weights = make([]float64, n*n), make([]float64, n*n), make([]float64, n*n)
	l.pulled, l.z, l.ones = make([]float64, n), make([]float64, width), make([]float64, n)
	for i := range l.ones {
		l.ones[i] = 1
	}
	return l
}

// at returns the log marginal likelihood at v and writes its gradient; -Inf where the covariance is singular.
func (l *likelihood) at(v, gradient []float64) float64 {
	h := l.points.shape.hyper(v)
	l.points.under(h)
	l.scale()
	if !l.factorize() {
		return math.Inf(-1)
	}
	n := len(l.data.Y)
	l.covariance.invert()
	mean, alpha := solveMean(l.covariance, l.data.Y, l.ones, l.meanVariance)
	value := -l.covariance.logDeterminant()/2 - float64(n)/2*math.Log(2*math.Pi)
	for i, a := range alpha {
		value -= a * (l.data.Y[i] - mean) / 2
	}
	if l.meanVariance > 0 {
		value -= mean * mean / (2 * l.meanVariance)
	}
	l.differentiate(alpha, gradient)
	return value
}

// solver multiplies by the inverse of a Cholesky factor, or by its transpose.
type solver interface {
	solveLower(dst, b []float64)
	solveUpper(dst, b []float64)
}

// solveMean is the mean that maximises the likelihood of y, and K⁻¹(y - mean).
func solveMean(s solver, y, ones []float64, meanVariance float64) (mean float64, alpha []float64) {
	half, alpha := make([]float64, len(y)), make([]float64, len(y))
	s.solveLower(half, y)
	if meanVariance > 0 {
		unit := make([]float64, len(y))
		s.solveLower(unit, ones)
		mean = floats.Dot(unit, half) / (floats.Dot(unit, unit) + 1/meanVariance)
		floats.AddScaled(half, -mean, unit)
	}
	s.solveUpper(alpha, half)
	return mean, alpha
}

// column is coordinate d of all points.
func column(points [][]float64, d int) []float64 {
	out := make([]float64, len(points))
	for i, x := range points {
		out[i] = x[d]
	}
	return out
}

func logsInward(column []float64) []float64 {
	out := make([]float64, len(column))
	for i, x := range column {
		out[i] = math.Log(inward(x))
	}
	return out
}

// scale fills in the points. Numbers are centred, which no distance sees and sums of squares like.
func (l *likelihood) scale() {
	for d, column := range l.points.columns {
		copy(column, l.x[d])
		if l.points.shape.Categorical[d] {
			continue
		}
		if l.points.shape.Warped {
			l.warp(d)
		}
		floats.Scale(l.points.inverse[d], column)
		floats.AddConst(-floats.Sum(column)/float64(len(column)), column)
	}
}

// warp warps a coordinate of the points, with the derivatives as they are once it is scaled.
func (l *likelihood) warp(d int) {
	a, b, inverse := l.points.hyper.A[d], l.points.hyper.B[d], l.points.inverse[d]
	column, logs, byA, byB := l.points.columns[d], l.logs[d], l.byA[d], l.byB[d]
	for i, x := range column {
		if !warps(x) {
			byA[i], byB[i] = 0, 0
			continue
		}
		w, _, byLogA, byLogB := warpAt(inward(x), logs[i], a, b)
		column[i], byA[i], byB[i] = w, byLogA*inverse, byLogB*inverse
	}
}

// factorize fills in the correlations and factors the covariance.
func (l *likelihood) factorize() bool {
	n, h := l.points.n, l.points.hyper
	for i := range n {
		row := l.k[i*n : i*n+i+1]
		l.points.row(l.z, i)
		l.points.correlate(row[:i], l.slopes[i*n:], l.z)
		row[i] = 1
		floats.ScaleTo(l.covariance.lower[i*n:i*n+i+1], h.Variance, row)
		l.covariance.lower[i*n+i] += h.Noise
	}
	return l.covariance.factorize()
}

// differentiate writes the gradient: ½ tr((ααᵀ - K⁻¹) dK/dθ), eq. 5.9 there. Off-diagonal pairs count twice.
func (l *likelihood) differentiate(alpha, gradient []float64) {
	h, width := l.points.hyper, len(l.points.columns)
	signal, noise := l.weigh(alpha)
	gradient[width], gradient[width+1] = signal*h.Variance, noise*h.Noise
	warped := gradient[width+2:]
	clear(warped)
	for _, d := range l.points.choices {
		gradient[d] = -2 * l.apart(l.points.columns[d]) * l.points.inverse[d] * l.points.inverse[d]
	}
	n := l.points.n
	totals := make([]float64, n)
	l.pull(totals, l.ones)
	for _, d := range l.points.numbers {
		// Σ w (z-z')(y-y') over pairs is Σ yz Σ'w - yᵀWz.
		z := l.points.columns[d]
		l.pull(l.pulled, z)
		for i, t := range totals {
			l.pulled[i] = t*z[i] - l.pulled[i]
		}
		gradient[d] = -2 * floats.Dot(l.pulled, z)
		if l.points.shape.Warped {
			warped[d], warped[width+d] = 2*floats.Dot(l.pulled, l.byA[d]), 2*floats.Dot(l.pulled, l.byB[d])
		}
	}
}

// weigh fills in the weights and returns the derivatives by the function's and the noise's variance.
func (l *likelihood) weigh(alpha []float64) (signal, noise float64) {
	n, variance := l.points.n, l.points.hyper.Variance
	for i := range n {
		k, slopes, precision := l.k[i*n:i*n+i], l.slopes[i*n:i*n+i], l.covariance.precision[i*n:i*n+i]
		weights, at := l.weights[i*n:i*n+i], alpha[i]
		for j := range weights {
			w := at*alpha[j] - precision[j]
			signal += w * k[j]
			w *= variance * slopes[j]
			weights[j], l.weights[j*n+i] = w, w
		}
		own := (at*at - l.covariance.precision[i*n+i]) / 2
		signal += own
		noise += own
	}
	return signal, noise
}

// pull writes the product of the weights and v.
func (l *likelihood) pull(dst, v []float64) {
	n := l.points.n
	blas64.Gemv(blas.NoTrans, 1, blas64.General{Rows: n, Cols: n, Stride: n, Data: l.weights}, blas64.Vector{N: n, Inc: 1, Data: v},
		0, blas64.Vector{N: n, Inc: 1, Data: dst})
}

// apart is the sum of the weights of pairs that differ in a category.
func (l *likelihood) apart(codes []float64) float64 {
	sum := 0.0
	for i, code := range codes {
		for j, w := range l.weights[i*len(codes) : i*len(codes)+i] {
			if codes[j] != code {
				sum += w
			}
		}
	}
	return sum
}
