package hist

import (
	"context"
	"sync"

	"github.com/batchmill/batchmill/algorithms/xgboost/internal/forest"
)

// Grower grows one tree after the other on a matrix.
type Grower struct {
	matrix *Matrix
	params Params
	pool   *Pool

	gradients *Gradients
	units     pairUnits // of the sums below
	exact     []sum     // by row: what is added up instead of gradients where Precision.Exact asks for it
	columns   []int32   // features this tree may use, ascending
	seed      uint64    // of this tree's choices
	rows      []uint32
	scratch   []uint32
	sampled   bool     // not every row is in rows
	given     []uint32 // the rows of the next tree, where the caller has drawn them

	mutex sync.Mutex
	free  []histogram

	nodes []growing

	ahead     int             // the most nodes that best-first growth splits together
	leastGain map[int]float64 // by output: of the splits of its tree grown best first before

	sides *sides // of a sparse matrix: which way rows go
	own   *segments
	whole bool // own has not been filled for this tree: its root's segments are the matrix's columns
}

// growing is a node of the tree being grown.
type growing struct {
	node     forest.Node
	from, to int // its rows in Grower.rows
	depth    int
	total    sum
	bounds   bounds    // on the values below
	path     []int32   // features split on above, where interactions are constrained
	segments []segment // in place of hist where columns are parted
	hist     histogram // nil once it is no longer needed, or where the node cannot be split
	split    split     // the best found
	cut      *split    // the one applied; nil in a leaf
	number   int32     // best first: the node's place in the tree
}

// NewGrower prepares to grow trees on matrix.
func NewGrower(matrix *Matrix, params Params, pool *Pool) *Grower {
	g := &Grower{matrix: matrix, params: params, pool: pool, ahead: aheadNodes, leastGain: map[int]float64{}}
	if matrix.sparse != nil {
		g.prepareSparse()
	} else {
		matrix.Transpose(pool)
	}
	return g
}

// Tree is a grown tree and how it splits bins.
type Tree struct {
	forest.Tree
	walk *Walk
}

// Grow grows a tree on one output's gradients. Row and column sampling depend on seed alone.
func (g *Grower) Grow(ctx context.Context, gradients *Gradients, seed uint64) (*Tree, error) {
	g.gradients, g.units, g.seed = gradients, gradients.units, seed
	if g.exact = nil; g.matrix.sparse == nil && gradients.exact != nil {
		g.exact, g.units = gradients.exact, gradients.exactUnits
	}
	g.chooseRows()
	g.columns = g.chooseColumns(g.params.ColumnsByTree, allColumns(len(g.matrix.Cuts.Features)), saltTree, 0)
	g.nodes = append(g.nodes[:0], growing{to: len(g.rows), total: g.sum(), bounds: unbounded})
	g.nodes[0].node = g.leaf(g.nodes[0].total, unbounded)
	if g.sides != nil {
		clear(g.sides.owner)
	}
	if g.splittable(&g.nodes[0]) {
		g.buildRoot()
		g.search([]int32{0})
	}
	grow := g.byDepth
	if g.params.LossGuide {
		grow = g.byLoss
	}
	err := grow(ctx)
	if g.params.Prune {
		g.prune()
	}
	for i := range g.nodes {
		g.release(g.nodes[i].hist)
		g.nodes[i].hist, g.nodes[i].segments = nil, nil
	}
	if err != nil {
		return nil, err
	}
	return g.finish(), nil
}

// GrowOn grows a tree on given rows, which must ascend, instead of drawing them.
func (g *Grower) GrowOn(ctx context.Context, gradients *Gradients, seed uint64, rows []uint32) (*Tree, error) {
	g.given = rows
	defer func() { g.given = nil }()
	return g.Grow(ctx, gradients, seed)
}

// sum adds up all rows of the sample.
func (g *Grower) sum() sum {
	if g.exact != nil {
		return g.sumExact()
	}
	if !g.sampled {
		return unpack(g.gradients.total)
	}
	parts := make([]sum, (len(g.rows)+quantRows-1)/quantRows)
	g.pool.worth(len(g.rows)).ranges(len(g.rows), quantRows, func(from, to int) {
		var s sum
		for _, r := range g.rows[from:to] {
			s = s.plus(unpack(g.gradients.packed[r]))
		}
		parts[from/quantRows] = s
	})
	var total sum
	for _, p := range parts {
		total = total.plus(p)
	}
	return total
}

// leaf makes the node that rows with that sum would be as a leaf.
func (g *Grower) leaf(total sum, limits bounds) forest.Node {
	gs, hs := g.units.of(total)
	w := limits.clamp(g.params.weight(gs, hs))
	return forest.Node{Left: -1, Right: -1, Value: float32(g.params.LearningRate * w), Weight: float32(w), Hessian: float32(hs)}
}

// splittable tells whether it is worth looking for a split.
func (g *Grower) splittable(n *growing) bool {
	if n.to-n.from < 2 || n.depth >= forest.MaxDepth || g.params.MaxDepth > 0 && n.depth >= g.params.MaxDepth {
		return false
	}
	_, h := g.units.of(n.total)
	return h > 0 && h >= 2*g.params.MinChildWeight
}

// byDepth splits level after level.
func (g *Grower) byDepth(ctx context.Context) error {
	leaves := 1
	for from := 0; from < len(g.nodes); {
		to := len(g.nodes)
		var chosen []int32
		for i := from; i < to; i++ {
			if g.nodes[i].split.gain > 0 && (g.params.MaxLeaves == 0 || leaves < g.params.MaxLeaves) {
				chosen = append(chosen, int32(i))
				leaves++
			}
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		g.apply(chosen)
		from = to
	}
	return nil
}

// apply splits nodes by the best splits found, and looks for splits of their children.
func (g *Grower) apply(chosen []int32) {
	if len(chosen) == 0 {
		return
	}
	first := len(g.nodes)
	for _, i := range chosen {
		g.divide(i)
	}
	if g.canSplitApart(chosen) {
		g.pool.worth(g.workApart(chosen)).Each(len(chosen), func(k int) { g.splitApart(chosen[k]) })
		return
	}
	g.partition(chosen)
	var open []int32
	for i := first; i < len(g.nodes); i++ {
		if g.splittable(&g.nodes[i]) {
			open = append(open, int32(i))
		}
	}
	g.build(chosen)
	g.search(open)
}

// divide turns a node into a split with two leaves. Their rows are told apart by partition.
func (g *Grower) divide(i int32) {
	parent := g.nodes[i]
	s := parent.split
	n := forest.Node{
		Left: int32(len(g.nodes)), Right: int32(len(g.nodes)) + 1, Feature: s.feature, DefaultLeft: s.defaultLeft,
		Gain: float32(s.gain), Hessian: parent.node.Hessian, Weight: parent.node.Weight,
	}
	if s.categorical {
		n.Categorical, n.Categories = true, s.rightSet
	} else {
		n.Value = g.matrix.Cuts.Features[s.feature].Threshold(int(s.bin))
	}
	g.nodes[i].node, g.nodes[i].cut = n, &s
	limits := [2]bounds{parent.bounds, parent.bounds}
	if g.params.direction(s.feature) != 0 {
		l, r := g.leaf(s.left, parent.bounds), g.leaf(s.right, parent.bounds)
		limits[0], limits[1] = g.params.inherit(parent.bounds, s.feature, float64(l.Weight), float64(r.Weight))
	}
	var path []int32
	if len(g.params.Interactions) > 0 {
		path = extend(parent.path, s.feature)
	}
	for i, total := range []sum{s.left, s.right} {
		g.nodes = append(g.nodes, growing{node: g.leaf(total, limits[i]), depth: parent.depth + 1, total: total, bounds: limits[i], path: path})
	}
}

// finish turns the nodes into a tree.
func (g *Grower) finish() *Tree {
	t := &Tree{Tree: forest.Tree{Nodes: make([]forest.Node, len(g.nodes)), Scale: 1}}
	for i := range g.nodes {
		t.Nodes[i] = g.nodes[i].node
	}
	t.walk = newWalk(&t.Tree, g.matrix.Cuts)
	return t
}
