package forest

import (
	"math"
	"sync"
)

// blockRows is how many rows go through a tree before the next tree: the rows' values and the tree stay in the first-level
// cache.
const blockRows = 64

// Engine scores rows. It is immutable and safe for concurrent use.
//
// Rows are laid out so that a missing value needs no test on the way down: each feature may have two slots, one in which
// missing is +Inf (so that x < threshold fails and the row goes right) and one in which it is -Inf (left). A node reads the
// slot that suits its default direction. Categorical nodes read a third slot with the code as it is.
type Engine struct {
	groups  int
	sources []source // one per slot
	steps   []scorer // one per tree, in order
	group   []int32
	buffers sync.Pool
}

type source struct {
	feature int32
	missing float32
}

// scorer adds one tree's leaf values to the margins of n rows; out has stride groups and starts at the tree's group.
type scorer interface {
	add(rows []float32, stride, n int, out []float32, groups int)
}

// NewEngine compiles trees, which must be valid.
func NewEngine(trees []Tree, features, groups int) *Engine {
	e := &Engine{groups: groups}
	slots := newSlots(trees, features)
	e.sources = slots.sources
	for i := range trees {
		e.steps = append(e.steps, compile(&trees[i], slots))
		e.group = append(e.group, int32(trees[i].Group))
	}
	e.buffers.New = func() any {
		b := make([]float32, blockRows*len(e.sources)+perfectSlots)
		return &b
	}
	return e
}

// slots assigns a place in the row layout to each (feature, kind of missing) that some node reads.
type slots struct {
	right, left, raw []int32 // by feature, -1 where unused
	sources          []source
}

func newSlots(trees []Tree, features int) *slots {
	s := &slots{right: unused(features), left: unused(features), raw: unused(features)}
	for i := range trees {
		for j := range trees[i].Nodes {
			if n := &trees[i].Nodes[j]; !n.IsLeaf() {
				s.of(n)
			}
		}
	}
	return s
}

func unused(n int) []int32 {
	s := make([]int32, n)
	for i := range s {
		s[i] = -1
	}
	return s
}

func (s *slots) of(n *Node) int32 {
	table, missing := s.right, float32(math.Inf(1))
	switch {
	case n.Categorical:
		table, missing = s.raw, float32(math.NaN())
	case n.DefaultLeft:
		table, missing = s.left, float32(math.Inf(-1))
	}
	if table[n.Feature] < 0 {
		table[n.Feature] = int32(len(s.sources))
		s.sources = append(s.sources, source{n.Feature, missing})
	}
	return table[n.Feature]
}

// Score adds the forest's margins to out: row r's output g is out[r*groups+g]. columns holds the features' values, missing
// as NaN; only the first n are read. Leaf values are added in tree order in float32, as XGBoost does.
func (e *Engine) Score(columns [][]float32, n int, out []float32) {
	buffer := e.buffers.Get().(*[]float32)
	rows := *buffer
	stride := len(e.sources)
	for from := 0; from < n; from += blockRows {
		m := min(blockRows, n-from)
		for slot, src := range e.sources {
			fill(rows[slot:], stride, columns[src.feature][from:from+m], src.missing)
		}
		block := out[from*e.groups : (from+m)*e.groups]
		for i, step := range e.steps {
			step.add(rows, stride, m, block[e.group[i]:], e.groups)
		}
	}
	e.buffers.Put(buffer)
}

// fill writes one column of a block to its slot of each row.
func fill(rows []float32, stride int, column []float32, missing float32) {
	at := 0
	for _, v := range column {
		if v != v {
			v = missing
		}
		rows[at] = v
		at += stride
	}
}
