package hist

import "math"

// Gradients are one output's first and second derivatives in the form histograms add up: integers, the first derivative in
// the upper 32 bits (signed), the second in the lower. The scales are such that the sums over all rows fit their halves, so
// that one addition adds both and neither spills over.
//
// Rounding is stochastic (Shi et al., "Quantized training of gradient boosting decision trees", NeurIPS 2022) by a hash of
// seed and row, so it is the same on every run.
type Gradients struct {
	packed []uint64
	units  pairUnits
}

// pairUnits are what one step of each half is worth.
type pairUnits struct{ g, h float64 }

const quantRows = 1 << 14

// Quantise packs derivatives.
func Quantise(g, h []float32, seed uint64, pool *Pool, reuse *Gradients) *Gradients {
	n := len(g)
	if reuse == nil {
		reuse = &Gradients{}
	}
	reuse.packed = grow(reuse.packed[:0], n)
	sums := make([]pairUnits, (n+quantRows-1)/quantRows)
	pool.ranges(n, quantRows, func(from, to int) {
		var s pairUnits
		for i := from; i < to; i++ {
			s.g += math.Abs(float64(g[i]))
			s.h += float64(h[i])
		}
		sums[from/quantRows] = s
	})
	var total pairUnits
	for _, s := range sums {
		total.g += s.g
		total.h += s.h
	}
	// Each row's rounding adds less than 1.
	gScale, hScale := scale(math.MaxInt32-float64(n), total.g), scale(math.MaxUint32-float64(n), total.h)
	reuse.units = pairUnits{1 / gScale, 1 / hScale}
	pool.ranges(n, quantRows, func(from, to int) {
		gs, hs := float32(gScale), float32(hScale)
		packed := reuse.packed[from:to]
		for i := range packed {
			noise := mix(seed + uint64(from+i))
			a := round(g[from+i]*gs, uint32(noise))
			b := round(h[from+i]*hs, uint32(noise>>32))
			packed[i] = uint64(a)<<32 + uint64(uint32(b))
		}
	})
	return reuse
}

// scale returns the largest power of two whose product with sum is at most room. Powers of two keep values like 1 exact.
func scale(room, sum float64) float64 {
	if sum == 0 {
		return 1
	}
	return math.Exp2(min(100, math.Floor(math.Log2(room/sum)))) // bounded, to stay a float32
}

// round rounds v up or down, up with a chance of its fraction.
func round(v float32, noise uint32) int64 {
	const unit = 1.0 / (1 << 32)
	return int64(math.Floor(float64(v) + float64(noise)*unit))
}

// sum is a pair of quantised sums.
type sum struct{ g, h int64 }

func unpack(packed uint64) sum { return sum{int64(int32(packed >> 32)), int64(uint32(packed))} }

func (a sum) pack() uint64 { return uint64(a.g)<<32 + uint64(uint32(a.h)) }

func (a sum) minus(b sum) sum { return sum{a.g - b.g, a.h - b.h} }
func (a sum) plus(b sum) sum  { return sum{a.g + b.g, a.h + b.h} }

func (u pairUnits) of(s sum) (g, h float64) { return float64(s.g) * u.g, float64(s.h) * u.h }
