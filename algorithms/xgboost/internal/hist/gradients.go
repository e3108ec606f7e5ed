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
	total  uint64 // of all rows
	units  pairUnits

	exact      []sum // by row, where Precision.Exact asks for them
	exactUnits pairUnits

	roots  *Roots // nil where the root of this output is not built yet
	output int    // 0 where roots is nil
}

// pairUnits are what one step of each half is worth.
type pairUnits struct{ g, h float64 }

const quantRows = 1 << 14

// Quantise packs derivatives.
func Quantise(g, h []float32, seed uint64, precision Precision, pool *Pool, reuse *Gradients) *Gradients {
	q, total := newQuantiser(g, h, seed, precision, pool)
	quanta := q.all(g, h, pool, reuse)
	if precision.Exact {
		quanta.keepExact(g, h, total)
	}
	return quanta
}

// newQuantiser chooses scales for derivatives. It returns the sums of their sizes as well.
func newQuantiser(g, h []float32, seed uint64, precision Precision, pool *Pool) (q quantiser, total pairUnits) {
	n := len(g)
	sums := make([]pairUnits, (n+quantRows-1)/quantRows)
	pool.worth(n/4).ranges(n, quantRows, func(from, to int) {
		sums[from/quantRows] = sumRows(g[from:to], h[from:to])
	})
	for _, s := range sums {
		total.g += s.g
		total.h += s.h
	}
	// Each row's rounding adds less than 1.
	q = quantiser{low: uint32(seed), high: uint32(seed >> 32)}
	q.scales = pairUnits{scale(math.MaxInt32-float64(n), total.g), scale(math.MaxUint32-float64(n), total.h)}
	precision.limit(&q.scales, g, h)
	return q, total
}

// all packs every row.
func (q *quantiser) all(g, h []float32, pool *Pool, reuse *Gradients) *Gradients {
	n := len(g)
	if reuse == nil {
		reuse = &Gradients{}
	}
	if len(reuse.packed) != n {
		reuse.packed = Spread[uint64](n)
	}
	reuse.units = pairUnits{1 / q.scales.g, 1 / q.scales.h}
	parts := make([]uint64, (n+quantRows-1)/quantRows)
	pool.worth(n).ranges(n, quantRows, func(from, to int) {
		parts[from/quantRows] = q.rows(reuse.packed[from:to], g[from:to], h[from:to], uint32(from))
	})
	reuse.total = 0
	for _, p := range parts {
		reuse.total += p
	}
	reuse.exact, reuse.roots, reuse.output = nil, nil, 0
	return reuse
}

// scale returns the largest power of two whose product with sum is at most room. Powers of two keep values like 1 exact.
func scale(room, sum float64) float64 {
	if sum == 0 {
		return 1
	}
	return math.Exp2(min(100, math.Floor(math.Log2(room/sum))))
}

// sumLanes is how many sums are kept side by side. Sums of floats depend on the order, so it is part of the result.
const sumLanes = 8

// sumRowsGo adds up sizes of first derivatives, and second derivatives.
func sumRowsGo(g, h []float32) pairUnits {
	var lanes [2 * sumLanes]float64
	for len(g) >= sumLanes && len(h) >= sumLanes {
		for i := range sumLanes {
			lanes[i] += math.Abs(float64(g[i]))
			lanes[sumLanes+i] += float64(h[i])
		}
		g, h = g[sumLanes:], h[sumLanes:]
	}
	return sumLeft(&lanes, g, h)
}

// sumLeft adds up the lanes and the rows left over.
func sumLeft(lanes *[2 * sumLanes]float64, g, h []float32) pairUnits {
	var s pairUnits
	for i := range sumLanes {
		s.g += lanes[i]
		s.h += lanes[sumLanes+i]
	}
	for i := range g {
		s.g += math.Abs(float64(g[i]))
		s.h += float64(h[i])
	}
	return s
}

// quantiser turns derivatives into integers.
type quantiser struct {
	scales    pairUnits
	low, high uint32 // of the seed
}

// rowsGo packs rows, the first of that number, and returns their sum.
func (q *quantiser) rowsGo(packed []uint64, g, h []float32, first uint32) (sum uint64) {
	packed, h = packed[:len(g)], h[:len(g)]
	for i := range g {
		noise := q.noise(first + uint32(i))
		a := round(float64(g[i])*q.scales.g, noise&0xffff)
		b := round(float64(h[i])*q.scales.h, noise>>16)
		packed[i] = uint64(a)<<32 + uint64(uint32(b))
		sum += packed[i]
	}
	return sum
}

// noise is a hash of seed and row: the mixer lowbias32 (C. Wellons, "Prospecting for hash functions", 2018).
func (q *quantiser) noise(row uint32) uint32 {
	x := row + q.low
	x = (x ^ x>>16) * 0x7feb352d
	x = (x ^ x>>15 ^ q.high) * 0x846ca68b
	return x ^ x>>16
}

// round rounds v up or down, up with a chance of its fraction. noise has 16 bits.
func round(v float64, noise uint32) int64 {
	const unit = 1.0 / (1 << 16)
	return int64(math.Floor(v + (float64(noise)*unit + unit/2)))
}

// sum is a pair of quantised sums.
type sum struct{ g, h int64 }

func unpack(packed uint64) sum { return sum{int64(int32(packed >> 32)), int64(uint32(packed))} }

func (a sum) pack() uint64 { return uint64(a.g)<<32 + uint64(uint32(a.h)) }

func (a sum) minus(b sum) sum { return sum{a.g - b.g, a.h - b.h} }
func (a sum) plus(b sum) sum  { return sum{a.g + b.g, a.h + b.h} }

func (u pairUnits) of(s sum) (g, h float64) { return float64(s.g) * u.g, float64(s.h) * u.h }
