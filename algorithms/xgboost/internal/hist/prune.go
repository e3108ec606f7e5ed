package hist

// prune takes back, from the leaves up, splits into two leaves that gain less than MinSplitLoss, as XGBoost's updater prune
// does for tree_method exact (src/tree/updater_prune.cc).
func (g *Grower) prune() {
	leaf := make([]bool, len(g.nodes))
	for i := len(g.nodes) - 1; i >= 0; i-- {
		n := &g.nodes[i]
		leaf[i] = n.cut == nil || leaf[n.node.Left] && leaf[n.node.Right] && n.cut.gain < g.params.MinSplitLoss
	}
	order := []int32{0}
	for at := 0; at < len(order); at++ {
		if i := order[at]; !leaf[i] {
			order = append(order, g.nodes[i].node.Left, g.nodes[i].node.Right)
		}
	}
	g.keep(order)
}
