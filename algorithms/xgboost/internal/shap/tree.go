// Package shap says how much each feature of a row adds to what trees predict: exact Shapley values of the game in which
// features outside a coalition follow the training rows (path-dependent TreeSHAP), and their interactions. It knows trees by
// shape, cover and leaf values alone; how a node decides, the caller tells.
//
// Sources: Lundberg et al., "From local explanations to global understanding with explainable AI for trees", Nature Machine
// Intelligence 2020 (the values); Owen, "Multilinear extensions of games", 1972 (the Shapley value as an integral); Yu et al.,
// "Linear TreeShap", NeurIPS 2022 (one pass down and up a tree). Here the integral is a Gauss-Legendre sum, which is exact
// for the polynomials that trees make of it.
package shap

import (
	"errors"
	"fmt"
	"math"
)

// Node is one node of a tree; Left and Right are -1 in a leaf.
type Node struct {
	Left, Right int32
	Feature     int32
	Cover       float64 // weight of the training rows in the node: sum of hessians, or a count
	Value       float64 // of a leaf
}

// Tree is a binary tree, node 0 its root. Nodes that no path leads to are left out.
type Tree struct {
	Nodes []Node
	Group int // the output (class) it adds to
}

// ErrNoCovers says that a model does not tell how many training rows went where, without which there are no expected values.
var ErrNoCovers = errors.New("shap: the model holds no covers of its nodes (sum_hessian, internal_count)")

// ErrTooLarge says that a tree is so deep and large that its explanation would take more memory than is sensible.
var ErrTooLarge = errors.New("shap: a tree is too deep and too large to be explained")

// maxTables bounds nodes times points of one tree: 40 bytes each. Trees of depth 60 and 100,000 leaves stay below.
const maxTables = 1 << 23

// maxSteps bounds how far compiling a tree walks: its depth for each leaf.
const maxSteps = 1 << 28

// compiled is a tree ready for the passes. Nodes are in preorder; a node stands for the edge above it too, which the root
// lacks. On a path, the edges of one feature act as one: its fraction is the product of theirs, and a row is on it if it takes
// them all.
type compiled struct {
	nodes  []edge
	points int
	origin []int32 // number of each node in the tree it was made from
	size   int     // nodes of that tree
	group  int
	mean   float64 // expected value: the sum of the leaves' values times the fractions above them
	// tables hold, for each node, points values of each kind:
	// 0: factor on the weights of a path when its row is on this edge and on those of the feature above,
	// 1: when it is on those above only (else the factor is the edge's own fraction),
	// 2, 3: what the edge adds to its feature's share in the cases of 0 and 1,
	// 4: the share's kernel in case 0, for interactions.
	tables []float64
	lost   []float64 // the kernel where a row is not on the edge: -1/(1-t)
	paths  []int32   // of each leaf: the last edge of each feature above it
	passed []int32   // by edge: the leaf for which a later edge of its feature was seen last
	steps  int       // up trees while compiling
}

type edge struct {
	parent     int32
	above      int32 // the edge of the same feature above, or the root
	feature    int32
	from, to   int32 // of a leaf: its path
	right      bool
	leaf       bool
	value      float64
	own, total float64 // fraction of the parent's cover; product over the feature's edges down to here
}

const kinds = 5

func (c *compiled) table(node int, kind int) []float64 {
	at := (node*kinds + kind) * c.points
	return c.tables[at : at+c.points : at+c.points]
}

// compile prepares a tree.
func compile(t *Tree) (*compiled, error) {
	c := &compiled{group: t.Group, size: len(t.Nodes), passed: make([]int32, len(t.Nodes))}
	longest, err := c.order(t)
	if err != nil {
		return nil, err
	}
	c.points = max(1, (longest+1)/2)
	if len(c.nodes)*c.points > maxTables {
		return nil, ErrTooLarge
	}
	c.fill()
	return c, nil
}

// order puts the nodes in preorder and returns how many features the path with most of them has.
func (c *compiled) order(t *Tree) (longest int, err error) {
	type visit struct {
		node, parent int32
		right        bool
		reached      float64 // product of all fractions above
	}
	stack := []visit{{0, -1, false, 1}}
	for len(stack) > 0 {
		v := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		n, at := &t.Nodes[v.node], int32(len(c.nodes))
		e := edge{parent: v.parent, right: v.right, own: 1, total: 1, feature: -1}
		if v.parent >= 0 {
			if err := c.connect(t, &e, v.node); err != nil {
				return 0, err
			}
		}
		reached := v.reached * e.own
		c.nodes, c.origin = append(c.nodes, e), append(c.origin, v.node)
		if n.Left < 0 {
			path, err := c.endPath(at, n.Value)
			if err != nil {
				return 0, err
			}
			longest = max(longest, path)
			c.mean += reached * n.Value
			continue
		}
		stack = append(stack, visit{n.Right, at, true, reached}, visit{n.Left, at, false, reached})
	}
	return longest, nil
}

// connect finds an edge's fraction and the edge of its feature above it.
func (c *compiled) connect(t *Tree, e *edge, node int32) error {
	parent, n := &t.Nodes[c.origin[e.parent]], &t.Nodes[node]
	if !(n.Cover >= 0 && parent.Cover >= 0) || math.IsInf(parent.Cover, 0) || math.IsInf(n.Cover, 0) {
		return fmt.Errorf("shap: node %d has cover %v", node, n.Cover)
	}
	switch {
	case parent.Cover > 0:
		e.own = n.Cover / parent.Cover
	case e.parent == 0:
		return ErrNoCovers
	default:
		e.own = 0.5 // no training row came here, so that any share is as good
	}
	e.feature, e.total = parent.Feature, e.own
	for a := e.parent; a > 0; a = c.nodes[a].parent {
		if c.nodes[a].feature == e.feature {
			e.above, e.total = a, c.nodes[a].total*e.own
			break
		}
	}
	return nil
}

// endPath notes the last edge of each feature on the way to a leaf.
func (c *compiled) endPath(leaf int32, value float64) (length int, err error) {
	e := &c.nodes[leaf]
	e.leaf, e.value, e.from = true, value, int32(len(c.paths))
	for a := leaf; a > 0; a = c.nodes[a].parent {
		if c.passed[a] != leaf {
			c.paths = append(c.paths, a)
		}
		c.passed[c.nodes[a].above] = leaf
		c.steps++
	}
	e.to = int32(len(c.paths))
	if len(c.paths) > maxTables || c.steps > maxSteps {
		return 0, ErrTooLarge
	}
	return int(e.to - e.from), nil
}

// fill works out the tables at the points of the quadrature.
func (c *compiled) fill() {
	points := gaussLegendre(c.points)
	c.tables = make([]float64, len(c.nodes)*kinds*c.points)
	for _, p := range points {
		c.lost = append(c.lost, -1/(1-p.at))
	}
	for i := range c.nodes {
		e := &c.nodes[i]
		before := 1.0
		if i > 0 {
			before = c.nodes[e.above].total
		}
		for k, p := range points {
			with, without := p.at+e.total*(1-p.at), p.at+before*(1-p.at)
			kernel, kernelBefore := (1-e.total)/with, (1-before)/without
			for kind, v := range [kinds]float64{with / without, e.total * (1 - p.at) / without, kernel - kernelBefore, c.lost[k] - kernelBefore, kernel} {
				c.tables[(i*kinds+kind)*c.points+k] = v
			}
		}
	}
	for k, p := range points { // the root's factors begin each path: they carry the weights
		c.tables[k] = p.weight
	}
}
