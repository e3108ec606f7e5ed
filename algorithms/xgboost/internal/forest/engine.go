package forest

import (
	"sync"

	"github.com/batchmill/batchmill/algorithms/xgboost/internal/lanes"
)

// Engine scores rows. It is immutable and safe for concurrent use.
//
// Many rows go side by side, where the processor can and trees are not too large: see package lanes. A few, and those that
// are left over, walk. Both ways give the same sums to the last bit.
type Engine struct {
	groups  int
	walk    *walker
	parts   []part // nothing if all walk
	buffers sync.Pool
}

// NewEngine compiles trees, which must be valid.
func NewEngine(trees []Tree, features, groups int) *Engine {
	return newEngine(trees, features, groups, lanes.Available())
}

// newEngine uses the first of kernels; all walk if there are none.
func newEngine(trees []Tree, features, groups int, kernels []*lanes.Kernels) *Engine {
	e := &Engine{groups: groups, walk: newWalker(trees, features, groups)}
	if len(kernels) == 0 || groups > lanes.MaxOutputs {
		return e
	}
	e.parts = newParts(trees)
	var needs lanes.Needs
	for i := range e.parts {
		needs = needs.Also(e.parts[i].needs)
	}
	e.buffers.New = func() any { return newBuffer(kernels[0], needs, groups) }
	return e
}

// buffer is what one goroutine needs to score some blocks.
type buffer struct {
	batch *lanes.Batch
	sums  [lanes.Blocks][][lanes.Rows]float32 // by output
}

func newBuffer(k *lanes.Kernels, n lanes.Needs, groups int) *buffer {
	b := &buffer{batch: lanes.NewBatch(k, n)}
	for i := range b.sums {
		b.sums[i] = make([][lanes.Rows]float32, groups)
	}
	return b
}

// Score adds the forest's margins to out: row r's output g is out[r*groups+g]. columns holds the features' values, missing
// as NaN; only the first n are read. Leaf values are added in tree order in float32, as XGBoost does.
func (e *Engine) Score(columns [][]float32, n int, out []float32) {
	from := 0
	if e.parts != nil && n > 1 {
		b := e.buffers.Get().(*buffer)
		for rows := range lanes.Spans(n) {
			e.side(b, columns, rows, out)
			from = rows.To
		}
		e.buffers.Put(b)
	}
	if from < n {
		e.walk.score(columns, from, n, out)
	}
}

// side scores some blocks side by side.
func (e *Engine) side(b *buffer, columns [][]float32, s lanes.Span, out []float32) {
	for i, rows := range s.Blocks() {
		for g := range b.sums[i] {
			sums := b.sums[i][g][:rows.Len()]
			for r := range sums {
				sums[r] = out[(rows.From+r)*e.groups+g]
			}
		}
	}
	for i := range e.parts {
		e.parts[i].add(e.walk, b, columns, s)
	}
	for i, rows := range s.Blocks() {
		for g := range b.sums[i] {
			for r, sum := range b.sums[i][g][:rows.Len()] {
				out[(rows.From+r)*e.groups+g] = sum
			}
		}
	}
}

// Uses tells which features some tree reads; the columns of others may be nil.
func (e *Engine) Uses(features int) []bool {
	used := make([]bool, features)
	for _, s := range e.walk.sources {
		used[s.feature] = true
	}
	return used
}
