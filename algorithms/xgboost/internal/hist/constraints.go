package hist

import (
	"math"
	"slices"
)

// bounds are the values that a node's leaves may take so that monotone constraints above hold.
type bounds struct{ low, high float64 }

var unbounded = bounds{math.Inf(-1), math.Inf(1)}

func (b bounds) clamp(w float64) float64 { return min(max(w, b.low), b.high) }

// monotone tells whether some feature is constrained.
func (p *Params) monotone() bool {
	return slices.ContainsFunc(p.Monotone, func(d int8) bool { return d != 0 })
}

// direction is the constraint of a feature: 1 up, -1 down, 0 none.
func (p *Params) direction(feature int32) int8 {
	if int(feature) < len(p.Monotone) {
		return p.Monotone[feature]
	}
	return 0
}

// gainAt is twice the loss that a leaf of value w takes away.
func (p *Params) gainAt(g, h, w float64) float64 {
	if h <= 0 {
		return 0
	}
	return -(2*g*w + (h+p.Lambda)*w*w) - 2*p.Alpha*math.Abs(w)
}

// inherit returns the bounds of the children of a node that is split on a feature: its own, and for a constrained feature
// midway between the children's values, as in XGBoost (src/tree/split_evaluator.h).
func (p *Params) inherit(parent bounds, feature int32, left, right float64) (l, r bounds) {
	l, r = parent, parent
	middle := (left + right) / 2
	switch p.direction(feature) {
	case 1:
		l.high, r.low = middle, middle
	case -1:
		l.low, r.high = middle, middle
	}
	return l, r
}

// allowed leaves out features that must not meet those on a node's path: with the path's own features, a node may use what
// shares a group with all of them. Any feature may come first, as in XGBoost (src/tree/constraints.cc).
func (g *Grower) allowed(columns, path []int32) []int32 {
	if len(g.params.Interactions) == 0 || len(path) == 0 {
		return columns
	}
	var out []int32
	for _, c := range columns {
		if slices.Contains(path, c) || slices.ContainsFunc(g.params.Interactions, func(group []int32) bool {
			return slices.Contains(group, c) && !slices.ContainsFunc(path, func(f int32) bool { return !slices.Contains(group, f) })
		}) {
			out = append(out, c)
		}
	}
	return out
}

// extend adds a feature to a path.
func extend(path []int32, feature int32) []int32 {
	if slices.Contains(path, feature) {
		return path
	}
	return append(slices.Clone(path), feature)
}

// Refit sets the leaves of the tree just grown: value says what a leaf of the given rows should be, before the learning
// rate. Monotone constraints are kept: what value says of the children of a constrained split bounds what is below them.
func (g *Grower) Refit(t *Tree, value func(rows []uint32) float64) {
	monotone := g.params.monotone()
	values := make([]float64, len(g.nodes))
	g.pool.Each(len(g.nodes), func(i int) {
		if n := &g.nodes[i]; monotone || n.cut == nil {
			values[i] = value(g.rows[n.from:n.to])
		}
	})
	limits := make([]bounds, len(g.nodes))
	limits[0] = unbounded
	for i := range g.nodes {
		n := &g.nodes[i]
		if monotone {
			values[i] = limits[i].clamp(values[i])
		}
		if n.cut == nil {
			if v := float32(values[i] * g.params.LearningRate); v == v {
				n.node.Value, t.Nodes[i].Value, t.walk.values[i] = v, v, v
			}
			continue
		}
		if !monotone {
			continue
		}
		left, right := limits[i].clamp(values[n.node.Left]), limits[i].clamp(values[n.node.Right])
		if d := float64(g.params.direction(n.cut.feature)); d*(right-left) < 0 {
			left, right = values[i], values[i]
		}
		limits[n.node.Left], limits[n.node.Right] = g.params.inherit(limits[i], n.cut.feature, left, right)
	}
}
