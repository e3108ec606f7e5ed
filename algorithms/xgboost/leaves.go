package xgboost

import (
	"slices"

	"github.com/batchmill/batchmill/algorithms/xgboost/internal/forest"
	"github.com/batchmill/batchmill/dataset"
)

// inspector is a bound scorer that also tells how it came to a prediction. Values come row by row, width of them each.
type inspector interface {
	// marginBatch returns each output before the objective is applied.
	marginBatch(batch dataset.Batch) (values []float32, width int, err error)
	// leafBatch returns the leaf each tree sends a row to: the node's number in XGBoost's models, the leaf's in LightGBM's.
	// Linear models have none: width is 0.
	leafBatch(batch dataset.Batch) (leaves []int32, width int, err error)
}

var (
	_ inspector = (*scorer)(nil)
	_ inspector = (*lightScorer)(nil)
)

func (s *scorer) marginBatch(batch dataset.Batch) (values []float32, width int, err error) {
	err = s.with(batch, func(columns [][]float32, n int) { values = s.predictor.margins(columns, n) })
	return values, s.predictor.groups, err
}

func (s *scorer) leafBatch(batch dataset.Batch) (leaves []int32, width int, err error) {
	err = s.with(batch, func(columns [][]float32, n int) { leaves = s.predictor.leaves(columns, n) })
	return leaves, len(s.predictor.trees), err
}

// leaves returns the number of the node that row r ends at in tree t, at r*len(trees)+t.
func (p *predictor) leaves(columns [][]float32, n int) []int32 {
	out := make([]int32, n*len(p.trees))
	for t := range p.trees {
		nodes := p.trees[t].Nodes
		for r := range n {
			out[r*len(p.trees)+t] = descend(nodes, columns, r)
		}
	}
	return out
}

// descend goes down a tree the plain way: numbers of nodes are what compiled trees do without.
func descend(nodes []forest.Node, columns [][]float32, row int) int32 {
	at := int32(0)
	for !nodes[at].IsLeaf() {
		n := &nodes[at]
		if at = n.Right; goesLeft(n, columns[n.Feature][row]) {
			at = n.Left
		}
	}
	return at
}

func contains(codes []uint32, code uint32) bool {
	_, found := slices.BinarySearch(codes, code)
	return found
}
