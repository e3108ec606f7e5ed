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
	inverse []float64 // 1/length by coordinate
	numbers []int     // coordinates that are numbers
	choices []int     // and those that are categories
	n       int
	z       []float64 // n rows of len(shape.Categorical)
}

func newScaled(shape Shape, h Hyper) *scaled {
	s := &scaled{shape: shape, hyper: h}
	for d, categorical := range shape.Categorical {
		s.inverse = append(s.inverse, 1/h.Lengths[d])
		if categorical {
			s.choices = append(s.choices, d)
		} else {
			s.numbers = append(s.numbers, d)
		}
	}
	return s
}

func (s *scaled) width() int          { return len(s.shape.Categorical) }
func (s *scaled) row(i int) []float64 { return s.z[i*s.width() : (i+1)*s.width()] }

func (s *scaled) add(x []float64) {
	s.z = append(s.z, x...)
	s.scale(s.row(s.n), x, nil)
	s.n++
}

func (s *scaled) truncate(n int) { s.n, s.z = n, s.z[:n*s.width()] }

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

// distance is the squared distance of two scaled points. Categories that differ are one length apart.
func (s *scaled) distance(a, b []float64) float64 {
	sum := 0.0
	for _, d := range s.numbers {
		diff := a[d] - b[d]
		sum += diff * diff
	}
	for _, d := range s.choices {
		if a[d] != b[d] {
			sum += s.inverse[d] * s.inverse[d]
		}
	}
	return sum
}
