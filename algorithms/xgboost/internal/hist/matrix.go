package hist

import (
	"math"

	"github.com/batchmill/batchmill/algorithms/xgboost/internal/order"
)

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
		m.wide = Spread[uint16](cells)[:0]
	} else {
		m.narrow = Spread[uint8](cells)[:0]
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
		pool.ranges(n, binRows, func(from, to int) { fillWide(m.wide[(first+from)*stride:], columns, from, to, m.searches) })
	} else {
		m.narrow = grow(m.narrow, m.rows*stride)
		pool.ranges(n, binRows, func(from, to int) { fillNarrow(m.narrow[(first+from)*stride:], columns, from, to, m.searches) })
	}
}

// Transpose keeps a second copy by column, which partition reads faster.
func (m *Matrix) Transpose(pool *Pool) {
	stride := len(m.Cuts.Features)
	if m.Cuts.wide || m.byColumn != nil {
		return
	}
	m.byColumn = Spread[uint8](len(m.narrow) + columnSlack)
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

// columnSlack is how far beyond a byte vector code may read.
const columnSlack = 3

// column returns a feature's bins.
func (m *Matrix) column(feature int) []uint8 {
	return m.byColumn[feature*m.rows : (feature+1)*m.rows]
}

func grow[T any](s []T, n int) []T {
	if n <= cap(s) {
		return s[:n]
	}
	bigger := make([]T, n, max(n, cap(s)+cap(s)/2))
	copy(bigger, s)
	return bigger
}

// A tile of bins fits the first-level cache, where columns become rows.
const (
	tileRows     = 512
	tileFeatures = 64
)

func fillNarrow(out []uint8, columns [][]float32, from, to int, searches []search) {
	stride := len(searches)
	tile := make([]uint8, tileRows*min(tileFeatures, stride))
	for ; from < to; from += tileRows {
		n := min(tileRows, to-from)
		for first := 0; first < stride; first += tileFeatures {
			group := searches[first:min(stride, first+tileFeatures)]
			for f := range group {
				group[f].bytes(tile[f*tileRows:][:n], columns[first+f][from:from+n])
			}
			for i := range n {
				row := out[i*stride+first:][:len(group)]
				for f := range row {
					row[f] = tile[f*tileRows+i]
				}
			}
		}
		out = out[n*stride:]
	}
}

func fillWide(out []uint16, columns [][]float32, from, to int, searches []search) {
	stride := len(searches)
	for f := range searches {
		s, at := &searches[f], f
		for _, x := range columns[f][from:to] {
			out[at] = uint16(s.bin(x))
			at += stride
		}
	}
}

// search finds a value's bin. Bounds are padded to a power of two, so that the steps are the same for every value and no
// branch depends on it.
type search struct {
	bounds     []float32
	keys       []uint32 // the bounds as integers of the same order
	half       int      // first step
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
	s.keys = make([]uint32, len(s.bounds))
	for i, b := range s.bounds {
		s.keys[i] = order.Key(b)
	}
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

// bytesGo writes the bins of values, which fit a byte. Four searches run at once, as each is a chain of waits.
func (s *search) bytesGo(out []uint8, values []float32) {
	out = out[:len(values)]
	for s.categories == 0 && len(values) >= 4 {
		var x, i [4]int
		for at := range x {
			x[at] = int(order.Key(values[at]))
		}
		for step := s.half; step > 0; step /= 2 {
			// The sign of the difference is all ones where the bound lies above the value.
			i[0] += step &^ ((x[0] - int(s.keys[i[0]+step-1])) >> 63)
			i[1] += step &^ ((x[1] - int(s.keys[i[1]+step-1])) >> 63)
			i[2] += step &^ ((x[2] - int(s.keys[i[2]+step-1])) >> 63)
			i[3] += step &^ ((x[3] - int(s.keys[i[3]+step-1])) >> 63)
		}
		for at, bin := range i {
			if values[at] != values[at] {
				bin = s.missing
			}
			out[at] = uint8(bin)
		}
		out, values = out[4:], values[4:]
	}
	for i, x := range values {
		out[i] = uint8(s.bin(x))
	}
}
