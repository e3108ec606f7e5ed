package hist

import "github.com/batchmill/batchmill/algorithms/xgboost/internal/forest"

// Walk takes rows of bins down a tree. It decides as the tree does on the values the bins came from.
type Walk struct {
	nodes  []walkNode
	tables [][]uint8
}

type walkNode struct {
	feature  int32    // -1 in a leaf
	children [2]int32 // right, left
	table    int32
	value    float32
}

// newWalk prepares a tree whose thresholds are bounds of cuts.
func newWalk(t *forest.Tree, cuts *Cuts) *Walk {
	w := &Walk{nodes: make([]walkNode, len(t.Nodes))}
	for i := range t.Nodes {
		n := &t.Nodes[i]
		if n.IsLeaf() {
			w.nodes[i] = walkNode{feature: -1, value: n.Value}
			continue
		}
		f := &cuts.Features[n.Feature]
		s := split{defaultLeft: n.DefaultLeft, categorical: n.Categorical, rightSet: n.Categories}
		if !n.Categorical {
			s.bin = int32(f.find(n.Value))
		}
		w.nodes[i] = walkNode{feature: n.Feature, children: [2]int32{n.Right, n.Left}, table: int32(len(w.tables))}
		w.tables = append(w.tables, s.table(f))
	}
	return w
}

// NewTree makes a tree that was grown before ready to walk again on bins of the same cuts.
func NewTree(t forest.Tree, cuts *Cuts) *Tree { return &Tree{Tree: t, walk: newWalk(&t, cuts)} }

// AddTo adds the tree's values, times its Scale, to margins[row*stride] for every row of the matrix.
func (t *Tree) AddTo(m *Matrix, margins []float32, stride int, pool *Pool) {
	if m.sparse != nil {
		t.addToSparse(m, margins, stride, pool)
		return
	}
	pool.ranges(m.rows, binRows, func(from, to int) {
		for r := from; r < to; r++ {
			margins[r*stride] += float32(t.walk.value(m, r) * t.Scale)
		}
	})
}

func (w *Walk) value(m *Matrix, row int) float32 {
	columns := len(m.Cuts.Features)
	n := &w.nodes[0]
	if m.Cuts.wide {
		bins := m.wide[row*columns : (row+1)*columns]
		for n.feature >= 0 {
			n = &w.nodes[n.children[w.tables[n.table][bins[n.feature]]&1]]
		}
		return n.value
	}
	bins := m.narrow[row*columns : (row+1)*columns]
	for n.feature >= 0 {
		n = &w.nodes[n.children[w.tables[n.table][bins[n.feature]]&1]]
	}
	return n.value
}

// AddGrown adds the values of the tree just grown to the margins of the rows it was grown on: the leaf of a row is known
// from the partition. Rows outside the sample walk.
func (g *Grower) AddGrown(t *Tree, margins []float32, stride int) {
	if g.sampled {
		t.AddTo(g.matrix, margins, stride, g.pool)
		return
	}
	var leaves []piece
	for i := range g.nodes {
		if n := &g.nodes[i]; n.cut == nil {
			for from := n.from; from < n.to; from += partitionRows {
				leaves = append(leaves, piece{node: int32(i), from: from, to: min(n.to, from+partitionRows)})
			}
		}
	}
	g.pool.Each(len(leaves), func(i int) {
		value := g.nodes[leaves[i].node].node.Value
		for _, r := range g.rows[leaves[i].from:leaves[i].to] {
			margins[int(r)*stride] += value
		}
	})
}
