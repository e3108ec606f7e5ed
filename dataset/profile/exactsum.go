package profile

import (
	"encoding/binary"
	"math"
	"math/big"
)

// exactSum adds float64 values without rounding, so that the order of adding and merging cannot show. It is the small
// superaccumulator of Neal (Fast exact summation using small and large superaccumulators, 2015): a fixed-point number of
// 32-bit digits, each in a 64-bit word whose upper half takes carries until they are passed on.
type exactSum struct {
	digits  [sumDigits]int64 // digit i counts 2^(32i-sumBias)
	pending int              // additions since the carries were passed on
	n       int64            // values added
}

const (
	// The smallest float64 is 2^-1074; its square, which addSquare splits into floats, does not go below that either.
	sumBias   = 1088
	sumDigits = (sumBias+1024)/32 + 3
	// Each addition adds less than 2^32 to a digit.
	sumPending = 1 << 29
)

func (s *exactSum) add(f float64) {
	s.n++
	s.put(f)
}

// addSquare adds f*f. Where the square leaves the range of float64 (|f| above 1.3e154, or below 1.5e-146 by its last
// bits) it is not exact, but still the same in every order.
func (s *exactSum) addSquare(f float64) {
	s.n++
	high := f * f
	if math.IsInf(high, 0) {
		high = math.MaxFloat64
		s.put(high)
		return
	}
	s.put(high)
	s.put(math.FMA(f, f, -high))
}

func (s *exactSum) put(f float64) {
	b := math.Float64bits(f)
	exponent, mantissa := int(b>>52&0x7FF), b&(1<<52-1)
	if exponent == 0 {
		if mantissa == 0 {
			return
		}
		exponent = 1
	} else {
		mantissa |= 1 << 52
	}
	at := exponent - 1075 + sumBias // the mantissa's lowest bit
	digit, shift := at/32, uint(at%32)
	low := mantissa << shift
	high := mantissa >> (64 - shift) // 0 for shift 0
	d0, d1, d2 := int64(low&0xFFFFFFFF), int64(low>>32), int64(high)
	if b>>63 == 1 {
		d0, d1, d2 = -d0, -d1, -d2
	}
	s.digits[digit] += d0
	s.digits[digit+1] += d1
	s.digits[digit+2] += d2
	if s.pending++; s.pending >= sumPending {
		s.carry()
	}
}

// carry makes every digit but the top one lie in [0, 2^32): one form for one value.
func (s *exactSum) carry() {
	for i := range sumDigits - 1 {
		s.digits[i+1] += s.digits[i] >> 32
		s.digits[i] &= 0xFFFFFFFF
	}
	s.pending = 0
}

func (s *exactSum) merge(o *exactSum) {
	s.carry()
	other := *o
	other.carry()
	for i, d := range other.digits {
		s.digits[i] += d
	}
	s.n += other.n
	s.carry()
}

// value is the sum as a big.Float that holds every bit of it.
func (s *exactSum) value() *big.Float {
	c := *s
	c.carry()
	total := new(big.Int).SetInt64(c.digits[sumDigits-1])
	for i := sumDigits - 2; i >= 0; i-- {
		total.Lsh(total, 32).Add(total, big.NewInt(c.digits[i]))
	}
	f := new(big.Float).SetPrec(sumPrecision).SetInt(total)
	return f.SetMantExp(f, -sumBias)
}

// sumPrecision holds any exactSum, and its square, without rounding.
const sumPrecision = 2 * 32 * (sumDigits + 1)

// bytes encodes the sum without leading and trailing zero digits: the first digit's index, then the digits.
func (s *exactSum) bytes() []byte {
	c := *s
	c.carry()
	first, last := 0, sumDigits-1
	for first <= last && c.digits[first] == 0 {
		first++
	}
	for last >= first && c.digits[last] == 0 {
		last--
	}
	if first > last {
		return nil
	}
	out := binary.AppendUvarint(nil, uint64(first))
	for _, d := range c.digits[first : last+1] {
		out = binary.AppendVarint(out, d)
	}
	return out
}

func (s *exactSum) read(data []byte, n int64) bool {
	*s = exactSum{n: n}
	if len(data) == 0 {
		return true
	}
	first, used := binary.Uvarint(data)
	if used <= 0 || first >= sumDigits {
		return false
	}
	data = data[used:]
	for at := int(first); len(data) > 0; at++ {
		d, used := binary.Varint(data)
		if used <= 0 || at >= sumDigits {
			return false
		}
		s.digits[at] = d
		data = data[used:]
	}
	return true
}

// moments is the mean and the sample standard deviation, each rounded once from the exact sums.
func moments(sum, squares *exactSum, n int64) (mean, deviation float64) {
	count := new(big.Float).SetPrec(sumPrecision).SetInt64(n)
	total := sum.value()
	mean, _ = new(big.Float).SetPrec(sumPrecision).Quo(total, count).Float64()
	if n < 2 {
		return mean, math.NaN()
	}
	// (n * squares - total^2) / (n * (n-1))
	v := new(big.Float).SetPrec(sumPrecision).Mul(count, squares.value())
	v.Sub(v, total.Mul(total, total))
	v.Quo(v, count.Mul(count, big.NewFloat(float64(n-1))))
	if v.Sign() <= 0 {
		return mean, 0
	}
	deviation, _ = v.SetPrec(128).Sqrt(v).Float64()
	return mean, deviation
}
