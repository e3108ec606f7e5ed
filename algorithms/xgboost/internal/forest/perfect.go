package forest

// Trees of up to perfectDepth numeric levels are padded to perfect binary trees, whose children need no pointers: node i
// has children 2i and 2i+1, the root is 1. The arrays have fixed sizes that an 8-bit index cannot leave, so the compiler
// emits no bounds checks, and rows do not wait for each other: many are in flight at once in an out-of-order core.
const (
	perfectDepth = 8
	perfectSlots = 256
)

type perfectNode struct {
	threshold float32
	slot      uint8
}

type perfectTree struct {
	nodes  *[256]perfectNode
	leaves []float32
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
	if depth > perfectDepth || len(s.sources) > perfectSlots || splits*8 < 1<<depth {
		return compileGeneral(t, s)
	}
	p := &perfectTree{nodes: new([256]perfectNode), leaves: make([]float32, 1<<depth), depth: depth}
	p.place(t, s, 0, 1, 0)
	return p
}

// place copies the subtree at node to position at of the given level; below a leaf, every path ends at its value.
func (p *perfectTree) place(t *Tree, s *slots, node int32, at, level int) {
	n := &t.Nodes[node]
	if level == p.depth {
		p.leaves[at-1<<p.depth] = n.Value * t.Scale
		return
	}
	left, right := node, node
	if !n.IsLeaf() {
		p.nodes[at] = perfectNode{n.Value, uint8(s.of(n))}
		left, right = n.Left, n.Right
	}
	p.place(t, s, left, 2*at, level+1)
	p.place(t, s, right, 2*at+1, level+1)
}

func (p *perfectTree) add(rows []float32, stride, n int, out []float32, groups int) {
	nodes, leaves, first := p.nodes, p.leaves, uint8(1<<p.depth)
	for r := range n {
		x := (*[perfectSlots]float32)(rows[r*stride:])
		i := uint8(1)
		for range p.depth {
			nd := &nodes[i]
			i *= 2
			if x[nd.slot] >= nd.threshold {
				i++
			}
		}
		out[r*groups] += leaves[i-first]
	}
}
