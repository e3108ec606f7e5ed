package lightgbm

import "fmt"

// Kind is how a node decides.
type Kind uint8

// Kinds of splits: by how they take a missing value, or by category.
const (
	MissingNone Kind = iota // NaN counts as 0
	MissingZero             // 0 and NaN are missing
	MissingNaN              // NaN is missing
	Categories              // codes in Set go left, every other value right, missing ones too
)

// Node is a split. Left and Right are nodes, or leaves where negative: -1 is leaf 0, -2 leaf 1, ...
type Node struct {
	Left, Right int32
	Feature     int32
	Kind        Kind
	DefaultLeft bool     // where a missing value goes
	Threshold   float64  // x <= Threshold goes left
	Set         []uint32 // bit c%32 of word c/32 for category c
	Gain        float64
	Count       float64 // training rows, 0 if not told
}

// Tree is a binary tree. Without nodes it is one leaf.
type Tree struct {
	Nodes  []Node
	Leaves []float64
	Counts []float64 // training rows of each leaf, if told
}

// zeroThreshold is what LightGBM takes for zero: the float32 nearest 1e-35.
const zeroThreshold = float64(float32(1e-35))

// validate checks that nodes and leaves form one tree.
func (t *Tree) validate(features int) error {
	if len(t.Leaves) != len(t.Nodes)+1 {
		return fmt.Errorf("%d leaves for %d splits", len(t.Leaves), len(t.Nodes))
	}
	for i, v := range t.Leaves {
		if v != v {
			return fmt.Errorf("leaf %d: NaN as its value", i)
		}
	}
	if len(t.Nodes) == 0 {
		return nil
	}
	nodes, leaves := make([]bool, len(t.Nodes)), make([]bool, len(t.Leaves))
	type visit struct {
		at    int32
		depth int
	}
	for stack := []visit{{0, 0}}; len(stack) > 0; {
		v := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		seen, at := nodes, int(v.at)
		if v.at < 0 {
			seen, at = leaves, ^at
		}
		if at >= len(seen) {
			return fmt.Errorf("child %d of a tree of %d splits", v.at, len(t.Nodes))
		}
		if seen[at] {
			return fmt.Errorf("child %d has two parents", v.at)
		}
		seen[at] = true
		if v.depth > maxDepth {
			return fmt.Errorf("deeper than %d", maxDepth)
		}
		if v.at < 0 {
			continue
		}
		n := &t.Nodes[at]
		if n.Feature < 0 || int(n.Feature) >= features {
			return fmt.Errorf("split %d is on feature %d of %d", at, n.Feature, features)
		}
		if n.Threshold != n.Threshold {
			return fmt.Errorf("split %d: NaN as its threshold", at)
		}
		stack = append(stack, visit{n.Left, v.depth + 1}, visit{n.Right, v.depth + 1})
	}
	return nil // one parent each, and as many leaves as splits and one: all are reached
}

func (n *Node) next(x float64) int32 {
	if n.GoesLeft(x) {
		return n.Left
	}
	return n.Right
}

// GoesLeft tells which way a value goes.
func (n *Node) GoesLeft(x float64) bool {
	switch n.Kind {
	case Categories:
		return n.contains(x)
	case MissingNaN:
		if x != x {
			return n.DefaultLeft
		}
	default:
		if x != x {
			x = 0
		}
		if n.Kind == MissingZero && x >= -zeroThreshold && x <= zeroThreshold {
			return n.DefaultLeft
		}
	}
	return x <= n.Threshold
}

// contains truncates like a C cast: -0.5 is category 0.
func (n *Node) contains(x float64) bool {
	if !(x > -1 && x < float64(32*len(n.Set))) {
		return false
	}
	c := uint32(int64(x))
	return n.Set[c/32]>>(c%32)&1 == 1
}
