package forest

// Trees of up to perfectDepth numeric levels are padded to perfect binary trees, whose children need no pointers: node i
// has children 2i and 2i+1, the root is 1. The arrays have fixed sizes that an 8-bit index cannot leave, so the compiler
// emits no bounds checks; a level is six instructions. Rows do not wait for each other: many are in flight at once in an
// out-of-order core.
const (
	perfectDepth = 8
	perfectSlots = 256
)

type perfectTree struct {
	// nodes hold the key just below the threshold, with the slot in the lowest 8 bits.
	nodes *[256]int64
	// leaves are indexed by the node number past the last level, modulo 256.
	leaves *[256]float32
	depth  int
}

func compile(t *Tree, s *slots) scorer {
	depth, splits := t.Depth(), 0
	for i := range t.Nodes {
		if n := &t.Nodes[i]; n.Categorical {
			return compileGeneral(t, s)
		} else if !n.IsLeaf() {
			splits++
		}
	}
	// A sparse deep tree has many short paths, on which the general form takes fewer steps.
	if depth > perfectDepth || len(s.sources) > perfectSlots || splits*16 < 1<<depth {
		return compileGeneral(t, s)
	}
	// Three unrolled forms: a padded level costs less than a loop or switch over levels (measured: 4.5 against 6.6 ns per row
	// and tree of depth 6).
	p := &perfectTree{nodes: new([256]int64), leaves: new([256]float32), depth: max(4, (depth+1)/2*2)}
	p.place(t, s, 0, 1, 0)
	return p
}

// place copies the subtree at node to position at of the given level; below a leaf, every path ends at its value.
func (p *perfectTree) place(t *Tree, s *slots, node int32, at, level int) {
	n := &t.Nodes[node]
	if level == p.depth {
		p.leaves[uint8(at)] = n.Value * t.Scale
		return
	}
	left, right := node, node
	if !n.IsLeaf() {
		p.nodes[at] = below(n.Value) | int64(s.of(n))
		left, right = n.Left, n.Right
	}
	p.place(t, s, left, 2*at, level+1)
	p.place(t, s, right, 2*at+1, level+1)
}

// below returns the key before a threshold's: subtracting a value's key gives a negative number if and only if the value is
// not below the threshold, whatever the bits below keyShift.
func below(threshold float32) int64 { return orderKey(threshold) - 1<<keyShift }

func (p *perfectTree) add(b *block, out []float32, groups int) {
	rows := b.rows[:b.n]
	switch p.depth {
	case 4:
		add4(p.nodes, p.leaves, rows, out, groups)
	case 6:
		add6(p.nodes, p.leaves, rows, out, groups)
	case 8:
		add8(p.nodes, p.leaves, rows, out, groups)
	}
}

func add4(nodes *[256]int64, leaves *[256]float32, rows []*[perfectSlots]int64, out []float32, groups int) {
	at := 0
	for _, x := range rows {
		i := next(nodes, x, 1)
		i = next(nodes, x, i)
		i = next(nodes, x, i)
		i = next(nodes, x, i)
		out[at] += leaves[i]
		at += groups
	}
}

func add6(nodes *[256]int64, leaves *[256]float32, rows []*[perfectSlots]int64, out []float32, groups int) {
	at := 0
	for _, x := range rows {
		i := next(nodes, x, 1)
		i = next(nodes, x, i)
		i = next(nodes, x, i)
		i = next(nodes, x, i)
		i = next(nodes, x, i)
		i = next(nodes, x, i)
		out[at] += leaves[i]
		at += groups
	}
}

func add8(nodes *[256]int64, leaves *[256]float32, rows []*[perfectSlots]int64, out []float32, groups int) {
	at := 0
	for _, x := range rows {
		i := next(nodes, x, 1)
		i = next(nodes, x, i)
		i = next(nodes, x, i)
		i = next(nodes, x, i)
		i = next(nodes, x, i)
		i = next(nodes, x, i)
		i = next(nodes, x, i)
		i = next(nodes, x, i)
		out[at] += leaves[i]
		at += groups
	}
}

// next goes from node i to the child that suits the row.
func next(nodes, row *[256]int64, i uint8) uint8 {
	n := nodes[i]
	return 2*i + uint8(uint64(n-row[uint8(n)])>>63)
}
