package hist

import "math"

// Matrix is rows of bin numbers, row after row. Bins take a byte, or two where some feature has more than 255 bins. Of sparse
// rows it holds what is stored: see NewSparseMatrix.
type Matrix struct {
	Cuts     *Cuts
	rows     int
	narrow   []uint8
	wide     []uint16
	searches []search // by feature
	// byColumn holds narrow once more, column after column, once Transpose has been called: partition reads one column.
	byColumn []uint8
	sparse   *sparse // instead of narrow and wide
}

// NewMatrix makes an empty matrix with room for rows.
func NewMatrix(cuts *Cuts, rows int) *Matrix {
	m := &Matrix{Cuts: cuts, searches: make([]search, len(cuts.Features))}
	if cells := rows * len(cuts.Features); cuts.wide {
		m.wide = make([]uint16, 0, cells)
	} else {
		m.narrow = make([]uint8, 0, cells)
	}
	for f := range m.searches {
		m.searches[f] = newSearch(&cuts.Features[f])
	}
	return m
}

// Rows is the number of rows.
func (m *Matrix) Rows() int { return m.rows }

// binRows is how many rows are binned by one piece of work.
const binRows = 4096

// Add bins n rows: columns[f] holds feature f, missing values as NaN.
func (m *Matrix) Add(columns [][]float32, n int, pool *Pool) {
	stride, first := len(m.Cuts.Features), m.rows
	m.rows += n
	if m.Cuts.wide {
		m.wide = grow(m.wide, m.rows*stride)
		pool.ranges(n, binRows, func(from, to int) { fillBins(m.wide[(first+from)*stride:], columns, from, to, m.searches) })
	} else {
		m.narrow = grow(m.narrow, m.rows*stride)
		pool.ranges(n, binRows, func(from, to int) { fillBins(m.narrow[(first+from)*stride:], columns, from, to, m.searches) })
	}
}

// Transpose keeps a second copy by column, which partition reads faster.
func (m *Matrix) Transpose(pool *Pool) {
	stride := len(m.Cuts.Features)
	if m.Cuts.wide || len(m.byColumn) == len(m.narrow) {
		return
	}
	m.byColumn = make([]uint8, len(m.narrow))
	pool.ranges(m.rows, binRows, func(from, to int) {
		for f := range stride {
			column, at := m.byColumn[f*m.rows+from:f*m.rows+to], from*stride+f
			for i := range column {
				column[i] = m.narrow[at]
				at += stride
			}
		}
	})
}

func grow[T any](s []T, n int) []T {
	if n <= cap(s) {
		return s[:n]
	}
	bigger := make([]T, n, max(n, cap(s)+cap(s)/2))
	copy(bigger, s)
	return bigger
}

func fillBins[T uint8 | uint16](out []T, columns [][]float32, from, to int, searches []search) {
	stride := len(searches)
	for f := range searches {
		s, at := &searches[f], f
		for _, x := range columns[f][from:to] {
			out[at] = T(s.bin(x))
			at += stride
		}
	}
}

// search finds a value's bin. Bounds are padded to a power of two, so that the steps are the same for every value and no
// branch depends on it.
type search struct {
	bounds     []float32
	half       int // first step
	missing    int
	categories int
}

func newSearch(f *Feature) search {
	s := search{missing: f.Bins(), categories: f.Categories, half: 1}
	for s.half <= len(f.Bounds) {
		s.half *= 2
	}
	s.bounds = make([]float32, s.half)
	for i := range s.bounds {
		s.bounds[i] = float32(math.Inf(1))
	}
	copy(s.bounds, f.Bounds)
	s.half /= 2
	return s
}

func (s *search) bin(x float32) int {
	if x != x {
		return s.missing
	}
	if s.categories > 0 {
		if x < 0 || x >= float32(s.categories) {
			return s.missing
		}
		return int(x)
	}
	i := 0
	for step := s.half; step > 0; step /= 2 {
		if s.bounds[i+step-1] <= x {
			i += step
		}
	}
	return i
}
