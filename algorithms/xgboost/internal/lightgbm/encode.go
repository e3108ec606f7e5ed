package lightgbm

import (
	"math"

	"github.com/batchmill/batchmill/algorithms/xgboost/internal/lanes"
)

// encoder makes the codes of a key.
type encoder struct {
	key
	bounds []float64
	cuts   *lanes.Cuts
}

func newEncoder(k key, bounds []float64) encoder {
	single := make([]float32, len(bounds))
	for i, b := range bounds {
		single[i] = above(b)
	}
	set := k.kind == Categories
	return encoder{k, bounds, lanes.NewCuts(single, set, set || !k.missingLeft)}
}

// above is the least float32 that is greater than a bound, or NaN: a float32 is above the bound if and only if it is not
// below that.
func above(bound float64) float32 {
	f := float32(bound)
	switch {
	case float64(f) > bound:
		return f
	case math.IsInf(bound, 1):
		return float32(math.NaN())
	}
	return math.Nextafter32(f, float32(math.Inf(1)))
}

// encode writes the codes of a block's part of a column, whose values are mostly exact in single precision. Others are rounded down, and their
// codes compared once more, in double precision.
func (e *encoder) encode(b *lanes.Batch, block, at int, column []float64, single *[lanes.Rows]float32) {
	exact := true
	for r, x := range column {
		f := float32(x)
		if float64(f) != x {
			f, exact = e.inexact(x), false
		}
		single[r] = f
	}
	if e.kind == MissingZero {
		for r, x := range column {
			if x >= -zeroThreshold && x <= zeroThreshold {
				single[r] = float32(math.NaN())
			}
		}
	}
	codes := b.Encode(block, at, e.cuts, single[:len(column)])
	if exact {
		return
	}
	for r, x := range column {
		if f := single[r]; float64(f) != x && f == f {
			rank := e.cuts.Rank(codes[r])
			for rank < len(e.bounds) && e.bounds[rank] < x {
				rank++
			}
			codes[r] = e.cuts.Code(rank)
		}
	}
}

// inexact is what stands for a value that single precision does not have.
func (e *encoder) inexact(x float64) float32 {
	if x != x {
		if e.kind == MissingNone {
			return 0
		}
		return float32(x)
	}
	f := float32(x)
	if float64(f) > x {
		f = math.Nextafter32(f, float32(math.Inf(-1)))
	}
	return f
}
