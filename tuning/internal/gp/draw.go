package gp

import (
	"math/rand/v2"

	"gonum.org/v1/gonum/floats"
)

// drawJitter is added to correlations, so that those of points close together have a factor.
const drawJitter = 1e-10

// Draw is the values at some points of one function drawn from the posterior.
func (m *Model) Draw(at [][]float64, rng *rand.Rand) []float64 {
	n, count := m.points.n, len(at)
	points := newScaled(m.points.shape, m.points.hyper)
	halves := make([]float64, count*n) // L⁻¹k of each point, in rows
	out, normal := make([]float64, count), make([]float64, count)
	for i, x := range at {
		out[i], _ = m.Predict(x)
		copy(halves[i*n:], m.half[:n])
		points.add(m.z)
		normal[i] = rng.NormFloat64()
	}
	c := newSquare(count)
	for jitter := drawJitter; ; jitter *= 10 {
		points.covary(c, halves, jitter)
		if c.factorize() {
			break
		}
	}
	for i := range out {
		out[i] += floats.Dot(c.lower[i*count:i*count+i+1], normal[:i+1])
	}
	return out
}

// covary fills in the posterior covariances of the points, whose L⁻¹k are the rows of halves.
func (s *scaled) covary(c *square, halves []float64, jitter float64) {
	n := len(halves) / s.n
	z, slopes := make([]float64, len(s.columns)), make([]float64, s.n)
	for i := range s.n {
		row, half := c.lower[i*s.n:i*s.n+i+1], halves[i*n:(i+1)*n]
		s.row(z, i)
		s.correlate(row[:i], slopes, z)
		row[i] = 1 + jitter
		for j := range row {
			row[j] = s.hyper.Variance*row[j] - floats.Dot(half, halves[j*n:(j+1)*n])
		}
	}
}
