package hist

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestRoots compares roots built together with those that growers build one by one.
func TestRoots(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ rows, features, bins, outputs, threads int }{
		{1, 1, 2, 3, 1},
		{700, 5, 4, 3, 2},
		{rootRows, 41, 30, 8, 3},
		{3*rootRows + 1, 40, bytesBins, 9, 1}, // in blocks of features, and even
		{5000, 7, 100, 23, 4},
	} {
		t.Run(fmt.Sprint(c), func(t *testing.T) {
			t.Parallel()
			r := rand.New(rand.NewPCG(31, uint64(c.rows)))
			features := make([]Feature, c.features)
			for f := range features {
				for b := range c.bins - 1 - f%2 {
					features[f].Bounds = append(features[f].Bounds, float32(b))
				}
			}
			pool, params := NewPool(c.threads), Params{Subsample: 1, ColumnsByTree: 1, ColumnsByLevel: 1, ColumnsByNode: 1}
			m, columns := NewMatrix(NewCuts(features), c.rows), make([][]float32, c.features)
			for f := range columns {
				for range c.rows {
					columns[f] = append(columns[f], float32(r.IntN(c.bins)))
				}
			}
			m.Add(columns, c.rows, pool)
			roots := NewRoots(m, params, c.outputs)
			require.NotNil(t, roots)
			var g, h [][]float32
			var seeds []uint64
			for range c.outputs {
				first, second := make([]float32, c.rows), make([]float32, c.rows)
				for i := range first {
					first[i], second[i] = float32(r.NormFloat64()), r.Float32()
				}
				g, h, seeds = append(g, first), append(h, second), append(seeds, r.Uint64())
			}
			for range 2 { // the second round reuses the first one's memory
				roots.Build(g, h, seeds, Precision{}, pool)
				for o := range c.outputs {
					want, got := NewGrower(m, params, pool), NewGrower(m, params, pool)
					want.gradients, got.gradients = Quantise(g[o], h[o], seeds[o], Precision{}, pool, nil), roots.Quantise(o, pool, nil)
					require.Equal(t, want.gradients.packed, got.gradients.packed)
					for _, grower := range []*Grower{want, got} {
						grower.chooseRows()
						grower.columns = allColumns(c.features)
						grower.nodes = []growing{{to: c.rows}}
						grower.buildRoot()
					}
					require.Equal(t, want.nodes[0].hist, got.nodes[0].hist)
				}
			}
		})
	}
}

// TestNoRoots checks where roots are built one by one.
func TestNoRoots(t *testing.T) {
	t.Parallel()
	narrow, many := Feature{Bounds: []float32{1}}, Feature{Categories: bytesBins + 1}
	plain := Params{Subsample: 1, ColumnsByTree: 1}
	for name, none := range map[string]*Roots{
		"two outputs":    NewRoots(NewMatrix(NewCuts([]Feature{narrow}), 1), plain, 2),
		"few columns":    NewRoots(NewMatrix(NewCuts([]Feature{narrow}), 1), Params{Subsample: 1, ColumnsByTree: 0.5}, 5),
		"sampled rows":   NewRoots(NewMatrix(NewCuts([]Feature{narrow}), 1), Params{Subsample: 0.5, ColumnsByTree: 1}, 3),
		"two-byte bins":  NewRoots(NewMatrix(NewCuts([]Feature{many}), 1), plain, 3),
		"exact sums":     NewRoots(NewMatrix(NewCuts([]Feature{narrow}), 1), Params{Subsample: 1, ColumnsByTree: 1, Precision: Precision{Exact: true}}, 3),
		"too much space": NewRoots(NewMatrix(NewCuts(make([]Feature, rootRoom/rootLanes)), 1), plain, 3),
	} {
		require.Nil(t, none, name)
	}
	require.NotNil(t, NewRoots(NewMatrix(NewCuts([]Feature{narrow}), 1), plain, 3))
}
