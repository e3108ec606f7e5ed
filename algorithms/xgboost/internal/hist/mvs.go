package hist

import (
	"math"
	"slices"
)

// gradientRidge weighs second derivatives against first ones in the chance of a row to be drawn; XGBoost's value.
const gradientRidge = 0.1

// Sample is a draw of rows with the derivatives that make up for the rows left out.
type Sample struct {
	Rows []uint32
	G, H []float32 // by row of the whole; 0 for rows not drawn
}

// SampleByGradient draws about share of the rows, each with a chance p in proportion to sqrt(g² + 0.1 h²) but at most 1, and
// divides its derivatives by p: minimal variance sampling (Ibragimov and Gusev, NeurIPS 2019) as XGBoost's
// sampling_method=gradient_based.
func SampleByGradient(g, h []float32, share float64, seed uint64, reuse *Sample) *Sample {
	if reuse == nil {
		reuse = &Sample{}
	}
	n := len(g)
	sizes := make([]float64, n)
	for i := range g {
		sizes[i] = math.Sqrt(float64(g[i])*float64(g[i]) + gradientRidge*float64(h[i])*float64(h[i]))
	}
	bar := samplingBar(sizes, share*float64(n))
	reuse.Rows = reuse.Rows[:0]
	reuse.G, reuse.H = grow(reuse.G[:0], n), grow(reuse.H[:0], n)
	seed = mix(seed + saltRows)
	for i, s := range sizes {
		p := share
		if bar > 0 {
			p = min(1, s/bar)
		}
		reuse.G[i], reuse.H[i] = 0, 0
		if float64(mix(seed+uint64(i))>>11) < p*(1<<53) {
			reuse.Rows = append(reuse.Rows, uint32(i))
			reuse.G[i], reuse.H[i] = float32(float64(g[i])/p), float32(float64(h[i])/p)
		}
	}
	return reuse
}

// samplingBar returns u such that the sum of min(1, size/u) is wanted, 0 where all sizes are 0.
func samplingBar(sizes []float64, wanted float64) float64 {
	sorted := slices.Clone(sizes)
	slices.Sort(sorted)
	sum := 0.0
	for i, s := range sorted {
		sum += s
		certain := float64(len(sorted) - 1 - i) // those above are drawn for sure
		if certain >= wanted {
			continue
		}
		if u := sum / (wanted - certain); u >= s && (i+1 == len(sorted) || u <= sorted[i+1]) {
			return u
		}
	}
	return 0
}
