package hist

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestSampleByGradient checks over many draws that sums over the rows drawn have the sums over all rows as their mean, that
// about as many rows are drawn as wanted, and that sums vary less than with rows drawn alike, which is what it is for.
func TestSampleByGradient(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(8, 9))
	const n, share, draws = 5000, 0.2, 400
	g, h := make([]float32, n), make([]float32, n)
	var wantG, wantH float64
	for i := range g {
		g[i], h[i] = float32(r.NormFloat64()*math.Exp(1.5*r.NormFloat64())), r.Float32()/4
		if i < n/2 { // what a histogram adds up is some of the rows
			wantG += float64(g[i])
			wantH += float64(h[i])
		}
	}
	var sample *Sample
	var sumsG, sumsH, alike, sizes []float64
	for draw := range uint64(draws) {
		sample = SampleByGradient(g, h, share, draw, sample)
		var a, b, c float64
		for _, i := range sample.Rows {
			if i < n/2 {
				a += float64(sample.G[i])
				b += float64(sample.H[i])
			}
		}
		for i := range n / 2 {
			if r.Float64() < share {
				c += float64(g[i]) / share
			}
		}
		sumsG, sumsH, alike, sizes = append(sumsG, a), append(sumsH, b), append(alike, c), append(sizes, float64(len(sample.Rows)))
	}
	for _, test := range []struct {
		what string
		of   []float64
		want float64
	}{{"first derivatives", sumsG, wantG}, {"second derivatives", sumsH, wantH}, {"rows", sizes, share * n}} {
		mean, deviation := meanAndDeviation(test.of)
		require.InDelta(t, test.want, mean, 4*deviation/math.Sqrt(draws), test.what)
	}
	_, ours := meanAndDeviation(sumsG)
	_, theirs := meanAndDeviation(alike)
	require.Less(t, ours, theirs/2)
}

func meanAndDeviation(values []float64) (mean, deviation float64) {
	for _, v := range values {
		mean += v / float64(len(values))
	}
	for _, v := range values {
		deviation += (v - mean) * (v - mean) / float64(len(values)-1)
	}
	return mean, math.Sqrt(deviation)
}
