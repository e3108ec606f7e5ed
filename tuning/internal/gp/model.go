package gp

import (
	"math"

	"gonum.org/v1/gonum/floats"
)

// Model is a posterior: points with values under given hyperparameters. Not safe for concurrent use.
type Model struct {
	points *scaled
	factor factor
	ones   []float64
	own    []float64 // variance of each observation
	mean   float64
	alpha  []float64
	values []float64
	// workspace of one prediction
	z, scales, k, slopes, half, back []float64
	block                            []float64 // covariances of some points, by rows
}

// NewModel is a model that has seen nothing.
func NewModel(categorical []bool, h Hyper) *Model {
	shape, n := Shape{Categorical: categorical, Warped: h.A != nil}, len(categorical)
	return &Model{points: newScaled(shape, h), z: make([]float64, n), scales: make([]float64, n)}
}

// Noise is the variance of an observation.
func (m *Model) Noise() float64 { return m.points.hyper.Noise }

// Len is how many points the model has seen.
func (m *Model) Len() int { return m.points.n }

// Truncate forgets all points but the first n. Call Learn before the next prediction.
func (m *Model) Truncate(n int) {
	m.points.truncate(n)
	m.factor.truncate(n)
}

// Add shows the model a point. Call Learn before the next prediction.
func (m *Model) Add(x []float64) {
	h := m.points.hyper
	m.points.scale(m.z, x, nil)
	m.grow()
	k := m.k[:m.points.n]
	m.points.correlate(k, m.slopes, m.z)
	floats.Scale(h.Variance, k)
	m.points.add(m.z)
	noise := h.Noise
	for !m.factor.decompose(k, h.Variance+noise) {
		noise *= 10 // rounding made the matrix singular
	}
	m.factor.invert()
	m.own = append(m.own[:m.points.n-1], h.Variance+noise)
	m.ones = append(m.ones, 1)
}

// grow makes room for one point more.
func (m *Model) grow() {
	for len(m.k) <= m.points.n {
		m.k, m.slopes = append(m.k, 0), append(m.slopes, 0)
		m.half, m.back = append(m.half, 0), append(m.back, 0)
	}
}

// Learn sets the values of all points, which the model keeps.
func (m *Model) Learn(values []float64) { m.learn(values, meanVariance) }

func (m *Model) learn(values []float64, meanVariance float64) {
	m.values = values
	m.mean, m.alpha = solveMean(&m.factor, values, m.ones[:len(values)], meanVariance)
}

// Learned is the posterior mean at the i-th point: its value, less what counts as noise.
func (m *Model) Learned(i int) float64 {
	return m.values[i] - (m.own[i]-m.points.hyper.Variance)*m.alpha[i]
}

// covariances fills in those of x with all points, and their derivatives by the squared distance.
func (m *Model) covariances(x []float64) {
	m.points.scale(m.z, x, m.scales)
	n, v := m.points.n, m.points.hyper.Variance
	m.points.correlate(m.k[:n], m.slopes, m.z)
	floats.Scale(v, m.k[:n])
	floats.Scale(v, m.slopes[:n])
}

// Mean is the posterior mean at x.
func (m *Model) Mean(x []float64) float64 {
	m.grow()
	m.covariances(x)
	return m.mean + floats.Dot(m.k[:m.points.n], m.alpha)
}

// Predict is the posterior mean and deviation of the function, noise left out, at x.
func (m *Model) Predict(x []float64) (mean, deviation float64) {
	m.grow()
	m.covariances(x)
	n := m.points.n
	m.factor.solveLower(m.half, m.k[:n])
	return m.mean + floats.Dot(m.k[:n], m.alpha), m.deviation()
}

// PredictAll is Predict at several points at once, which is faster by far: the factor passes through the processor once for all.
func (m *Model) PredictAll(points [][]float64) (means, deviations []float64) {
	m.grow()
	n, count := m.points.n, len(points)
	if len(m.block) < count*n {
		m.block = make([]float64, count*n)
	}
	means, deviations = make([]float64, count), make([]float64, count)
	for i, x := range points {
		m.covariances(x)
		copy(m.block[i*n:], m.k[:n])
		means[i] = m.mean + floats.Dot(m.k[:n], m.alpha)
	}
	m.factor.explain(deviations, m.block, n)
	v := m.points.hyper.Variance
	for i, explained := range deviations {
		deviations[i] = math.Sqrt(max(v-explained, v*tinyPivot))
	}
	return means, deviations
}

// Bound is Predict with a deviation that is at least as large: what the point most like x leaves of it alone. It takes O(n) where
// Predict takes O(n²).
func (m *Model) Bound(x []float64) (mean, deviation float64) {
	mean = m.Mean(x)
	most, at := 0.0, 0
	for i, k := range m.k[:m.points.n] {
		if k > most {
			most, at = k, i
		}
	}
	v := m.points.hyper.Variance
	return mean, math.Sqrt(max(v-most*most/m.own[at], v*tinyPivot))
}

// deviation is that at the point whose L⁻¹k is in half.
func (m *Model) deviation() float64 {
	half := m.half[:m.points.n]
	v := m.points.hyper.Variance
	return math.Sqrt(max(v-floats.Dot(half, half), v*tinyPivot))
}

// PredictGradient is Predict with the derivatives by the numeric coordinates; those by categories are 0.
func (m *Model) PredictGradient(x, byMean, byDeviation []float64) (mean, deviation float64) {
	mean, deviation = m.Predict(x)
	n := m.points.n
	m.factor.solveUpper(m.back, m.half)
	toMean, toVariance := m.half[:n], m.back[:n] // by the squared distance from each point
	for j, slope := range m.slopes[:n] {
		toMean[j] = slope * m.alpha[j]
		toVariance[j] *= slope
	}
	clear(byMean)
	clear(byDeviation)
	for _, d := range m.points.numbers {
		at, mean, variance := m.z[d], 0.0, 0.0
		for j, v := range m.points.columns[d][:n] {
			diff := at - v
			mean += toMean[j] * diff
			variance += toVariance[j] * diff
		}
		byMean[d] = 2 * mean * m.scales[d]
		byDeviation[d] = -2 * variance * m.scales[d] / deviation // from -2 k'K⁻¹k over 2 deviations
	}
	return mean, deviation
}
