package hist

// The three phases of a batch of splits: rows are partitioned, histograms of the children built, and splits searched.
// Each is a list of independent pieces of work for the pool.

const (
	partitionRows = 1 << 15 // the most rows of one piece of partitioning
	buildRows     = 1 << 14 // rows of one piece of histogram building where there is enough work for all cores
	fewRows       = 1 << 12 // the fewest rows worth a piece of their own
	searchBlock   = 64      // features of one piece of split search
)

// piece is a part of one node's rows.
type piece struct {
	node     int32 // the parent's index
	table    sideTable
	from, to int
	lefts    int
}

// partition orders the rows of each node of chosen so that those that go left come first; order is otherwise kept.
func (g *Grower) partition(chosen []int32) {
	var pieces []piece
	tables := make([]sideTable, len(chosen))
	size := g.pieceRows(chosen, partitionRows)
	for k, i := range chosen {
		n := &g.nodes[i]
		tables[k] = g.sideTable(n.cut)
		for from := n.from; from < n.to; from += size {
			pieces = append(pieces, piece{node: i, table: tables[k], from: from, to: min(n.to, from+size)})
		}
	}
	if g.sides != nil {
		g.chooseSides(chosen, tables)
	}
	g.pool.worth(g.rowsOf(chosen)/2).Each(len(pieces), func(p int) { g.part(&pieces[p]) })
	var byNode [][]piece
	for len(pieces) > 0 {
		n := 1
		for n < len(pieces) && pieces[n].node == pieces[0].node {
			n++
		}
		byNode = append(byNode, pieces[:n])
		pieces = pieces[n:]
	}
	g.pool.worth(g.rowsOf(chosen)/4).Each(len(byNode), func(i int) { g.join(byNode[i]) })
}

func (g *Grower) sideTable(s *split) sideTable {
	f := &g.matrix.Cuts.Features[s.feature]
	t := make(sideTable, max(tableWords, tableLength(f)))
	t.fill(f, s)
	return t
}

// part orders the rows of a piece: those that go left at its front, the others in g.scratch.
func (g *Grower) part(w *piece) {
	feature := int(g.nodes[w.node].cut.feature)
	rows, rights := g.rows[w.from:w.to], g.scratch[w.from:w.to]
	switch {
	case g.sides != nil:
		w.lefts = partBySide(rows, rights, g.sides.left)
	case g.matrix.Cuts.wide:
		w.lefts = partWide(rows, rights, g.matrix.wide, len(g.matrix.Cuts.Features), feature, w.table)
	default:
		w.lefts = partBytes(rows, rights, g.matrix.column(feature), (*[tableWords]uint32)(w.table))
	}
}

// partBytesGo moves the rows that go left to the front of rows and the others to rights. It starts at row done, with l of
// those before it on the left, and returns how many go left in all.
func partBytesGo(rows, rights []uint32, column []uint8, table *[tableWords]uint32, done, l int) int {
	r := done - l
	rights = rights[:len(rows)]
	for _, row := range rows[done:] {
		b := column[row]
		goesRight := int(table[b/32] >> (b % 32) & 1) // of an array: a byte needs no check of bounds
		rows[l] = row
		rights[r] = row
		l += 1 - goesRight
		r += goesRight
	}
	return l
}

func partWide(rows, rights []uint32, matrix []uint16, stride, feature int, table sideTable) int {
	l, r := 0, 0
	for _, row := range rows {
		goesLeft := 1 - int(table.right(int(matrix[int(row)*stride+feature])))
		rows[l] = row
		rights[r] = row
		l += goesLeft
		r += 1 - goesLeft
	}
	return l
}

// join puts the parts of one node's pieces together and tells its children their rows.
func (g *Grower) join(pieces []piece) {
	n := &g.nodes[pieces[0].node]
	at := n.from
	for _, p := range pieces {
		at += copy(g.rows[at:], g.rows[p.from:p.from+p.lefts])
	}
	left, right := &g.nodes[n.node.Left], &g.nodes[n.node.Right]
	left.from, left.to, right.from, right.to = n.from, at, at, n.to
	for _, p := range pieces {
		at += copy(g.rows[at:], g.scratch[p.from:p.from+p.to-p.from-p.lefts])
	}
}

// build makes the histograms of the children of chosen: the smaller child's from its rows, the larger's by subtraction
// from the parent's, whose memory it takes over.
func (g *Grower) build(chosen []int32) {
	if g.columnar() {
		g.divideSegments(chosen)
		return
	}
	if g.exact != nil {
		return
	}
	var parents, built []int32
	for _, i := range chosen {
		n := &g.nodes[i]
		if !g.splittable(&g.nodes[n.node.Left]) && !g.splittable(&g.nodes[n.node.Right]) {
			g.release(n.hist)
			n.hist = nil
			continue
		}
		parents, built = append(parents, i), append(built, g.smaller(i))
	}
	var pieces []piece
	starts := []int{0} // of each parent's pieces, and the end
	size := g.pieceRows(built, buildRows)
	for _, small := range built {
		pieces = append(pieces, g.pieces(small, size)...)
		starts = append(starts, len(pieces))
	}
	parts := g.accumulatePieces(pieces)
	bins := g.matrix.Cuts.offsets[len(g.matrix.Cuts.Features)]
	g.pool.worth(bins*len(pieces)/2).Each(len(parents), func(p int) {
		g.handDown(&g.nodes[parents[p]], built[p], g.merge(parts[starts[p]:starts[p+1]]))
	})
}

// handDown gives the children of a node their histograms, as far as they need one: what is not the smaller's is the other's.
func (g *Grower) handDown(n *growing, small int32, built histogram) {
	large := n.node.Left + n.node.Right - small
	n.hist.subtract(built)
	g.nodes[small].hist, g.nodes[large].hist, n.hist = built, n.hist, nil
	for _, child := range []int32{small, large} {
		if c := &g.nodes[child]; !g.splittable(c) {
			g.release(c.hist)
			c.hist = nil
		}
	}
}

// buildRoot makes the histogram of node 0.
func (g *Grower) buildRoot() {
	if g.columnar() {
		g.rootSegments()
		return
	}
	if g.exact != nil {
		return
	}
	if roots := g.gradients.roots; roots != nil && !g.sampled {
		g.nodes[0].hist = g.newHistogram()
		roots.copyTo(g.nodes[0].hist, g.gradients.output)
		return
	}
	pieces := g.pieces(0, buildRows)
	g.nodes[0].hist = g.merge(g.accumulatePieces(pieces))
}

// smaller returns the child with fewer rows.
func (g *Grower) smaller(parent int32) int32 {
	l, r := g.nodes[parent].node.Left, g.nodes[parent].node.Right
	if g.nodes[l].to-g.nodes[l].from <= g.nodes[r].to-g.nodes[r].from {
		return l
	}
	return r
}

// pieceRows is how many rows of nodes one piece should have: most, less where that would leave cores idle.
func (g *Grower) pieceRows(nodes []int32, most int) int {
	rows := g.rowsOf(nodes)
	return max(fewRows, min(most, (rows+g.pool.threads-1)/g.pool.threads))
}

// rowsOf is how many rows nodes have.
func (g *Grower) rowsOf(nodes []int32) (rows int) {
	for _, i := range nodes {
		rows += g.nodes[i].to - g.nodes[i].from
	}
	return rows
}

// pieces cuts a node's rows for the pool. Sums are of integers, so how they are cut changes nothing.
func (g *Grower) pieces(node int32, size int) []piece {
	from, to := g.nodes[node].from, g.nodes[node].to
	n := max(1, min(g.pool.threads, (to-from+size/2)/size))
	out := make([]piece, n)
	for i := range out {
		out[i] = piece{node: node, from: from + (to-from)*i/n, to: from + (to-from)*(i+1)/n}
	}
	return out
}

func (g *Grower) accumulatePieces(pieces []piece) []histogram {
	parts := make([]histogram, len(pieces))
	pool := g.pool
	if g.matrix.sparse == nil {
		rows := 0
		for _, p := range pieces {
			rows += p.to - p.from
		}
		pool = pool.worth(rows * len(g.columns) / 2)
	}
	pool.Each(len(pieces), func(p int) {
		parts[p] = g.newHistogram()
		g.accumulate(parts[p], g.rows[pieces[p].from:pieces[p].to])
	})
	return parts
}

// merge adds up the parts of one node.
func (g *Grower) merge(parts []histogram) histogram {
	for _, p := range parts[1:] {
		parts[0].add(p)
		g.release(p)
	}
	return parts[0]
}

// search finds the best split of each node.
func (g *Grower) search(nodes []int32) {
	if g.columnar() {
		g.searchSegments(nodes)
		return
	}
	columns := make([][]int32, len(nodes))
	blocks := 1
	for i, n := range nodes {
		columns[i] = g.nodeColumns(n)
		blocks = max(blocks, (len(columns[i])+searchBlock-1)/searchBlock)
	}
	found := make([]split, len(nodes)*blocks)
	pool := g.pool
	if g.exact == nil {
		pool = pool.worth(g.matrix.Cuts.offsets[len(g.matrix.Cuts.Features)] * len(nodes))
	}
	pool.Each(len(found), func(i int) {
		n := &g.nodes[nodes[i/blocks]]
		of := columns[i/blocks]
		from := min(len(of), i%blocks*searchBlock)
		found[i] = g.searchBlock(n, of[from:min(len(of), from+searchBlock)])
	})
	for i := range found {
		if n := &g.nodes[nodes[i/blocks]]; found[i].better(&n.split) {
			n.split = found[i]
		}
	}
	for _, n := range nodes {
		g.settle(&g.nodes[n])
	}
}

// settle gives back the histogram of a node that is searched, if no split was found.
func (g *Grower) settle(n *growing) {
	if n.split.gain == 0 {
		g.release(n.hist)
		n.hist = nil
	}
}

func (g *Grower) searchBlock(n *growing, columns []int32) split {
	f := newFinder(&g.params, g.units, n.total, n.bounds, n.to-n.from)
	if g.exact != nil {
		g.searchExact(&f, n, columns)
		return f.end()
	}
	cuts := g.matrix.Cuts
	for _, c := range columns {
		if f.tested && cuts.single[c] && !f.mayGain(n.hist[cuts.offsets[c]]) {
			continue
		}
		bins := n.hist[cuts.offsets[c]:][:cuts.Features[c].Bins()+1]
		if g.matrix.sparse != nil {
			fillMissing(bins, n.total)
		}
		if cuts.Features[c].Categories > 0 {
			f.categorical(c, f.unpacked(bins))
		} else {
			f.numeric(c, bins)
		}
	}
	return f.end()
}
