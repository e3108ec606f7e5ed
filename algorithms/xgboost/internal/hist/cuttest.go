package hist

import "math"

// scanTested is scan on bins as they are packed. Cuts that the test does not let pass are left out; of others the gain is that of the
// formula in full, so what is found is the same to the bit. Where the test's own formula holds, that of scan rounds otherwise.
func (s *finder) scanTested(bins []uint64, left sum, bar float64) (gain float64, bin int, at sum) {
	bin = -1
	c := s.test
	c.goal = s.goal(bar)
	for from := 0; ; {
		passed, upTo := c.next(bins[from:], left)
		if passed < 0 {
			return bar, bin, at
		}
		from, left = from+passed+1, upTo
		if s.plain {
			top, bottom := c.of(left)
			c.goal, bin, at = top/bottom, from-1, left
			bar = c.goal - s.parent
		} else if gain := s.gain(left); gain > bar {
			bar, bin, at = gain, from-1, left
			c.goal = s.goal(bar)
		}
	}
}

// goal is what a cut has to come to for a gain above bar: a little less where its formula is not the test's, for rounding.
func (s *finder) goal(bar float64) float64 {
	if s.plain {
		return bar + s.parent
	}
	return bar + s.parent - testSlack*(math.Abs(bar)+math.Abs(s.parent))
}

// testSlack is more than what rounding makes of the difference between the test's formula and that of gain, as a fraction: each is of about
// ten operations in 53 bits.
const testSlack = 1e-13

// cutTest is what a cut is held against: the gain of leaves of the best values there are, bounded by no step and no constraint, which
// would only gain less. It compares without dividing: with a and b the penalised second derivatives of the sides, gl*gl/a + gr*gr/b > c is
// (gl*gl*b + gr*gr*a) > c*a*b. The order of its members is known to the assembly.
type cutTest struct {
	unitG, unitH, lambda, totalG, totalH float64
	goal                                 float64
	light, heavy                         int64 // bounds on the left side's second derivatives
	alpha                                float64
}

// of returns the loss that a cut lowers as a fraction, not divided.
func (c *cutTest) of(left sum) (top, bottom float64) {
	gl, hl := float64(left.g)*c.unitG, float64(left.h)*c.unitH
	gr, hr := c.totalG-gl, c.totalH-hl+c.lambda
	hl += c.lambda
	if c.alpha != 0 {
		gl, gr = max(math.Abs(gl)-c.alpha, 0), max(math.Abs(gr)-c.alpha, 0)
	}
	return gl*gl*hr + gr*gr*hl, hl * hr
}

// nextGo returns the first bin whose cut passes, -1 if there is none, and the sum of the rows up to it. left is the sum of those before the
// first bin. A bin without rows makes no cut of its own.
func (c *cutTest) nextGo(bins []uint64, left sum) (at int, upTo sum) {
	for b, packed := range bins {
		if packed == 0 {
			continue
		}
		left.g += int64(int32(packed >> 32))
		left.h += int64(uint32(packed))
		if left.h < c.light || left.h > c.heavy {
			continue
		}
		if top, bottom := c.of(left); top > c.goal*bottom {
			return b, left
		}
	}
	return -1, left
}

// cutLanes is how many bins vector code takes at once.
const cutLanes = 8

// gatherFilledGo puts the bins that have rows one after the other. It returns how many there are.
func gatherFilledGo(to, bins []uint64) int {
	n := 0
	for _, packed := range bins {
		to[n] = packed
		if packed != 0 {
			n++
		}
	}
	return n
}

// placeOf is where the bin with rows lies that n others come before; -1 for -1.
func placeOf(bins []uint64, n int) int {
	if n < 0 {
		return -1
	}
	for b, packed := range bins {
		if packed == 0 {
			continue
		}
		if n == 0 {
			return b
		}
		n--
	}
	return -1
}
