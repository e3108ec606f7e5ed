package gp

import "math"

var sqrt5 = math.Sqrt(5)

// matern is the Matérn-5/2 correlation at squared distance r2, and its derivative by r2 (Rasmussen and Williams 2006,
// Gaussian Processes for Machine Learning, eq. 4.17).
func matern(r2 float64) (k, slope float64) {
	r := sqrt5 * math.Sqrt(r2)
	e := math.Exp(-r)
	return (1 + r + 5.0/3*r2) * e, -5.0 / 6 * (1 + r) * e
}

// scaled is points as the kernel sees them: numeric coordinates warped and divided by their lengths, categories as they
// are.
type scaled struct {
	shape   Shape
	hyper   Hyper
	inverse []float64   // 1/length by coordinate
	numbers []int       // coordinates that are numbers
	choices []int       // and those that are categories
	n       int         // points
	columns [][]float64 // by coordinate, one number for each point
}

func newScaled(shape Shape, h Hyper) *scaled {
	s := &scaled{shape: shape, inverse: make([]float64, len(shape.Categorical)), columns: make([][]float64, len(shape.Categorical))}
	for d, categorical := range shape.Categorical {
		if categorical {
			s.choices = append(s.choices, d)
		} else {
			s.numbers = append(s.numbers, d)
		}
	}
	s.under(h)
	return s
}

// under takes other hyperparameters. Points that are there already stay as they were scaled.
func (s *scaled) under(h Hyper) {
	s.hyper = h
	for d, length := range h.Lengths {
		s.inverse[d] = 1 / length
	}
}

// add takes a point that scale made.
func (s *scaled) add(z []float64) {
	for d, v := range z {
		s.columns[d] = append(s.columns[d][:s.n], v)
	}
	s.n++
}

func (s *scaled) truncate(n int) { s.n = n }

// row writes point i.
func (s *scaled) row(dst []float64, i int) {
	for d, column := range s.columns {
		dst[d] = column[i]
	}
}

// scale writes x as the kernel sees it, and the slope of each numeric coordinate if slopes is not nil.
func (s *scaled) scale(dst, x, slopes []float64) {
	for d, v := range x {
		slope := 1.0
		switch {
		case s.shape.Categorical[d]:
			dst[d] = v
			continue
		case s.shape.Warped:
			v, slope, _, _ = warp(v, s.hyper.A[d], s.hyper.B[d])
		}
		dst[d] = v * s.inverse[d]
		if slopes != nil {
			slopes[d] = slope * s.inverse[d]
		}
	}
}

// correlate writes the correlations of z, a scaled point, with the first len(k) points, and their derivatives by the squared
// distance.
func (s *scaled) correlate(k, slopes, z []float64) {
	s.distances(k, z)
	slopes = slopes[:len(k)]
	for j, r2 := range k {
		k[j], slopes[j] = matern(r2)
	}
}

// distances writes the squared distances of z from the first len(dst) points. Categories that differ are one length apart.
func (s *scaled) distances(dst, z []float64) {
	clear(dst)
	for _, d := range s.numbers {
		at := z[d]
		for j, v := range s.columns[d][:len(dst)] {
			diff := at - v
			dst[j] += diff * diff
		}
	}
	for _, d := range s.choices {
		at, apart := z[d], s.inverse[d]*s.inverse[d]
		for j, v := range s.columns[d][:len(dst)] {
			if v != at {
				dst[j] += apart
			}
		}
	}
}
