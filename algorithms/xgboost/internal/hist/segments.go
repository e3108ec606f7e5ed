package hist

import (
	"slices"
	"sync"
)

// Growth on sparse rows with many bins. A histogram of every bin of every feature would be far larger than the stored values
// of most nodes, so there is none: each column is kept in the order of bins, and whenever a node is split every column is
// parted like the rows, order kept. A node's values of a feature then are one segment, in which equal bins lie side by side,
// and the sums that splits are searched in come from one pass over it. Time and memory are in proportion to what is stored.

// segment is where a node's stored values of one feature lie.
type segment struct {
	feature int32
	count   int32
	from    int
}

// segments is a grower's own copy of the columns, parted by node.
type segments struct {
	rows []uint32
	bins []uint16
}

// segmentBlock is how many features' segments are one piece of work.
const segmentBlock = 128

// rootSegments are the columns this tree may use, whole. If rows are sampled they are cut down to the sample.
func (g *Grower) rootSegments() {
	m := g.matrix.sparse
	root := &g.nodes[0]
	root.segments = make([]segment, 0, len(g.columns))
	for _, f := range g.columns {
		root.segments = append(root.segments, segment{feature: f, count: int32(m.starts[f+1] - m.starts[f]), from: m.starts[f]})
	}
	if g.own == nil {
		g.own = &segments{rows: make([]uint32, len(m.rows)), bins: make([]uint16, len(m.bins))}
	}
	g.whole = !g.sampled
	if g.sampled {
		g.keepSample(root)
		return
	}
	root.segments = present(root.segments)
}

// keepSample copies the sampled rows' values.
func (g *Grower) keepSample(root *growing) {
	m := g.matrix.sparse
	clear(g.sides.left)
	for _, r := range g.rows {
		g.sides.left[r] = 1
	}
	g.eachBlock(root.segments, func(_ *partScratch, block []segment) {
		for i := range block {
			s := &block[i]
			rows, bins := m.rows[s.from:s.from+int(s.count)], m.bins[s.from:s.from+int(s.count)]
			toRows, toBins := g.own.rows[s.from:], g.own.bins[s.from:]
			n := 0
			for k, r := range rows {
				toRows[n], toBins[n] = r, bins[k]
				n += int(g.sides.left[r])
			}
			s.count = int32(n)
		}
	})
	root.segments = present(root.segments)
}

// present drops empty segments.
func present(all []segment) []segment {
	return slices.DeleteFunc(all, func(s segment) bool { return s.count == 0 })
}

// partScratch is memory for a piece of work on segments.
type partScratch struct {
	rows []uint32
	bins []uint16
	sums []uint64
	of   []uint16 // the bin of each sum
}

var partScratches = sync.Pool{New: func() any { return new(partScratch) }}

func (g *Grower) eachBlock(all []segment, do func(s *partScratch, block []segment)) {
	g.pool.ranges(len(all), segmentBlock, func(from, to int) {
		s := partScratches.Get().(*partScratch)
		defer partScratches.Put(s)
		do(s, all[from:to])
	})
}

// of returns a segment's values: until the root is parted, those of the matrix itself.
func (g *Grower) segment(n *growing, s segment) (rows []uint32, bins []uint16) {
	to := s.from + int(s.count)
	if g.whole && n == &g.nodes[0] {
		return g.matrix.sparse.rows[s.from:to], g.matrix.sparse.bins[s.from:to]
	}
	return g.own.rows[s.from:to], g.own.bins[s.from:to]
}

// divideSegments parts the segments of each node of chosen as g.sides says of their rows.
func (g *Grower) divideSegments(chosen []int32) {
	type part struct {
		node     int32
		from, to int
	}
	var parts []part
	for _, i := range chosen {
		n := &g.nodes[i]
		if g.splittable(&g.nodes[n.node.Left]) || g.splittable(&g.nodes[n.node.Right]) {
			for _, child := range []int32{n.node.Left, n.node.Right} {
				g.nodes[child].segments = make([]segment, len(n.segments))
			}
			for from := 0; from < len(n.segments); from += segmentBlock {
				parts = append(parts, part{i, from, min(len(n.segments), from+segmentBlock)})
			}
		}
	}
	g.pool.Each(len(parts), func(p int) {
		s := partScratches.Get().(*partScratch)
		defer partScratches.Put(s)
		w := parts[p]
		n := &g.nodes[w.node]
		left, right := &g.nodes[n.node.Left], &g.nodes[n.node.Right]
		for k := w.from; k < w.to; k++ {
			at := n.segments[k]
			lefts := g.partSegment(n, at, s)
			left.segments[k] = segment{at.feature, int32(lefts), at.from}
			right.segments[k] = segment{at.feature, at.count - int32(lefts), at.from + lefts}
		}
	})
	for _, i := range chosen {
		n := &g.nodes[i]
		n.segments = nil
		for _, child := range []*growing{&g.nodes[n.node.Left], &g.nodes[n.node.Right]} {
			if child.segments = present(child.segments); !g.splittable(child) {
				child.segments = nil
			}
		}
	}
}

// partSegment moves the values of rows that go left to the front of the segment. It returns how many there are.
func (g *Grower) partSegment(n *growing, at segment, s *partScratch) int {
	rows, bins := g.segment(n, at)
	count := int(at.count)
	toRows, toBins := g.own.rows[at.from:at.from+count], g.own.bins[at.from:at.from+count]
	s.rows, s.bins = grow(s.rows[:0], count), grow(s.bins[:0], count)
	rightRows, rightBins := s.rows, s.bins
	side := g.sides.left
	l, r := 0, 0
	bins = bins[:len(rows)]
	for k, row := range rows {
		b := bins[k]
		goesLeft := int(side[row])
		toRows[l], toBins[l] = row, b
		rightRows[r], rightBins[r] = row, b
		l += goesLeft
		r += 1 - goesLeft
	}
	copy(toRows[l:], rightRows[:r])
	copy(toBins[l:], rightBins[:r])
	return l
}

// searchSegments finds the best split of each node.
func (g *Grower) searchSegments(nodes []int32) {
	type part struct {
		node  int32
		block []segment
	}
	var parts []part
	for _, i := range nodes {
		all := g.among(i)
		for from := 0; from < len(all); from += segmentBlock {
			parts = append(parts, part{i, all[from:min(len(all), from+segmentBlock)]})
		}
	}
	found := make([]split, len(parts))
	g.pool.Each(len(parts), func(p int) {
		s := partScratches.Get().(*partScratch)
		defer partScratches.Put(s)
		n := &g.nodes[parts[p].node]
		found[p] = g.searchBlockOf(n, parts[p].block, s)
	})
	for p := range found {
		if n := &g.nodes[parts[p].node]; found[p].better(&n.split) {
			n.split = found[p]
		}
	}
	for _, i := range nodes {
		if g.nodes[i].split.gain == 0 {
			g.nodes[i].segments = nil
		}
	}
}

// among returns a node's segments of the features it may be split on.
func (g *Grower) among(node int32) []segment {
	all, columns := g.nodes[node].segments, g.nodeColumns(node)
	if len(columns) == len(g.columns) {
		return all
	}
	var some []segment
	for _, s := range all {
		for len(columns) > 0 && columns[0] < s.feature {
			columns = columns[1:]
		}
		if len(columns) > 0 && columns[0] == s.feature {
			some = append(some, s)
		}
	}
	return some
}

// searchBlockOf searches the splits of one node on some features.
func (g *Grower) searchBlockOf(n *growing, block []segment, s *partScratch) split {
	f := newFinder(&g.params, g.units, n.total, n.bounds, n.to-n.from)
	total := n.total.pack()
	for _, at := range block {
		feature := &g.matrix.Cuts.Features[at.feature]
		rows, bins := g.segment(n, at)
		s.sum(rows, bins, g.gradients.packed, total, feature.Bins())
		if feature.Categories > 0 {
			f.categorical(at.feature, f.unpacked(s.spread(feature.Bins())))
			continue
		}
		f.numeric(at.feature, s.sums)
		if f.best.feature == at.feature && f.best.gain > 0 {
			f.best.bin = int32(s.of[f.best.bin])
		}
	}
	return f.end()
}

// sum adds up a segment by bin: s.sums holds the sums of bins that are not empty, whose numbers are in s.of, and last what is
// left of the node's total, the sum of missing values.
func (s *partScratch) sum(rows []uint32, bins []uint16, packed []uint64, total uint64, missing int) {
	n := min(len(rows), missing)
	s.sums, s.of = grow(s.sums[:0], n+2), grow(s.of[:0], n+2)
	sums, of := s.sums, s.of
	k, before, all := 0, bins[0], uint64(0)
	acc := uint64(0)
	bins = bins[:len(rows)]
	for i, r := range rows {
		if b := bins[i]; b != before {
			sums[k], of[k] = acc, before
			if acc != 0 {
				k++
			}
			all += acc
			acc, before = 0, b
		}
		acc += packed[r]
	}
	if int(before) < missing {
		sums[k], of[k] = acc, before
		if acc != 0 {
			k++
		}
		all += acc
	}
	sums[k] = total - all
	s.sums = sums[:k+1]
}

// spread puts the sums at their bins' places.
func (s *partScratch) spread(bins int) []uint64 {
	out := make([]uint64, bins+1)
	last := len(s.sums) - 1
	for k, v := range s.sums[:last] {
		out[s.of[k]] = v
	}
	out[bins] = s.sums[last]
	return out
}
