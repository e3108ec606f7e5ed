package hist

import (
	"context"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestPrune grows a tree on a target that no first split says anything about: pruned afterwards it keeps the splits below
// which some gain is, stopped early it has none. What is left of a split taken back are all of its rows.
func TestPrune(t *testing.T) {
	t.Parallel()
	const rows, gamma = 2000, 100
	r := rand.New(rand.NewPCG(31, 32))
	columns := [][]float32{make([]float32, rows), make([]float32, rows)}
	g, h := make([]float32, rows), make([]float32, rows)
	for i := range g {
		a, b := i%2, i/2%2
		columns[0][i], columns[1][i] = float32(a), float32(b)
		h[i], g[i] = 1, float32(2*(a^b)-1)+float32(r.NormFloat64())/10
	}
	cuts, _ := cutsOf(columns, 64, rows)
	m, pool := NewMatrix(cuts, rows), NewPool(2)
	m.Add(columns, rows, pool)
	quanta := Quantise(g, h, 1, Precision{}, pool, nil)
	for _, lossGuide := range []bool{false, true} {
		params := Params{LearningRate: 1, MaxDepth: 3, MinSplitLoss: gamma, LossGuide: lossGuide, Subsample: 1, ColumnsByTree: 1, ColumnsByLevel: 1, ColumnsByNode: 1}
		grown := func(prune bool) *Tree {
			params.Prune = prune
			grower := NewGrower(m, params, pool)
			tree, err := grower.Grow(context.Background(), quanta, 1)
			require.NoError(t, err)
			margins, walked := make([]float32, rows), make([]float32, rows)
			grower.AddGrown(tree, margins)
			tree.AddTo(m, walked, pool)
			require.Equal(t, walked, margins)
			return tree
		}
		require.Len(t, grown(false).Nodes, 1)
		tree := grown(true)
		require.Len(t, tree.Nodes, 7)
		require.Less(t, tree.Nodes[0].Gain, float32(gamma))
		for _, n := range tree.Nodes {
			if !n.IsLeaf() && tree.Nodes[n.Left].IsLeaf() && tree.Nodes[n.Right].IsLeaf() {
				require.GreaterOrEqual(t, n.Gain, float32(gamma))
			}
		}
	}
}
