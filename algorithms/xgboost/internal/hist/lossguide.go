package hist

import (
	"cmp"
	"context"
	"math"
	"slices"
)

// Growth best first. One node at a time is too little work to share among cores, so the node that gains most is split
// together with those that are likely to have their turn. Which splits count, and in which order, is then settled as if there had
// been one at a time: splits made in vain are dropped, and the tree does not depend on how many are made at once.

const (
	aheadNodes = 32 // the most nodes split together: Grower.ahead
	aheadShare = 4  // of the leaves left, one in so many is opened ahead where gains are no guide
)

// byLoss splits the node that gains most, again and again.
func (g *Grower) byLoss(ctx context.Context) error {
	queue := &byGain{grower: g}
	queue.push(0)
	order := []int32{0} // nodes by number
	least := math.Inf(1)
	for leaves := 1; queue.len() > 0 && (g.params.MaxLeaves == 0 || leaves < g.params.MaxLeaves); leaves++ {
		if err := ctx.Err(); err != nil {
			return err
		}
		if g.nodes[queue.heap[0]].cut == nil {
			g.apply(g.nextByLoss(queue.heap[0], g.params.MaxLeaves-leaves))
		}
		top := queue.pop()
		least = min(least, g.nodes[top].split.gain)
		for _, child := range []int32{g.nodes[top].node.Left, g.nodes[top].node.Right} {
			g.nodes[child].number = int32(len(order))
			order = append(order, child)
			queue.push(child)
		}
	}
	g.leastGain[g.gradients.output] = least
	g.keep(order)
	return nil
}

// nextByLoss returns the nodes to split now: top, whose turn it is, and others. left is how many leaves may still be added.
//
// Nodes that gain more than the last split of the tree before nearly always have their turn, below splits that have not had
// theirs too. When top itself gains less, those that gain most are next, but the children of some will come before others.
func (g *Grower) nextByLoss(top int32, left int) []int32 {
	next := []int32{top}
	if g.params.ColumnsByNode < 1 {
		return next // columns are drawn by the node's number, which is certain for the next one only
	}
	least, known := g.leastGain[g.gradients.output]
	sure := known && g.nodes[top].split.gain > least
	for i := range g.nodes {
		if n := &g.nodes[i]; int32(i) != top && n.cut == nil && n.split.gain > 0 && (!sure || n.split.gain > least) {
			next = append(next, int32(i))
		}
	}
	slices.SortFunc(next[1:], func(a, b int32) int {
		return cmp.Or(cmp.Compare(g.nodes[b].split.gain, g.nodes[a].split.gain), cmp.Compare(a, b))
	})
	most := min(len(next), g.ahead)
	if g.params.MaxLeaves > 0 {
		if !sure {
			left = (left + aheadShare - 1) / aheadShare
		}
		most = min(most, left)
	}
	return next[:most]
}

// keep drops the nodes that are not in order, which lists children after their parent, and numbers the others by it.
func (g *Grower) keep(order []int32) {
	place := make([]int32, len(g.nodes))
	for i := range place {
		place[i] = -1
	}
	for to, from := range order {
		place[from] = int32(to)
	}
	kept := make([]growing, len(order))
	for i := range g.nodes {
		n := &g.nodes[i]
		if place[i] < 0 {
			g.release(n.hist)
			continue
		}
		if n.cut != nil {
			if left := place[n.node.Left]; left < 0 {
				n.node, n.cut = g.leaf(n.total, n.bounds), nil
			} else {
				n.node.Left, n.node.Right = left, place[n.node.Right]
			}
		}
		kept[place[i]] = *n
	}
	g.nodes = kept
}

// byGain is a queue of nodes that can be split, the largest gain first; of equal gains, the older node.
type byGain struct {
	grower *Grower
	heap   []int32
}

func (q *byGain) len() int { return len(q.heap) }

func (q *byGain) before(a, b int32) bool {
	na, nb := &q.grower.nodes[a], &q.grower.nodes[b]
	return na.split.gain > nb.split.gain || na.split.gain == nb.split.gain && na.number < nb.number
}

// push adds a node, unless no split was found for it.
func (q *byGain) push(node int32) {
	if q.grower.nodes[node].split.gain <= 0 {
		return
	}
	q.heap = append(q.heap, node)
	for i := len(q.heap) - 1; i > 0 && q.before(q.heap[i], q.heap[(i-1)/2]); i = (i - 1) / 2 {
		q.heap[i], q.heap[(i-1)/2] = q.heap[(i-1)/2], q.heap[i]
	}
}

func (q *byGain) pop() int32 {
	top, last := q.heap[0], len(q.heap)-1
	q.heap[0] = q.heap[last]
	q.heap = q.heap[:last]
	for i := 0; ; {
		child := 2*i + 1
		if child >= last {
			return top
		}
		if child+1 < last && q.before(q.heap[child+1], q.heap[child]) {
			child++
		}
		if !q.before(q.heap[child], q.heap[i]) {
			return top
		}
		q.heap[i], q.heap[child] = q.heap[child], q.heap[i]
		i = child
	}
}
