package hist

import "github.com/batchmill/batchmill/algorithms/xgboost/internal/forest"

// Refresh sets a tree's statistics to sums of first and second derivatives by node, and its leaves too if leaves is set.
func (p *Params) Refresh(t *forest.Tree, sums [][2]float64, leaves bool) {
	for i := range t.Nodes {
		n := &t.Nodes[i]
		g, h := sums[i][0], sums[i][1]
		w := p.weight(g, h)
		n.Weight, n.Hessian = float32(w), float32(h)
		if n.IsLeaf() {
			if leaves {
				n.Value = float32(w * p.LearningRate)
			}
			continue
		}
		l, r := sums[n.Left], sums[n.Right]
		n.Gain = float32(p.gain(l[0], l[1]) + p.gain(r[0], r[1]) - p.gain(g, h))
	}
}
