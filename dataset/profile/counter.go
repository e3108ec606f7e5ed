package profile

import (
	"math"
	"math/bits"
)

const (
	precision = 12
	registers = 1 << precision
)

// counter estimates the number of different hashes it was given (Flajolet, Fusy, Gandouet, Meunier: HyperLogLog, 2007), with
// the corrected estimator of Ertl (New cardinality estimation algorithms for HyperLogLog sketches, 2017), which needs no
// bias tables. Standard error 1.04/sqrt(4096) = 1.6 %.
type counter struct{ registers []byte }

func (c *counter) add(h uint64) {
	if c.registers == nil {
		c.registers = make([]byte, registers)
	}
	zeros := byte(bits.LeadingZeros64(h<<precision|1<<(precision-1)) + 1)
	if r := &c.registers[h>>(64-precision)]; zeros > *r {
		*r = zeros
	}
}

func (c *counter) merge(o *counter) {
	if c.registers == nil && o.registers != nil {
		c.registers = make([]byte, registers)
	}
	for i, r := range o.registers {
		c.registers[i] = max(c.registers[i], r)
	}
}

func (c *counter) estimate() int64 {
	if c.registers == nil {
		return 0
	}
	const q = 64 - precision
	var histogram [q + 2]float64
	for _, r := range c.registers {
		histogram[r]++
	}
	const m = float64(registers)
	z := m * ertlTau(1-histogram[q+1]/m)
	for k := q; k >= 1; k-- {
		z = 0.5 * (z + histogram[k])
	}
	z += m * ertlSigma(histogram[0]/m)
	return int64(math.Round(m / (2 * math.Ln2) * m / z))
}

func ertlSigma(x float64) float64 {
	if x == 1 {
		return math.Inf(1)
	}
	y, z := 1.0, x
	for {
		x *= x
		before := z
		z += x * y
		y += y
		if z == before {
			return z
		}
	}
}

func ertlTau(x float64) float64 {
	if x == 0 || x == 1 {
		return 0
	}
	y, z := 1.0, 1-x
	for {
		x = math.Sqrt(x)
		before := z
		y *= 0.5
		z -= (1 - x) * (1 - x) * y
		if z == before {
			return z / 3
		}
	}
}
