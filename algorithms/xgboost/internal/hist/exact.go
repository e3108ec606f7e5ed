package hist

import "math"

// Precision is how finely derivatives are added up. The zero value is what training uses; the others are what its quality is
// held against.
type Precision struct {
	// Exact adds up derivatives that have not been rounded, to 62 bits for the sum of all rows, which is more than a float64
	// holds. Without histograms, so many times slower. Rows must be dense; others are treated as without it.
	Exact bool
	// Bits, if not 0, is of how many bits a rounded derivative may be, the sign of the first one included.
	Bits int
}

// limit lowers scales so that no derivative takes more than the bits allowed.
func (p Precision) limit(scales *pairUnits, g, h []float32) {
	if p.Bits == 0 {
		return
	}
	var most pairUnits
	for i := range g {
		most.g, most.h = max(most.g, math.Abs(float64(g[i]))), max(most.h, float64(h[i]))
	}
	if most.g > 0 {
		scales.g = min(scales.g, (math.Exp2(float64(p.Bits-1))-1)/most.g)
	}
	if most.h > 0 {
		scales.h = min(scales.h, (math.Exp2(float64(p.Bits))-1)/most.h)
	}
}

const exactRoom = 1 << 62

// keepExact keeps derivatives whose sizes add up to total as fixed-point numbers.
func (q *Gradients) keepExact(g, h []float32, total pairUnits) {
	q.exact = make([]sum, len(g))
	scales := pairUnits{fixedScale(total.g), fixedScale(total.h)}
	q.exactUnits = pairUnits{1 / scales.g, 1 / scales.h}
	for i := range g {
		q.exact[i] = sum{int64(math.RoundToEven(float64(g[i]) * scales.g)), int64(math.RoundToEven(float64(h[i]) * scales.h))}
	}
}

func fixedScale(sum float64) float64 {
	if sum == 0 {
		return 1
	}
	return math.Exp2(math.Floor(math.Log2(exactRoom / sum)))
}

func (g *Grower) sumExact() (s sum) {
	for _, r := range g.rows {
		s = s.plus(g.exact[r])
	}
	return s
}

// searchExact searches a node's splits on sums made from its rows.
func (g *Grower) searchExact(f *finder, n *growing, columns []int32) {
	cuts, stride := g.matrix.Cuts, len(g.matrix.Cuts.Features)
	for _, c := range columns {
		bins := make([]sum, cuts.Features[c].Bins()+1)
		for _, r := range g.rows[n.from:n.to] {
			at := int(r)*stride + int(c)
			b := 0
			if cuts.wide {
				b = int(g.matrix.wide[at])
			} else {
				b = int(g.matrix.narrow[at])
			}
			bins[b] = bins[b].plus(g.exact[r])
		}
		if cuts.Features[c].Categories > 0 {
			f.categorical(c, bins)
		} else {
			f.numericSums(c, bins)
		}
	}
}
