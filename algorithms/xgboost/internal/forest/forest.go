// Package forest holds trees and scores rows with them. It knows neither model files nor objectives: what comes out are
// margins, sums of leaf values.
package forest

import "fmt"

// Node is one node of a tree.
type Node struct {
	Left, Right int32 // children by index; both -1 in a leaf
	Feature     int32
	DefaultLeft bool // where a missing value goes
	// Categorical splits send the codes in Categories (ascending) right and every other code left.
	Categorical bool
	Categories  []uint32
	Value       float32 // of a numeric split: x < Value goes left; of a leaf: what it adds to the margin

	Gain    float32 // by how much the split lowered the loss
	Hessian float32 // sum of second derivatives of the training rows in the node
	Weight  float32 // the node's value were it a leaf, before the learning rate
}

// IsLeaf tells whether the node has no children.
func (n *Node) IsLeaf() bool { return n.Left < 0 }

// Tree is a binary tree; node 0 is the root.
type Tree struct {
	Nodes []Node
	Group int     // the output (class) it adds to
	Scale float32 // factor on its leaves, 1 except in DART
}

// MaxDepth bounds the depth of a tree that is accepted: deeper ones come from broken files.
const MaxDepth = 4096

// Validate checks that the nodes form one tree over features columns with groups outputs. Nodes that no path leads to, as
// pruning leaves them in XGBoost's files, become leaves, so that whoever goes over all nodes needs no further check.
func (t *Tree) Validate(features, groups int) error {
	if len(t.Nodes) == 0 {
		return fmt.Errorf("forest: tree without nodes")
	}
	if t.Group < 0 || t.Group >= groups {
		return fmt.Errorf("forest: tree for output %d of %d", t.Group, groups)
	}
	seen := make([]bool, len(t.Nodes))
	type visit struct{ node, depth int32 }
	stack := []visit{{0, 0}}
	for len(stack) > 0 {
		v := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if v.node < 0 || int(v.node) >= len(t.Nodes) {
			return fmt.Errorf("forest: child %d of a tree with %d nodes", v.node, len(t.Nodes))
		}
		if seen[v.node] {
			return fmt.Errorf("forest: node %d has two parents", v.node)
		}
		seen[v.node] = true
		if v.depth > MaxDepth {
			return fmt.Errorf("forest: tree deeper than %d", MaxDepth)
		}
		n := &t.Nodes[v.node]
		if n.IsLeaf() {
			continue
		}
		if n.Feature < 0 || int(n.Feature) >= features {
			return fmt.Errorf("forest: node %d splits feature %d of %d", v.node, n.Feature, features)
		}
		if k := len(n.Categories); k > 0 && n.Categories[k-1] > MaxCategory {
			return fmt.Errorf("forest: node %d: category %d is too large", v.node, n.Categories[k-1])
		}
		stack = append(stack, visit{n.Left, v.depth + 1}, visit{n.Right, v.depth + 1})
	}
	for i, reached := range seen {
		if !reached {
			t.Nodes[i] = Node{Left: -1, Right: -1}
		}
	}
	return nil
}

// MaxCategory is the largest category code; XGBoost has the same bound, it stores codes in float32.
const MaxCategory = 1 << 24

// Depth is the number of splits on the longest path.
func (t *Tree) Depth() int {
	depth, level := 0, []int32{0}
	for len(level) > 0 {
		var next []int32
		for _, i := range level {
			if n := &t.Nodes[i]; !n.IsLeaf() {
				next = append(next, n.Left, n.Right)
			}
		}
		if len(next) > 0 {
			depth++
		}
		level = next
	}
	return depth
}
