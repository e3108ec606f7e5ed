package lanes

import (
	"encoding/binary"
	"slices"
)

// maxLeaves is how many leaves a tree may have for its choices to fit bytes.
const maxLeaves = 256

// node is a split: rows whose code in row is at least code go right, or those whose code is in set, if there is one. Children
// are nodes, or leaves where negative.
type node struct {
	row         int
	code        uint8
	set         *codeSet
	left, right int32
}

// Program is a tree in the form that kernels read.
type Program struct {
	ops    []uint32
	result uint32 // where the root writes to
	needs  Needs
	// Order holds the leaves from left to right.
	Order []int32
}

// A program is a list of phases: how many sets, forks, twigs and joins there are, then these. A phase without any ends the
// program. Rows and slots are offsets in bytes; codes and counts stand in all four bytes. A set writes codes: 255 where its
// row's code is in the set, otherwise 0. The others write to their slots the negative of the place of the chosen leaf among
// those below them: a comparison yields -1 where it holds.
//
//	set:  row; row to write; 32 bytes, see codeSet
//	fork: a split of two twigs: row, code of the split, of its left and of its right child; slot
//	twig: a split of two leaves: row, code; slot
//	join: any other split: row, code; slots of the left and the right child; negative of the leaves on the left; slot
type phase struct {
	sets, forks, twigs, joins []uint32
}

const (
	setWords  = 10
	forkWords = 7
	twigWords = 3
	joinWords = 6
)

// phaseNodes bounds the nodes of a phase: their slots are used again in the next, so a large tree stays in the cache.
const phaseNodes = 64

// compile translates the tree of the compiler's nodes, the first of which is the root; a tree without nodes is leaf 0 alone.
func (c *compiler) compile() *Program {
	c.p, c.next = &Program{needs: Needs{codes: c.scratch}}, 1
	c.leaves, c.slots = make([]int, len(c.nodes)), make([]uint32, len(c.nodes))
	root := int32(0)
	if len(c.nodes) == 0 {
		root = ^root
	}
	c.count(root)
	c.collect(root)
	for _, node := range c.tops {
		c.join(node)
	}
	c.flush()
	c.p.ops = append(c.p.ops, 0, 0, 0, 0)
	c.p.result = c.slot(root) * Rows
	return c.p
}

type compiler struct {
	nodes   []node
	scratch int // first row for sets to write

	p      *Program
	leaves []int    // below each node
	slots  []uint32 // each node writes to
	tops   []int32  // nodes above those of the phases, children first
	phase
	splits int    // in the phase
	next   uint32 // first free slot
	kept   uint32 // last slot that a later phase needs
}

// count fills leaves and lists them in order.
func (c *compiler) count(node int32) int {
	if node < 0 {
		c.p.Order = append(c.p.Order, ^node)
		return 1
	}
	n := &c.nodes[node]
	left := c.count(n.left)
	c.leaves[node] = left + c.count(n.right)
	return c.leaves[node]
}

func (c *compiler) below(node int32) int {
	if node < 0 {
		return 1
	}
	return c.leaves[node]
}

// slot of a leaf is the first, which is always 0.
func (c *compiler) slot(node int32) uint32 {
	if node < 0 {
		return 0
	}
	return c.slots[node]
}

// collect puts the largest subtrees that fit into phases and lists the nodes above them.
func (c *compiler) collect(node int32) {
	if node < 0 {
		return
	}
	splits := c.leaves[node] - 1
	if splits > phaseNodes {
		c.collect(c.nodes[node].left)
		c.collect(c.nodes[node].right)
		c.tops = append(c.tops, node)
		return
	}
	if c.splits += splits; c.splits > phaseNodes {
		c.flush()
		c.splits = splits
	}
	c.emit(node)
	c.kept = c.slots[node] // the lowest of the subtree's
}

func (c *compiler) emit(node int32) {
	n := &c.nodes[node]
	left, right := c.below(n.left), c.below(n.right)
	switch {
	case left == 1 && right == 1:
		c.twigs = append(c.twigs, c.compare(node)...)
		c.twigs = append(c.twigs, c.take(node))
	case left == 2 && right == 2:
		for _, split := range []int32{node, n.left, n.right} {
			c.forks = append(c.forks, c.compare(split)...)
		}
		c.forks = append(c.forks, c.take(node))
	default:
		if left > 1 {
			c.emit(n.left)
		}
		if right > 1 {
			c.emit(n.right)
		}
		c.join(node)
	}
}

// take gives a node a slot of its own.
func (c *compiler) take(node int32) uint32 {
	c.slots[node] = c.next
	c.next++
	c.p.needs.slots = max(c.p.needs.slots, int(c.next))
	return c.slots[node] * Rows
}

func (c *compiler) compare(node int32) []uint32 {
	n := &c.nodes[node]
	if n.set == nil {
		return []uint32{uint32(n.row * Rows), fourTimes(n.code)}
	}
	member := uint32(c.scratch * Rows)
	c.scratch++
	c.p.needs.codes = c.scratch
	c.sets = append(c.sets, uint32(n.row*Rows), member)
	for at := 0; at < len(n.set); at += 4 {
		c.sets = append(c.sets, binary.LittleEndian.Uint32(n.set[at:]))
	}
	return []uint32{member, fourTimes(255)}
}

// join overwrites a child's slot: children that are twigs or forks were all made before.
func (c *compiler) join(node int32) {
	n := &c.nodes[node]
	left, right := c.slot(n.left), c.slot(n.right)
	c.slots[node] = left
	if left == 0 {
		c.slots[node] = right
	}
	c.joins = append(c.joins, c.compare(node)...)
	c.joins = append(c.joins, left*Rows, right*Rows, fourTimes(-uint8(c.below(n.left))), c.slots[node]*Rows)
}

func fourTimes(b uint8) uint32 { return uint32(b) * 0x01010101 }

// flush ends a phase.
func (c *compiler) flush() {
	if len(c.twigs)+len(c.forks)+len(c.joins) > 0 {
		c.p.ops = append(c.p.ops, uint32(len(c.sets)/setWords), uint32(len(c.forks)/forkWords),
			uint32(len(c.twigs)/twigWords), uint32(len(c.joins)/joinWords))
		c.p.ops = slices.Concat(c.p.ops, c.sets, c.forks, c.twigs, c.joins)
	}
	c.phase, c.splits, c.next = phase{}, 0, c.kept+1
}
