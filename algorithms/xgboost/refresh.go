package xgboost

import (
	"slices"

	"github.com/batchmill/batchmill/algorithms/xgboost/internal/forest"
)

// refresh goes on with the next round's trees of the earlier model: their shape stays, sums, gains and (with refresh_leaf)
// leaf values become those of the rows at hand, as with XGBoost's updater refresh (src/tree/updater_refresh.cc).
func (t *training) refresh() {
	outputs := t.set.outputs()
	perRound := outputs * t.set.parallel
	first := t.channels[0]
	for _, tree := range t.earlier.model.Trees[t.done*perRound : (t.done+1)*perRound] {
		tree.Nodes = slices.Clone(tree.Nodes)
		sums := make([][2]float64, len(tree.Nodes))
		g, h := t.g[tree.Group], t.h[tree.Group]
		for r := range first.rows() {
			for _, node := range wayOf(&tree, first.columns, r) {
				sums[node][0] += float64(g[r])
				sums[node][1] += float64(h[r])
			}
		}
		t.set.tree.Refresh(&tree, sums, t.set.values.Bool("refresh_leaf"))
		t.refreshed = append(t.refreshed, tree)
	}
	for _, tree := range t.refreshed[len(t.refreshed)-perRound:] {
		t.addRefreshed(&tree)
	}
}

// refreshRows is how many rows one piece of work takes down a tree.
const refreshRows = 8192

func (t *training) addRefreshed(tree *forest.Tree) {
	for _, c := range t.channels {
		t.addUnbinned(c, tree)
	}
}

// addUnbinned adds a tree, whose thresholds need not be bounds of bins, to a channel whose rows have been kept.
func (t *training) addUnbinned(c *scored, tree *forest.Tree) {
	t.pool.Each((c.rows()+refreshRows-1)/refreshRows, func(i int) {
		for r := i * refreshRows; r < min(c.rows(), (i+1)*refreshRows); r++ {
			leaf := &tree.Nodes[descend(tree.Nodes, c.columns, r)]
			c.margins[tree.Group][r] += float32(leaf.Value * tree.Scale)
		}
	})
}

// wayOf lists the nodes a row passes.
func wayOf(tree *forest.Tree, columns [][]float32, row int) []int32 {
	way := make([]int32, 1, 16)
	for at := int32(0); !tree.Nodes[at].IsLeaf(); {
		n := &tree.Nodes[at]
		x := columns[n.Feature][row]
		left := x < n.Value
		switch {
		case x != x:
			left = n.DefaultLeft
		case n.Categorical:
			left = x < 0 || x > forest.MaxCategory || !slices.Contains(n.Categories, uint32(x))
		}
		if at = n.Right; left {
			at = n.Left
		}
		way = append(way, at)
	}
	return way
}
