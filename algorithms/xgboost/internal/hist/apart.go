package hist

// Most nodes of a deep tree have few rows, and a level of them is enough work for all cores. Each is then split apart from the others: one
// goroutine parts its rows, makes its children's histograms and searches them while they are in its core's cache, and nobody waits for
// a phase to end. What is found is the same.

// apartNodes is how many times as many rows as the largest of some nodes there have to be for every core.
const apartNodes = 2

// canSplitApart tells whether that keeps all cores busy.
func (g *Grower) canSplitApart(chosen []int32) bool {
	if g.sides != nil || g.exact != nil {
		return false
	}
	rows, most := 0, 0
	for _, i := range chosen {
		n := g.nodes[i].to - g.nodes[i].from
		rows, most = rows+n, max(most, n)
	}
	return most <= partitionRows && (g.pool.threads == 1 || rows >= most*apartNodes*g.pool.threads)
}

// What a row, and a bin, costs a node that is split apart, in nanoseconds and for each column.
const (
	apartRowWork = 1
	apartBinWork = 1
)

// workApart is about how long it takes to split nodes apart, in nanoseconds.
func (g *Grower) workApart(chosen []int32) int {
	cuts := g.matrix.Cuts
	bins := cuts.offsets[len(cuts.Features)] / len(cuts.Features)
	return len(g.columns) * (apartRowWork*g.rowsOf(chosen) + apartBinWork*bins*len(chosen))
}

// splitApart splits a node that has been divided, and looks for splits of its children.
func (g *Grower) splitApart(i int32) {
	n := &g.nodes[i]
	whole := []piece{{node: i, table: g.sideTable(n.cut), from: n.from, to: n.to}}
	g.part(&whole[0])
	g.join(whole)
	children := [2]*growing{&g.nodes[n.node.Left], &g.nodes[n.node.Right]}
	if !g.splittable(children[0]) && !g.splittable(children[1]) {
		g.release(n.hist)
		n.hist = nil
		return
	}
	small := g.smaller(i)
	built := g.newHistogram()
	g.accumulate(built, g.rows[g.nodes[small].from:g.nodes[small].to])
	g.handDown(n, small, built)
	for k, child := range children {
		if !g.splittable(child) {
			continue
		}
		if found := g.searchBlock(child, g.nodeColumns(n.node.Left+int32(k))); found.better(&child.split) {
			child.split = found
		}
		g.settle(child)
	}
}
