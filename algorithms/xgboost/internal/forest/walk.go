package forest

import (
	"math"
	"sync"

	"github.com/batchmill/batchmill/algorithms/xgboost/internal/lanes"
)

// blockRows is how many rows go through a tree before the next tree: the rows' values and the tree stay in the first-level
// cache.
const blockRows = 64

// walker takes rows down the trees one at a time. It is immutable and safe for concurrent use.
//
// Values become integers of the same order (see orderKey), so that a comparison is a subtraction and the way down a tree
// has no branches. A missing value needs no test either: each feature may have two slots in a row, one in which missing is
// above every value (so the row goes right) and one in which it is below (left), and a node reads the slot that suits its
// default direction. Categorical nodes read a third slot, with the category's code.
type walker struct {
	groups  int
	sources []source // one per slot
	steps   []scorer // one per tree, in order
	group   []int32
	buffers sync.Pool
}

type source struct {
	feature int32
	kind    slotKind
}

type slotKind uint8

const (
	missingRight slotKind = iota
	missingLeft
	code
)

// block is some rows as the trees read them.
type block struct {
	n, stride int
	values    []int64
	rows      [blockRows]*[perfectSlots]int64 // start of each row, as far as perfect trees look
}

// scorer adds one tree's leaf values to the margins of a block's rows; out has stride groups and starts at the tree's group.
type scorer interface {
	add(b *block, out []float32, groups int)
}

func newWalker(trees []Tree, features, groups int) *walker {
	w := &walker{groups: groups}
	slots := newSlots(trees, features)
	w.sources = slots.sources
	for i := range trees {
		w.steps = append(w.steps, compile(&trees[i], slots))
		w.group = append(w.group, int32(trees[i].Group))
	}
	w.buffers.New = func() any {
		b := &block{stride: len(w.sources), values: make([]int64, blockRows*len(w.sources)+perfectSlots)}
		for r := range b.rows {
			b.rows[r] = (*[perfectSlots]int64)(b.values[r*b.stride:])
		}
		return b
	}
	return w
}

// slots assigns a place in the row layout to each (feature, kind of missing) that some node reads.
type slots struct {
	right, left, code []int32 // by feature, -1 where unused
	sources           []source
}

func newSlots(trees []Tree, features int) *slots {
	s := &slots{right: unused(features), left: unused(features), code: unused(features)}
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
	src := n.source()
	table := [...][]int32{missingRight: s.right, missingLeft: s.left, code: s.code}[src.kind]
	if table[n.Feature] < 0 {
		table[n.Feature] = int32(len(s.sources))
		s.sources = append(s.sources, src)
	}
	return table[n.Feature]
}

func (n *Node) source() source {
	switch {
	case n.Categorical:
		return source{n.Feature, code}
	case n.DefaultLeft:
		return source{n.Feature, missingLeft}
	}
	return source{n.Feature, missingRight}
}

// score is Engine.Score for rows from..to.
func (w *walker) score(columns [][]float32, from, to int, out []float32) {
	b := w.buffers.Get().(*block)
	for ; from < to; from += blockRows {
		w.load(b, columns, from, min(blockRows, to-from))
		part := out[from*w.groups : (from+b.n)*w.groups]
		for i, step := range w.steps {
			step.add(b, part[w.group[i]:], w.groups)
		}
	}
	w.buffers.Put(b)
}

// addTrees adds the leaf values of some trees for some rows to the sums.
func (w *walker) addTrees(tree, end int, columns [][]float32, rows lanes.Span, sums [][lanes.Rows]float32) {
	b := w.buffers.Get().(*block)
	for from := rows.From; from < rows.To; from += blockRows {
		w.load(b, columns, from, min(blockRows, rows.To-from))
		for i := tree; i < end; i++ {
			w.steps[i].add(b, sums[w.group[i]][from-rows.From:], 1)
		}
	}
	w.buffers.Put(b)
}

// load fills a block with n rows.
func (w *walker) load(b *block, columns [][]float32, from, n int) {
	b.n = n
	for slot, src := range w.sources {
		b.fill(slot, columns[src.feature][from:from+n], src.kind)
	}
}

// fill writes one column to its slot of each row.
func (b *block) fill(slot int, column []float32, kind slotKind) {
	values, stride := b.values[slot:], b.stride
	if kind == code {
		for r, x := range column {
			values[r*stride] = categoryCode(x)
		}
		return
	}
	missing := int64(math.MaxInt32) << keyShift
	if kind == missingLeft {
		missing = math.MinInt32 << keyShift
	}
	for r, x := range column {
		k := orderKey(x)
		if x != x {
			k = missing
		}
		values[r*stride] = k
	}
}

// keyShift leaves room for a slot number below a key, and a bit above, so that the difference of two keys cannot overflow.
const keyShift = 31

// orderKey maps floats to integers of the same order, in steps of 1<<keyShift.
func orderKey(x float32) int64 {
	bits := int32(math.Float32bits(x + 0)) // -0 becomes 0
	return int64(bits^int32(uint32(bits>>31)>>1)) << keyShift
}

// Codes of values that are no category.
const (
	missingCode = -1
	unknownCode = -2
)

// categoryCode truncates as XGBoost does.
func categoryCode(x float32) int64 {
	switch {
	case x != x:
		return missingCode
	case x < 0 || x >= MaxCategory:
		return unknownCode
	}
	return int64(x)
}
