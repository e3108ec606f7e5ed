package forest

import "slices"

// generalTree takes trees of any shape, with categorical splits. Siblings are neighbours, so one index serves both.
type generalTree struct {
	nodes []generalNode
	sets  []uint64 // bit sets of categories
	codes []uint32 // sets that are too sparse for bits, ascending
}

type generalNode struct {
	below int64   // of a numeric split, see below
	value float32 // of a leaf
	slot  int32   // -1 in a leaf
	left  int32   // right is left+1
	// Of a categorical split: where the set of categories that go right lies, in sets or codes.
	first, length int32
	kind          splitKind
	missingLeft   bool // of a categorical split
}

type splitKind uint8

const (
	numeric splitKind = iota
	bitSet
	codeList
)

func compileGeneral(t *Tree, s *slots) *generalTree {
	g := &generalTree{nodes: make([]generalNode, 1, len(t.Nodes))}
	type pending struct{ from, to int32 }
	for queue := []pending{{0, 0}}; len(queue) > 0; queue = queue[1:] {
		n, to := &t.Nodes[queue[0].from], queue[0].to
		if n.IsLeaf() {
			g.nodes[to] = generalNode{value: n.Value * t.Scale, slot: -1}
			continue
		}
		left := int32(len(g.nodes))
		g.nodes = append(g.nodes, generalNode{}, generalNode{})
		node := generalNode{below: below(n.Value), slot: s.of(n), left: left}
		if n.Categorical {
			node.missingLeft = n.DefaultLeft
			node.kind, node.first, node.length = g.addSet(n.Categories)
		}
		g.nodes[to] = node
		queue = append(queue, pending{n.Left, left}, pending{n.Right, left + 1})
	}
	return g
}

// addSet stores a set as bits, or as a list where bits would mostly be zeros.
func (g *generalTree) addSet(categories []uint32) (kind splitKind, first, length int32) {
	if k := len(categories); k > 0 && int(categories[k-1])/64 > 16+4*k {
		first = int32(len(g.codes))
		g.codes = append(g.codes, categories...)
		return codeList, first, int32(k)
	}
	first = int32(len(g.sets))
	for _, c := range categories {
		for int(first)+int(c/64) >= len(g.sets) {
			g.sets = append(g.sets, 0)
		}
		g.sets[int(first)+int(c/64)] |= 1 << (c % 64)
	}
	return bitSet, first, int32(len(g.sets)) - first
}

func (g *generalTree) add(b *block, out []float32, groups int) {
	for r := range b.n {
		row := b.values[r*b.stride : (r+1)*b.stride]
		node := &g.nodes[0]
		for node.slot >= 0 {
			next := node.left
			if node.kind == numeric {
				next += int32(uint64(node.below-row[node.slot]) >> 63)
			} else if !g.goesLeft(node, row[node.slot]) {
				next++
			}
			node = &g.nodes[next]
		}
		out[r*groups] += node.value
	}
}

// goesLeft follows XGBoost: codes that are no category or not in the set go left.
func (g *generalTree) goesLeft(n *generalNode, code int64) bool {
	if code < 0 {
		return code == unknownCode || n.missingLeft
	}
	if n.kind == codeList {
		_, found := slices.BinarySearch(g.codes[n.first:n.first+n.length], uint32(code))
		return !found
	}
	word := int32(code / 64)
	return word >= n.length || g.sets[n.first+word]>>(code%64)&1 == 0
}
