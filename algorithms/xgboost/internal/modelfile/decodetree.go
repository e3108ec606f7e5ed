package modelfile

import (
	"math"
	"slices"

	"github.com/batchmill/batchmill/algorithms/xgboost/internal/forest"
)

// nodeArrays are a tree's members, one element per node.
type nodeArrays struct {
	left, right, indices, conditions, defaultLeft []float64
	hessian, gain, weight, splitType              []float64 // may be absent
}

func decodeTree(c cursor) forest.Tree {
	a := nodeArrays{
		left: c.member("left_children").numbers(), right: c.member("right_children").numbers(),
		indices: c.member("split_indices").numbers(), conditions: c.member("split_conditions").numbers(),
		defaultLeft: c.member("default_left").numbers(),
	}
	n := len(a.left)
	if c.has("tree_param") {
		if p := c.member("tree_param"); p.has("size_leaf_vector") && wholeNumber(p.member("size_leaf_vector")) > 1 {
			p.member("size_leaf_vector").fail("trees with vectors in their leaves (multi_strategy=multi_output_tree) are not supported")
			return forest.Tree{}
		}
	}
	for _, name := range []string{"sum_hessian", "loss_changes", "base_weights", "split_type"} {
		if !c.has(name) {
			continue
		}
		values := c.member(name).numbers()
		if len(values) != n && len(values) != 0 {
			c.fail("%s has %d elements for %d nodes", name, len(values), n)
			return forest.Tree{}
		}
		switch name {
		case "sum_hessian":
			a.hessian = values
		case "loss_changes":
			a.gain = values
		case "base_weights":
			a.weight = values
		case "split_type":
			a.splitType = values
		}
	}
	if len(a.right) != n || len(a.indices) != n || len(a.conditions) != n || len(a.defaultLeft) != n {
		c.fail("arrays of different lengths")
		return forest.Tree{}
	}
	tree := a.tree(c)
	if *c.fault == nil {
		decodeCategories(c, tree.Nodes)
	}
	return tree
}

func (a *nodeArrays) tree(c cursor) forest.Tree {
	t := forest.Tree{Nodes: make([]forest.Node, len(a.left)), Scale: 1}
	for i := range t.Nodes {
		t.Nodes[i] = forest.Node{
			Left: index(a.left[i]), Right: index(a.right[i]), Feature: index(a.indices[i]),
			DefaultLeft: a.defaultLeft[i] != 0,
			Categorical: at(a.splitType, i) == 1,
			Value:       float32(a.conditions[i]),
			Gain:        float32(at(a.gain, i)), Hessian: float32(at(a.hessian, i)), Weight: float32(at(a.weight, i)),
		}
		n := &t.Nodes[i]
		if n.IsLeaf() != (n.Right < 0) {
			c.fail("node %d has one child", i)
		}
		if math.IsNaN(a.conditions[i]) && !n.Categorical {
			c.fail("node %d: NaN in split_conditions", i)
		}
	}
	return t
}

func at(a []float64, i int) float64 {
	if a == nil || i >= len(a) {
		return 0
	}
	return a[i]
}

// index turns a node or feature number into an int32; whatever is none becomes -1, which no check lets through.
func index(v float64) int32 {
	if v >= 0 && v < math.MaxInt32 && v == math.Trunc(v) {
		return int32(v)
	}
	return -1
}

// decodeCategories gives categorical nodes their sets, which lie one after the other in "categories".
func decodeCategories(c cursor, nodes []forest.Node) {
	if !c.has("categories_nodes") {
		return
	}
	all := c.member("categories").numbers()
	segments, sizes := c.member("categories_segments").numbers(), c.member("categories_sizes").numbers()
	which := c.member("categories_nodes").numbers()
	if len(which) != len(segments) || len(which) != len(sizes) {
		c.fail("categories_nodes, categories_segments and categories_sizes differ in length")
		return
	}
	used := 0
	for i, w := range which {
		node, from, size := index(w), index(segments[i]), index(sizes[i])
		if node < 0 || int(node) >= len(nodes) || from < 0 || size < 0 || int(from)+int(size) > len(all) {
			c.fail("categories of node %g are out of range", w)
			return
		}
		// Segments that overlap could ask for far more memory than the file is long.
		if used += int(size); used > len(all) {
			c.fail("segments of categories overlap")
			return
		}
		set := make([]uint32, 0, size)
		for _, v := range all[from : from+size] {
			code := index(v)
			if code < 0 {
				c.fail("category %g of node %d is none", v, node)
				return
			}
			set = append(set, uint32(code))
		}
		slices.Sort(set)
		nodes[node].Categories = slices.Compact(set)
	}
}
