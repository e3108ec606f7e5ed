package hist

import (
	"math"
	"slices"
)

// sparse is a matrix's stored values by column: of each the row and the bin, in the order of bins and within a bin of rows.
// What is not stored is missing. Memory is in proportion to what is stored.
type sparse struct {
	starts []int // of each feature in rows and bins, and the end
	rows   []uint32
	bins   []uint16
	// columnar is set where trees are grown on parted columns, not on histograms of all bins.
	columnar bool
	byRow    *sparseRows // nil until needed
}

// column returns a feature's stored values.
func (s *sparse) column(f int32) (rows []uint32, bins []uint16) {
	return s.rows[s.starts[f]:s.starts[f+1]], s.bins[s.starts[f]:s.starts[f+1]]
}

// NewSparseMatrix cuts the features of sparse rows into at most maxBin bins each and bins the rows. width is the number of
// features; categories[f] is the number of codes of a categorical feature, 0 of a numeric one; weights may be nil.
// The entries are given up to it.
func NewSparseMatrix(entries *Entries, categories []int, maxBin int, weights []float32, pool *Pool) *Matrix {
	width := len(categories)
	starts, rows, values := entries.byColumn(width, pool)
	entries.release()
	features := make([]Feature, width)
	maxBin = effectiveBins(maxBin)
	pool.ranges(width, searchBlock, func(from, to int) {
		var scratch columnScratch
		for f := from; f < to; f++ {
			if features[f].Categories = categories[f]; categories[f] > 0 {
				continue
			}
			features[f].Bounds = scratch.cut(rows[starts[f]:starts[f+1]], values[starts[f]:starts[f+1]], weights, maxBin)
		}
	})
	return binSparse(NewCuts(features), entries.Rows(), starts, rows, values, pool)
}

// NewSparseMatrixOf bins sparse rows by the cuts of another matrix. The entries are given up to it.
func NewSparseMatrixOf(cuts *Cuts, entries *Entries, pool *Pool) *Matrix {
	starts, rows, values := entries.byColumn(len(cuts.Features), pool)
	entries.release()
	return binSparse(cuts, entries.Rows(), starts, rows, values, pool)
}

func binSparse(cuts *Cuts, n int, starts []int, rows []uint32, values []float32, pool *Pool) *Matrix {
	s := &sparse{starts: starts, rows: rows, bins: make([]uint16, len(rows)), columnar: cuts.offsets[len(cuts.Features)] > cacheBins}
	pool.ranges(len(cuts.Features), searchBlock, func(from, to int) {
		var scratch columnScratch
		for f := from; f < to; f++ {
			search := newSearch(&cuts.Features[f])
			column, bins := s.column(int32(f))
			scratch.sort(column, bins, values[starts[f]:starts[f+1]], &search)
		}
	})
	return &Matrix{Cuts: cuts, rows: n, sparse: s}
}

// columnScratch is memory to cut and sort a column in.
type columnScratch struct {
	keys     []uint64
	distinct []float32
	heft     []float64

	rows []uint32
	bins []uint16
	ends []int
}

// sort bins a column's values and puts its rows in the order of bins, those of one bin as they come.
func (c *columnScratch) sort(rows []uint32, bins []uint16, values []float32, by *search) {
	c.rows, c.bins = append(c.rows[:0], rows...), grow(c.bins[:0], len(rows))
	c.ends = grow(c.ends[:0], by.missing+2)
	clear(c.ends)
	for i, v := range values {
		b := by.bin(v)
		c.bins[i] = uint16(b)
		c.ends[b+1]++
	}
	for b := range by.missing + 1 {
		c.ends[b+1] += c.ends[b]
	}
	for i, b := range c.bins {
		at := c.ends[b]
		c.ends[b]++
		rows[at], bins[at] = c.rows[i], b
	}
}

// sparseRows is the same matrix row after row: of each stored value, its bin's place in a histogram.
type sparseRows struct {
	starts []int    // of each row, and the end
	narrow []uint16 // where places fit; else wide
	wide   []uint32
}

// transposeSparse makes the rows.
func (m *Matrix) transposeSparse(pool *Pool) *sparseRows {
	s := m.sparse
	out := &sparseRows{starts: make([]int, m.rows+1)}
	for _, r := range s.rows {
		out.starts[r+1]++
	}
	for r := range m.rows {
		out.starts[r+1] += out.starts[r]
	}
	if m.Cuts.offsets[len(m.Cuts.Features)] <= math.MaxUint16 {
		out.narrow = make([]uint16, len(s.rows))
		scatterRows(out.narrow, m, out.starts, pool)
	} else {
		out.wide = make([]uint32, len(s.rows))
		scatterRows(out.wide, m, out.starts, pool)
	}
	return out
}

// scatterRows writes the places of each row, features ascending. Each core writes a range of rows, and looks at all of them for it.
func scatterRows[T uint16 | uint32](places []T, m *Matrix, starts []int, pool *Pool) {
	pool.Each(pool.threads, func(p int) {
		from, to := m.rows*p/pool.threads, m.rows*(p+1)/pool.threads
		next := slices.Clone(starts[from:to])
		for f, first := range m.Cuts.offsets[:len(m.Cuts.Features)] {
			rows, bins := m.sparse.column(int32(f))
			for i, r := range rows {
				if at := int(r) - from; uint(at) < uint(len(next)) {
					places[next[at]] = T(first) + T(bins[i])
					next[at]++
				}
			}
		}
	})
}

// accumulateSparse adds rows to a histogram. Bins of missing values stay empty: search fills them in.
func accumulateSparse(h histogram, m *sparseRows, rows []uint32, packed []uint64) {
	if m.narrow != nil {
		accumulatePlaces(h, m.narrow, m.starts, rows, packed)
	} else {
		accumulatePlaces(h, m.wide, m.starts, rows, packed)
	}
}

func accumulatePlaces[T uint16 | uint32](h histogram, places []T, starts []int, rows []uint32, packed []uint64) {
	for _, r := range rows {
		v := packed[r]
		for _, b := range places[starts[r]:starts[r+1]] {
			h[b] += v
		}
	}
}

// fillMissing sets the last of a feature's bins to what the others leave of the node's sum.
func fillMissing(bins []uint64, total sum) {
	last := len(bins) - 1
	rest := total.pack()
	for _, b := range bins[:last] {
		rest -= b
	}
	bins[last] = rest
}
