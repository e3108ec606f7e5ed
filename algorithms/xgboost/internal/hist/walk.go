package hist

import "github.com/batchmill/batchmill/algorithms/xgboost/internal/forest"

// Walk takes rows of bins down a tree. It decides as the tree does on the values the bins came from.
type Walk struct {
	nodes  []walkNode
	tables sideTable // of all splits
	values []float32 // by node: of leaves
	// steps are the nodes as vector code reads them: the left child's number, which the right one's follows, above stepShift, and the
	// feature below it. A leaf leads to itself. The table of node i is at i*tableWords. nil where a tree does not fit.
	steps []uint32
}

type walkNode struct {
	feature  int32    // -1 in a leaf
	children [2]int32 // left, right
	table    int32    // where it begins
}

const stepShift = 16

// newWalk prepares a tree whose thresholds are bounds of cuts.
func newWalk(t *forest.Tree, cuts *Cuts) *Walk {
	w := &Walk{nodes: make([]walkNode, len(t.Nodes)), values: make([]float32, len(t.Nodes))}
	if !cuts.wide {
		w.tables = make(sideTable, len(t.Nodes)*tableWords)
	}
	for i := range t.Nodes {
		n := &t.Nodes[i]
		if n.IsLeaf() {
			w.nodes[i].feature, w.values[i] = -1, n.Value
			continue
		}
		f := &cuts.Features[n.Feature]
		at := i * tableWords
		if cuts.wide {
			at = len(w.tables)
			w.tables = append(w.tables, make(sideTable, tableLength(f))...)
		}
		w.nodes[i] = walkNode{feature: n.Feature, children: [2]int32{n.Left, n.Right}, table: int32(at)}
		s := split{defaultLeft: n.DefaultLeft, categorical: n.Categorical, rightSet: n.Categories}
		if !n.Categorical {
			s.bin = int32(f.find(n.Value))
		}
		w.tables[at:].fill(f, &s)
	}
	w.makeSteps(cuts)
	return w
}

func (w *Walk) makeSteps(cuts *Cuts) {
	if cuts.wide || len(w.nodes) > 1<<(32-stepShift) || len(cuts.Features) > 1<<stepShift {
		return
	}
	steps := make([]uint32, len(w.nodes))
	for i, n := range w.nodes {
		switch {
		case n.feature < 0:
			steps[i] = uint32(i) << stepShift
		case n.children[1] != n.children[0]+1:
			return
		default:
			steps[i] = uint32(n.children[0])<<stepShift | uint32(n.feature)
		}
	}
	w.steps = steps
}

// NewTree makes a tree that was grown before ready to walk again on bins of the same cuts.
func NewTree(t forest.Tree, cuts *Cuts) *Tree { return &Tree{Tree: t, walk: newWalk(&t, cuts)} }

// AddTo adds the tree's values, times its Scale, to the margin of every row of the matrix.
func (t *Tree) AddTo(m *Matrix, margins []float32, pool *Pool) {
	if m.sparse != nil {
		t.addToSparse(m, margins, pool)
		return
	}
	stride := len(m.Cuts.Features)
	pool.worth(walkWork*m.rows).ranges(m.rows, binRows, func(from, to int) {
		if m.Cuts.wide {
			addWalked(t.walk, m.wide[from*stride:], stride, margins[from:to], t.Scale)
		} else {
			t.walk.addBytes(m.narrow[from*stride:], stride, margins[from:to], t.Scale)
		}
	})
}

// walkWork is about how long a row takes down a tree, in nanoseconds.
const walkWork = 10

// addWalked adds the values, times scale, of rows of stride bins.
func addWalked[B uint8 | uint16](w *Walk, bins []B, stride int, margins []float32, scale float32) {
	for r := range margins {
		row := bins[r*stride:][:stride]
		at := int32(0)
		for n := &w.nodes[0]; n.feature >= 0; n = &w.nodes[at] {
			at = n.children[w.right(n, int(row[n.feature]))]
		}
		margins[r] += float32(w.values[at] * scale)
	}
}

// right is 1 if a bin goes right at a split, else 0.
func (w *Walk) right(n *walkNode, bin int) uint8 { return w.tables[n.table:].right(bin) }

// AddGrown adds the values of the tree just grown to the margins of the rows it was grown on: the leaf of a row is known
// from the partition. Rows outside the sample walk.
func (g *Grower) AddGrown(t *Tree, margins []float32) {
	if g.sampled {
		t.AddTo(g.matrix, margins, g.pool)
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
	g.pool.worth(len(g.rows)).Each(len(leaves), func(i int) {
		value := g.nodes[leaves[i].node].node.Value
		for _, r := range g.rows[leaves[i].from:leaves[i].to] {
			margins[r] += value
		}
	})
}
