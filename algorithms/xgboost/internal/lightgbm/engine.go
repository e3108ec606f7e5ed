package lightgbm

import (
	"sync"

	"github.com/batchmill/batchmill/algorithms/xgboost/internal/lanes"
)

// blockRows is how many rows go through a tree before the next tree: the rows' values stay in the cache.
const blockRows = 64

// Engine scores rows with a model. It is immutable and safe for concurrent use. Many rows go down the trees side by side
// where the processor can and trees are not too large (see package lanes); others walk. Both give the same sums to the last
// bit.
type Engine struct {
	model   *Model
	uses    []bool
	slot    []int32 // by feature: place in a block's row
	stride  int
	trees   [][]Node // features replaced by slots
	buffers sync.Pool

	parts   []part // nothing if all walk
	sideway sync.Pool
}

// NewEngine prepares a model for scoring.
func NewEngine(m *Model) *Engine { return newEngine(m, lanes.Available()) }

// newEngine uses the first of kernels; all walk if there are none.
func newEngine(m *Model, kernels []*lanes.Kernels) *Engine {
	e := &Engine{model: m, uses: make([]bool, len(m.Features)), slot: make([]int32, len(m.Features))}
	for i := range m.Trees {
		nodes := make([]Node, len(m.Trees[i].Nodes))
		for j, n := range m.Trees[i].Nodes {
			if !e.uses[n.Feature] {
				e.uses[n.Feature] = true
				e.slot[n.Feature] = int32(e.stride)
				e.stride++
			}
			n.Feature = e.slot[n.Feature]
			nodes[j] = n
		}
		e.trees = append(e.trees, nodes)
	}
	e.buffers.New = func() any {
		b := make([]float64, blockRows*e.stride)
		return &b
	}
	if len(kernels) > 0 && m.Outputs <= lanes.MaxOutputs {
		e.parts = newParts(m)
		e.sideway.New = func() any { return newSides(kernels[0], e.parts, m.Outputs) }
	}
	return e
}

// Uses tells which features some tree reads; the columns of others may be nil.
func (e *Engine) Uses() []bool { return e.uses }

// Margins writes what the trees add up to (for random forests: their mean) to out: row r's output g to out[r*Outputs+g].
// columns holds the features' values, missing as NaN; only the first n are read.
func (e *Engine) Margins(columns [][]float64, n int, out []float64) {
	outputs, from := e.model.Outputs, 0
	if e.parts != nil && n > 1 {
		s := e.sideway.Get().(*sides)
		for rows := range lanes.Spans(n) {
			e.side(s, columns, rows, out)
			from = rows.To
		}
		e.sideway.Put(s)
	}
	if from < n {
		clear(out[from*outputs : n*outputs])
		e.walk(columns, from, n, 0, len(e.trees), func(row, rows, tree int, leaf *[blockRows]int32) {
			values, group := e.model.Trees[tree].Leaves, tree%outputs
			for r := range rows {
				out[(row+r)*outputs+group] += values[leaf[r]]
			}
		})
	}
	if e.model.Average {
		rounds := float64(e.model.Rounds())
		for i := range out[:n*outputs] {
			out[i] /= rounds
		}
	}
}

// Predict is Margins with the objective applied.
func (e *Engine) Predict(columns [][]float64, n int, out []float64) {
	e.Margins(columns, n, out)
	outputs := e.model.Outputs
	for r := range n {
		e.model.Objective.Predict(out[r*outputs : (r+1)*outputs])
	}
}

// Leaves writes the number of the leaf that row r falls into in tree t to out[r*len(Trees)+t].
func (e *Engine) Leaves(columns [][]float64, n int, out []int32) {
	trees := len(e.trees)
	e.walk(columns, 0, n, 0, trees, func(from, rows, tree int, leaf *[blockRows]int32) {
		for r := range rows {
			out[(from+r)*trees+tree] = leaf[r]
		}
	})
}

// walk takes blocks of the rows from..to down each of some trees in turn.
func (e *Engine) walk(columns [][]float64, from, to, tree, end int, visit func(from, rows, tree int, leaf *[blockRows]int32)) {
	buffer := e.buffers.Get().(*[]float64)
	defer e.buffers.Put(buffer)
	block, leaf := *buffer, new([blockRows]int32)
	for ; from < to; from += blockRows {
		rows := min(blockRows, to-from)
		for f, used := range e.uses {
			if !used {
				continue
			}
			slot := int(e.slot[f])
			for r, x := range columns[f][from : from+rows] {
				block[r*e.stride+slot] = x
			}
		}
		for t := tree; t < end; t++ {
			for r := range rows {
				leaf[r] = descend(e.trees[t], block[r*e.stride:(r+1)*e.stride])
			}
			visit(from, rows, t, leaf)
		}
	}
}

// descend returns the number of the leaf that a row falls into.
func descend(nodes []Node, row []float64) int32 {
	if len(nodes) == 0 {
		return 0
	}
	at := int32(0)
	for at >= 0 {
		n := &nodes[at]
		x := row[n.Feature]
		if n.Kind != Categories && x <= n.Threshold && (n.Kind != MissingZero || x > zeroThreshold || x < -zeroThreshold) {
			at = n.Left
		} else {
			at = n.next(x)
		}
	}
	return ^at
}
