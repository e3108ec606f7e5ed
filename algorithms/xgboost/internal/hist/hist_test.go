package hist

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

func randomColumns(r *rand.Rand, features, rows int) [][]float32 {
	columns := make([][]float32, features)
	for f := range columns {
		columns[f] = make([]float32, rows)
		for i := range columns[f] {
			columns[f][i] = float32(r.NormFloat64())
			if f%3 == 1 && r.IntN(5) == 0 {
				columns[f][i] = float32(math.NaN())
			}
			if f%3 == 2 {
				columns[f][i] = float32(r.IntN(7))
			}
		}
	}
	return columns
}

func cutsOf(columns [][]float32, bins, batch int) (*Cuts, *Sketch) {
	s := NewSketch(make([]bool, len(columns)), bins)
	pool := NewPool(2)
	for from := 0; from < len(columns[0]); from += batch {
		to := min(len(columns[0]), from+batch)
		part := make([][]float32, len(columns))
		for f := range part {
			part[f] = columns[f][from:to]
		}
		s.Add(part, nil, to-from, pool)
	}
	return s.Cuts(make([]int, len(columns)), pool), s
}

// TestSketch checks that few values get a bin each, many get bins of about equal weight, and that batches do not matter.
func TestSketch(t *testing.T) {
	t.Parallel()
	columns := randomColumns(rand.New(rand.NewPCG(1, 2)), 3, sampleRows+50000) // more rows than the sample holds
	cuts, s := cutsOf(columns, 64, 100000)
	other, _ := cutsOf(columns, 64, 777)
	require.Equal(t, cuts, other)
	_, all := s.Sample()
	require.False(t, all)
	require.Equal(t, len(columns[0]), s.Rows())
	require.Equal(t, []float32{0.5, 1.5, 2.5, 3.5, 4.5, 5.5}, cuts.Features[2].Bounds)
	for f := range 2 {
		counts := make([]int, cuts.Features[f].Bins())
		n := 0
		for _, x := range columns[f] {
			if x == x {
				counts[cuts.Features[f].bin(x)]++
				n++
			}
		}
		require.InDelta(t, 64, len(counts), 1)
		for _, c := range counts {
			require.InEpsilon(t, n/len(counts), c, 0.1)
		}
	}
}

// TestHeavyValues checks that a value with more than its share does not starve the others.
func TestHeavyValues(t *testing.T) {
	t.Parallel()
	values, weights := []float32{0}, []float64{1e6}
	for i := range 1000 {
		values, weights = append(values, float32(i+1)), append(weights, 1)
	}
	bounds := numericCuts(values, weights, 100)
	require.InDelta(t, 99, len(bounds), 1)
	require.True(t, slices.IsSorted(bounds))
}

// TestSearch compares the search without branches with the plain one.
func TestSearch(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 4))
	for bounds := range 70 {
		f := Feature{}
		for range bounds {
			f.Bounds = append(f.Bounds, float32(r.NormFloat64()))
		}
		slices.Sort(f.Bounds)
		s := newSearch(&f)
		for range 100 {
			x := float32(r.NormFloat64())
			if bounds > 0 && r.IntN(3) == 0 {
				x = f.Bounds[r.IntN(bounds)]
			}
			require.Equal(t, f.bin(x), s.bin(x))
		}
		require.Equal(t, f.Bins(), s.bin(float32(math.NaN())))
	}
}

// TestHistograms compares the ways to build a histogram, bytes and wide, all and some columns, direct and by subtraction,
// with sums made one by one.
func TestHistograms(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(5, 6))
	const rows, features = 3000, 7
	columns := randomColumns(r, features, rows)
	g, h := make([]float32, rows), make([]float32, rows)
	for i := range g {
		g[i], h[i] = float32(r.NormFloat64()), r.Float32()
	}
	pool := NewPool(3)
	for _, bins := range []int{64, 1000} {
		cuts, _ := cutsOf(columns, bins, rows)
		m := NewMatrix(cuts, rows)
		m.Add(columns, rows, pool)
		require.Equal(t, bins > 256, cuts.wide)
		grower := NewGrower(m, Params{MinChildWeight: 1, Lambda: 1, Subsample: 1}, pool)
		grower.gradients = Quantise(g, h, 1, Precision{}, pool, nil)
		for _, used := range [][]int32{allColumns(features), {1, 4, 5}} {
			grower.columns = used
			var some, rest, all []uint32
			want := make(histogram, cuts.offsets[features]+window)
			for i := range uint32(rows) {
				all = append(all, i)
				if r.IntN(3) == 0 {
					some = append(some, i)
					for _, f := range used {
						b := cuts.Features[f].Bins()
						if x := columns[f][i]; x == x {
							b = cuts.Features[f].bin(x)
						}
						want[cuts.offsets[f]+b] += grower.gradients.packed[i]
					}
				} else {
					rest = append(rest, i)
				}
			}
			direct, whole, other := grower.newHistogram(), grower.newHistogram(), grower.newHistogram()
			grower.accumulate(direct, some)
			require.Equal(t, want, direct)
			grower.accumulate(whole, all)
			grower.accumulate(other, rest)
			whole.subtract(other)
			require.Equal(t, want, whole)
		}
	}
}

// TestQuantise checks that sums of quantised gradients are near the true ones and that halves never mix.
func TestQuantise(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(7, 8))
	g, h := make([]float32, 100000), make([]float32, 100000)
	wantG, wantH := 0.0, 0.0
	for i := range g {
		g[i], h[i] = float32(r.NormFloat64()*math.Exp(3*r.NormFloat64())), 1
		wantG += float64(g[i])
		wantH++
	}
	q := Quantise(g, h, 42, Precision{}, NewPool(2), nil)
	var packed uint64
	for _, p := range q.packed {
		packed += p
	}
	gotG, gotH := q.units.of(unpack(packed))
	require.InDelta(t, wantG, gotG, 1e-3*math.Abs(wantG)+1)
	require.Equal(t, wantH, gotH) // ones are exact
}

// TestBruteForce compares the root's split with the best of all splits tried one by one in floating point.
func TestBruteForce(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(9, 10))
	const rows = 500
	for round := range 20 {
		columns := randomColumns(r, 4, rows)
		g, h := make([]float32, rows), make([]float32, rows)
		for i := range g {
			h[i] = 0.2 + r.Float32()
			g[i] = float32(r.NormFloat64())
			if columns[round%3][i] > 0.3 {
				g[i]++
			}
		}
		cuts, _ := cutsOf(columns, 64, rows)
		m := NewMatrix(cuts, rows)
		pool := NewPool(1 + round%3)
		m.Add(columns, rows, pool)
		params := Params{LearningRate: 1, MaxDepth: 1, MinChildWeight: 3, Lambda: 0.7, Alpha: float64(round % 2), Subsample: 1, ColumnsByTree: 1, ColumnsByLevel: 1, ColumnsByNode: 1}
		grown := func(p Precision) float64 {
			tree, err := NewGrower(m, params, pool).Grow(context.Background(), Quantise(g, h, 1, p, pool, nil), 1)
			require.NoError(t, err)
			return float64(tree.Nodes[0].Gain)
		}
		best := 0.0
		for f, column := range columns {
			for b := range cuts.Features[f].Bins() {
				for _, missingLeft := range []bool{false, true} {
					var gl, hl, gr, hr float64
					for i, x := range column {
						if x < cuts.Features[f].Threshold(b) || x != x && missingLeft {
							gl, hl = gl+float64(g[i]), hl+float64(h[i])
						} else {
							gr, hr = gr+float64(g[i]), hr+float64(h[i])
						}
					}
					if hl >= 3 && hr >= 3 {
						best = max(best, params.gain(gl, hl)+params.gain(gr, hr)-params.gain(gl+gr, hl+hr))
					}
				}
			}
		}
		require.InEpsilon(t, best, grown(Precision{}), 1e-4)
		require.InEpsilon(t, best, grown(Precision{Exact: true}), 1e-6)
		require.InEpsilon(t, best, grown(Precision{Bits: 10}), 2e-2)
	}
}
