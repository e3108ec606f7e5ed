package hist

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestBestFirst compares trees grown strictly one split at a time with those of several at once, and checks that each split
// made was the best there was.
func TestBestFirst(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(21, 22))
	const rows = 3000
	columns := randomColumns(r, 5, rows)
	g, h := make([]float32, rows), make([]float32, rows)
	for i := range g {
		h[i] = 0.2 + r.Float32()
		g[i] = float32(r.NormFloat64())
		if columns[0][i] > 0.3 && columns[2][i] > 2 {
			g[i] += 2
		}
	}
	cuts, _ := cutsOf(columns, 64, rows)
	m, pool := NewMatrix(cuts, rows), NewPool(2)
	m.Add(columns, rows, pool)
	quanta := Quantise(g, h, 1, Precision{}, pool, nil)
	for _, leaves := range []int{2, 3, 10, 37, 200, 0} {
		params := Params{LearningRate: 1, LossGuide: true, MaxLeaves: leaves, MinChildWeight: 3, Lambda: 1, Subsample: 1, ColumnsByTree: 1, ColumnsByLevel: 1, ColumnsByNode: 1}
		grown := func(ahead int, leastGain float64) *Tree {
			grower := NewGrower(m, params, pool)
			grower.ahead, grower.leastGain[0] = ahead, leastGain
			tree, err := grower.Grow(context.Background(), quanta, 1)
			require.NoError(t, err)
			margins, walked := make([]float32, rows), make([]float32, rows)
			grower.AddGrown(tree, margins)
			tree.AddTo(m, walked, pool)
			require.Equal(t, walked, margins)
			return tree
		}
		want := grown(1, 0)
		for _, ahead := range []int{2, 5, aheadNodes} {
			for _, leastGain := range []float64{0, 5, math.Inf(1)} {
				require.Equal(t, want.Tree, grown(ahead, leastGain).Tree, "%d leaves, %d at once, above %g", leaves, ahead, leastGain)
			}
		}
		// Children are numbered as their parents are split: by falling gain among those that were there to be split.
		open := map[int32]bool{0: true}
		for next := int32(1); int(next) < len(want.Nodes); next += 2 {
			var parent int32 = -1
			for i := range open {
				if n := &want.Nodes[i]; !n.IsLeaf() && (parent < 0 || n.Gain > want.Nodes[parent].Gain) {
					parent = i
				}
			}
			require.Equal(t, next, want.Nodes[parent].Left)
			delete(open, parent)
			open[next], open[next+1] = true, true
		}
	}
}
