package hist

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestSplitApart compares trees whose nodes are split apart from each other with those grown phase after phase, as they are where there are
// too few nodes for all cores.
func TestSplitApart(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(41, 42))
	const rows = 6000
	columns := randomColumns(r, 6, rows)
	g, h := make([]float32, rows), make([]float32, rows)
	for i := range g {
		g[i], h[i] = float32(r.NormFloat64()), 0.2+r.Float32()
	}
	for _, bins := range []int{40, 255, 700} {
		cuts, _ := cutsOf(columns, bins, rows)
		m := NewMatrix(cuts, rows)
		m.Add(columns, rows, NewPool(2))
		quanta := Quantise(g, h, 1, Precision{}, NewPool(2), nil)
		for _, params := range []Params{
			{MaxDepth: 10, Subsample: 1, ColumnsByTree: 1, ColumnsByLevel: 1, ColumnsByNode: 1},
			{MaxDepth: 7, Alpha: 3, MinChildWeight: 5, Subsample: 0.7, ColumnsByTree: 0.8, ColumnsByLevel: 0.7, ColumnsByNode: 0.7},
			{MaxLeaves: 100, LossGuide: true, Subsample: 0.5, ColumnsByTree: 1, ColumnsByLevel: 1, ColumnsByNode: 1},
			{MaxDepth: 9, Monotone: []int8{1, 0, -1}, Interactions: [][]int32{{0, 1, 2}, {2, 3, 4, 5}}, Subsample: 1, ColumnsByTree: 1, ColumnsByLevel: 1, ColumnsByNode: 1},
		} {
			t.Run(fmt.Sprintf("%d bins, depth %d", bins, params.MaxDepth), func(t *testing.T) {
				params.LearningRate, params.Lambda = 1, 1
				grown := func(threads int) *Tree {
					grower := NewGrower(m, params, NewPool(threads))
					tree, err := grower.Grow(context.Background(), quanta, 5)
					require.NoError(t, err)
					require.Equal(t, threads == 1, grower.canSplitApart([]int32{1, 2}))
					return tree
				}
				inPhases := grown(2 * rows)
				require.Greater(t, len(inPhases.Nodes), 50)
				require.Equal(t, inPhases.Tree, grown(1).Tree)
				require.Equal(t, inPhases.Tree, grown(3).Tree)
			})
		}
	}
}
