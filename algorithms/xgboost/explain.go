package xgboost

import (
	"errors"

	"github.com/batchmill/batchmill/algorithms"
	"github.com/batchmill/batchmill/algorithms/xgboost/internal/forest"
	"github.com/batchmill/batchmill/algorithms/xgboost/internal/lightgbm"
	"github.com/batchmill/batchmill/algorithms/xgboost/internal/shap"
)

// explainer says what each feature adds to a margin: width values per output, the last of them the expected value.
type explainer interface {
	contributions(rows *rowValues, out []float32)
	interactions(rows *rowValues, out []float32)
}

type treeExplainer struct{ *shap.Explainer }

func (e treeExplainer) contributions(rows *rowValues, out []float32) {
	e.Contributions(rows.decide, rows.n, out)
}

func (e treeExplainer) interactions(rows *rowValues, out []float32) {
	e.Interactions(rows.decide, rows.n, out)
}

// explainer prepares a forest. A model without covers is refused.
func (p *predictor) explainer() (explainer, error) {
	if l, ok := p.engine.(linear); ok {
		return linearExplainer{l, p.base}, nil
	}
	trees := make([]shap.Tree, len(p.trees))
	for i := range p.trees {
		t := &p.trees[i]
		trees[i] = shap.Tree{Group: t.Group, Nodes: make([]shap.Node, len(t.Nodes))}
		for j := range t.Nodes {
			n := &t.Nodes[j]
			trees[i].Nodes[j] = shap.Node{Left: n.Left, Right: n.Right, Feature: n.Feature, Cover: float64(n.Hessian)}
			if n.IsLeaf() {
				trees[i].Nodes[j].Value = float64(n.Value) * float64(t.Scale)
			}
		}
	}
	base := make([]float64, p.groups)
	for g := range base {
		base[g] = float64(p.base[g])
	}
	return newExplainer(trees, len(p.layout.Features), base)
}

func newExplainer(trees []shap.Tree, features int, base []float64) (explainer, error) {
	e, err := shap.New(trees, features, base)
	if errors.Is(err, shap.ErrNoCovers) {
		return nil, &algorithms.OutputError{Output: algorithms.OutputContributions, Reason: "the model file does not say how many training rows went where (sum_hessian, internal_count)"}
	}
	if err != nil {
		return nil, &algorithms.OutputError{Output: algorithms.OutputContributions, Reason: err.Error()}
	}
	return treeExplainer{e}, nil
}

// decide tells which way rows go at the nodes of a forest.
func (p *predictor) decide(columns [][]float32) shap.Decide {
	return func(tree, row int, left []bool) {
		nodes := p.trees[tree].Nodes
		for i := range nodes {
			if n := &nodes[i]; !n.IsLeaf() {
				left[i] = goesLeft(n, columns[n.Feature][row])
			}
		}
	}
}

// goesLeft follows XGBoost: codes that are no category or not in the set go left.
func goesLeft(n *forest.Node, x float32) bool {
	switch {
	case x != x:
		return n.DefaultLeft
	case n.Categorical:
		return x < 0 || x >= forest.MaxCategory || !contains(n.Categories, uint32(x))
	}
	return x < n.Value
}

// explainer prepares LightGBM's trees. Their covers are counts of rows.
func (p *lightPredictor) explainer() (explainer, error) {
	m, trees := p.model, make([]shap.Tree, len(p.model.Trees))
	scale := 1.0
	if m.Average {
		scale = 1 / float64(m.Rounds())
	}
	for i := range m.Trees {
		trees[i] = shap.Tree{Group: i % m.Outputs, Nodes: lightNodes(&m.Trees[i], scale)}
	}
	return newExplainer(trees, len(m.Features), make([]float64, m.Outputs))
}

// lightNodes puts a tree's splits first and its leaves behind them.
func lightNodes(t *lightgbm.Tree, scale float64) []shap.Node {
	splits := int32(len(t.Nodes))
	place := func(child int32) int32 {
		if child < 0 {
			return splits + ^child
		}
		return child
	}
	nodes := make([]shap.Node, 0, len(t.Nodes)+len(t.Leaves))
	for i := range t.Nodes {
		n := &t.Nodes[i]
		nodes = append(nodes, shap.Node{Left: place(n.Left), Right: place(n.Right), Feature: n.Feature, Cover: n.Count})
	}
	for i, v := range t.Leaves {
		leaf := shap.Node{Left: -1, Right: -1, Value: v * scale}
		if i < len(t.Counts) {
			leaf.Cover = t.Counts[i]
		}
		nodes = append(nodes, leaf)
	}
	return nodes
}

func (p *lightPredictor) decide(columns [][]float64) shap.Decide {
	return func(tree, row int, left []bool) {
		nodes := p.model.Trees[tree].Nodes
		for i := range nodes {
			left[i] = nodes[i].GoesLeft(columns[nodes[i].Feature][row])
		}
	}
}

// linearExplainer explains a linear model: a feature's share is its weight times its value, nothing where it is missing, and
// features do not interact.
type linearExplainer struct {
	linear
	base []float32
}

func (l linearExplainer) contributions(rows *rowValues, out []float32) {
	width := l.features + 1
	l.each(rows, func(at, f int, share float32) { out[at*width+f] = share })
}

func (l linearExplainer) interactions(rows *rowValues, out []float32) {
	width := l.features + 1
	clear(out)
	l.each(rows, func(at, f int, share float32) { out[(at*width+f)*width+f] = share })
}

// each visits the shares of the features, and the bias as one more, of each row and output.
func (l linearExplainer) each(rows *rowValues, visit func(at, f int, share float32)) {
	for r := range rows.n {
		for g := range l.groups {
			at := r*l.groups + g
			for f := range l.features {
				x := rows.columns[f][r]
				if x != x {
					x = 0
				}
				visit(at, f, x*l.weights[f*l.groups+g])
			}
			visit(at, l.features, l.base[g]+l.weights[l.features*l.groups+g])
		}
	}
}
