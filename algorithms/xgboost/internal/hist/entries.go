package hist

import (
	"slices"

	"github.com/batchmill/batchmill/algorithms/xgboost/internal/order"
)

// Entries are the stored values of sparse rows, row after row. What is not stored is missing, as XGBoost takes libsvm's rows.
type Entries struct {
	starts   []int // of each row, and the end
	features []int32
	values   []float32
	width    int // one more than the largest feature
}

// NewEntries starts without rows.
func NewEntries() *Entries { return &Entries{starts: []int{0}} }

// Rows is the number of rows.
func (e *Entries) Rows() int { return len(e.starts) - 1 }

// Row returns what row i stores, features ascending.
func (e *Entries) Row(i int) (features []int32, values []float32) {
	from, to := e.starts[i], e.starts[i+1]
	return e.features[from:to], e.values[from:to]
}

// Width is one more than the largest feature met.
func (e *Entries) Width() int { return e.width }

// Add appends a row. A NaN is a missing value, and of a feature given twice the last value holds.
func (e *Entries) Add(features []int32, values []float32) {
	from, sorted, last, missing := len(e.features), true, int32(-1), false
	for i, f := range features {
		sorted = sorted && f > last
		missing = missing || values[i] != values[i]
		last = f
	}
	e.features, e.values = append(e.features, features...), append(e.values, values...)
	if !sorted {
		e.keep(from + sortRow(e.features[from:], e.values[from:]))
	}
	if missing {
		e.keep(from + dropMissing(e.features[from:], e.values[from:]))
	}
	if n := len(e.features); n > from {
		e.width = max(e.width, int(e.features[n-1])+1)
	}
	e.starts = append(e.starts, len(e.features))
}

func (e *Entries) keep(n int) { e.features, e.values = e.features[:n], e.values[:n] }

// dropMissing takes NaN out of a row and returns how many values are left.
func dropMissing(features []int32, values []float32) int {
	n := 0
	for i, v := range values {
		if v == v {
			features[n], values[n] = features[i], v
			n++
		}
	}
	return n
}

// sortRow orders a row by feature and keeps the last value of each. It returns how many are left.
func sortRow(features []int32, values []float32) int {
	keys := make([]uint64, len(features))
	for i, f := range features {
		keys[i] = uint64(f)<<32 | uint64(i)
	}
	slices.Sort(keys)
	sorted := make([]float32, len(values))
	for i, k := range keys {
		sorted[i] = values[uint32(k)]
	}
	n := 0
	for i, k := range keys {
		if i+1 < len(keys) && keys[i+1]>>32 == k>>32 {
			continue
		}
		features[n], values[n] = int32(k>>32), sorted[i]
		n++
	}
	return n
}

// byColumn turns the entries into columns: where each starts in rows and values, rows ascending within a column. Features
// from width on are left out.
func (e *Entries) byColumn(width int, pool *Pool) (starts []int, rows []uint32, values []float32) {
	blocks := max(1, min(pool.threads, e.Rows()/binRows))
	at := make([][]int, blocks)
	pool.Each(blocks, func(b int) {
		at[b] = make([]int, width)
		for _, f := range e.features[e.starts[e.Rows()*b/blocks]:e.starts[e.Rows()*(b+1)/blocks]] {
			if int(f) < width {
				at[b][f]++
			}
		}
	})
	starts = make([]int, width+1)
	total := 0
	for f := range width {
		starts[f] = total
		for b := range at {
			n := at[b][f]
			at[b][f] = total
			total += n
		}
	}
	starts[width] = total
	rows, values = make([]uint32, total), make([]float32, total)
	pool.Each(blocks, func(b int) {
		next := at[b]
		for r := e.Rows() * b / blocks; r < e.Rows()*(b+1)/blocks; r++ {
			for k := e.starts[r]; k < e.starts[r+1]; k++ {
				if f := int(e.features[k]); f < width {
					rows[next[f]], values[next[f]] = uint32(r), e.values[k]
					next[f]++
				}
			}
		}
	})
	return starts, rows, values
}

// cut makes the bounds of one column's values: those a Sketch that kept every row would make.
func (c *columnScratch) cut(rows []uint32, values []float32, weights []float32, maxBin int) []float32 {
	c.keys = grow(c.keys[:0], len(values))
	for i, v := range values {
		c.keys[i] = uint64(order.Key(v))<<32 | uint64(i)
	}
	if len(c.keys) < radixFrom {
		slices.Sort(c.keys)
	} else {
		order.Sort(c.keys)
	}
	c.distinct, c.heft = c.distinct[:0], c.heft[:0]
	for _, k := range c.keys {
		v, w := order.Value(uint32(k>>32)), 1.0
		if weights != nil {
			w = float64(weights[rows[uint32(k)]])
		}
		if n := len(c.distinct); n > 0 && c.distinct[n-1] == v {
			c.heft[n-1] += w
		} else {
			c.distinct, c.heft = append(c.distinct, v), append(c.heft, w)
		}
	}
	return slices.Clone(numericCuts(c.distinct, c.heft, maxBin))
}

// radixFrom is from how many keys on a radix sort is faster than a comparing one.
const radixFrom = 1 << 10

// effectiveBins bounds bins the way a Sketch does.
func effectiveBins(maxBin int) int {
	maxBin = min(max(maxBin, 2), MaxBins)
	if maxBin == bytesBins+1 {
		return bytesBins // leaves room for the bin of missing values in a byte
	}
	return maxBin
}
