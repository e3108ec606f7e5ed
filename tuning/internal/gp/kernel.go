package gp

import "math"

var sqrt5 = math.Sqrt(5)

// matern turns squared distances into Matérn-5/2 correlations, and writes their derivatives by the squared distance (Rasmussen
// and Williams 2006, Gaussian Processes for Machine Learning, eq. 4.17). Roots have a loop of their own, since each would wait for
// the last correlation: the instruction also reads the register that it writes.
func matern(k, slopes []float64) {
	slopes = slopes[:len(k)]
	for j, r2 := range k {
		slopes[j] = sqrt5 * math.Sqrt(r2)
	}
	for j, r := range slopes {
		e := decay(r)
		k[j], slopes[j] = (1+r+5.0/3*k[j])*e, -5.0/6*(1+r)*e
	}
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
	matern(k, slopes)
}

// distances writes the squared distances of z from the first len(dst) points. Categories that differ are one length apart.
func (s *scaled) distances(dst, z []float64) {
	clear(dst)
	numbers := s.numbers
	for ; len(numbers) >= 4; numbers = numbers[4:] {
		a, b, c, d := numbers[0], numbers[1], numbers[2], numbers[3]
		addFour(dst, [4]float64{z[a], z[b], z[c], z[d]}, s.columns[a], s.columns[b], s.columns[c], s.columns[d])
	}
	for _, d := range numbers {
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

// addFour adds the squared distances along four coordinates, in the order in which four passes would.
func addFour(dst []float64, z [4]float64, a, b, c, d []float64) {
	a, b, c, d = a[:len(dst)], b[:len(dst)], c[:len(dst)], d[:len(dst)]
	first, second, third, fourth := z[0], z[1], z[2], z[3]
	for j, sum := range dst {
		p, q, r, s := first-a[j], second-b[j], third-c[j], fourth-d[j]
		dst[j] = sum + p*p + q*q + r*r + s*s
	}
}
