package hist

import "slices"

// sides says of the rows of nodes that are being split which way they go: sparse rows are told apart by column, since only
// those with a stored value need be looked at.
type sides struct {
	left []uint8 // by row: 1 where it goes left
	// owner is the node of each row, where columns are not parted by node.
	owner []int32
}

// prepareSparse chooses between histograms of all bins, which are faster while they stay in the cache, and parted columns.
func (g *Grower) prepareSparse() {
	m := g.matrix
	g.sides = &sides{left: make([]uint8, m.rows)}
	if g.columnar() {
		return
	}
	g.sides.owner = make([]int32, m.rows)
	if m.sparse.byRow == nil {
		m.sparse.byRow = m.transposeSparse(g.pool)
	}
}

// cacheBins is the largest number of bins of all features that histograms are made of; as many sums take a mebibyte.
const cacheBins = 1 << 17

// columnar tells whether columns are parted.
func (g *Grower) columnar() bool { return g.matrix.sparse != nil && g.matrix.sparse.columnar }

// chooseSides fills in which way the rows of each node of chosen go.
func (g *Grower) chooseSides(chosen []int32, tables []sideTable) {
	g.pool.Each(len(chosen), func(i int) {
		n, table := &g.nodes[chosen[i]], tables[i]
		left, none := g.sides.left, uint8(0)
		if n.cut.defaultLeft {
			none = 1
		}
		for _, r := range g.rows[n.from:n.to] {
			left[r] = none
		}
		if g.columnar() {
			k, _ := slices.BinarySearchFunc(n.segments, n.cut.feature, func(s segment, f int32) int { return int(s.feature - f) })
			rows, bins := g.segment(n, n.segments[k])
			for j, r := range rows {
				left[r] = 1 - table.right(int(bins[j]))
			}
			return
		}
		rows, bins := g.matrix.sparse.column(n.cut.feature)
		for j, r := range rows {
			if g.sides.owner[r] == chosen[i] {
				left[r] = 1 - table.right(int(bins[j]))
			}
		}
	})
	if g.columnar() {
		return
	}
	g.pool.Each(len(chosen), func(i int) {
		n := &g.nodes[chosen[i]]
		to := [2]int32{n.node.Right, n.node.Left}
		for _, r := range g.rows[n.from:n.to] {
			g.sides.owner[r] = to[g.sides.left[r]]
		}
	})
}

// partBySide moves the rows that go left to the front of rows and the others to rights. It returns how many go left.
func partBySide(rows, rights []uint32, left []uint8) int {
	l, r := 0, 0
	rights = rights[:len(rows)]
	for _, row := range rows {
		goesLeft := int(left[row])
		rows[l] = row
		rights[r] = row
		l += goesLeft
		r += 1 - goesLeft
	}
	return l
}

// addToSparse is AddTo on a sparse matrix: all rows go down the tree together, level after level.
func (t *Tree) addToSparse(m *Matrix, margins []float32, pool *Pool) {
	at := make([]int32, m.rows)
	moves := make([]uint8, m.rows) // 1 more than the side of a row with a stored value, else 0
	nodes := t.walk.nodes
	for level := []int32{0}; len(level) > 0; {
		var splits, next []int32
		for _, i := range level {
			if nodes[i].feature >= 0 {
				splits = append(splits, i)
				next = append(next, nodes[i].children[:]...)
			}
		}
		if level = next; len(splits) == 0 {
			break
		}
		pool.Each(len(splits), func(k int) {
			n := &nodes[splits[k]]
			rows, bins := m.sparse.column(n.feature)
			for j, r := range rows {
				if at[r] == splits[k] {
					moves[r] = 1 + t.walk.right(n, int(bins[j]))
				}
			}
		})
		pool.ranges(m.rows, partitionRows, func(from, to int) {
			for r := from; r < to; r++ {
				n := &nodes[at[r]]
				if n.feature < 0 {
					continue
				}
				side := moves[r]
				if moves[r] = 0; side == 0 {
					side = 1 + t.walk.right(n, m.Cuts.Features[n.feature].Bins())
				}
				at[r] = n.children[side-1]
			}
		})
	}
	pool.ranges(m.rows, binRows, func(from, to int) {
		for r := from; r < to; r++ {
			margins[r] += float32(t.walk.values[at[r]] * t.Scale)
		}
	})
}
