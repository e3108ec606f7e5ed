package hist

import (
	"slices"

	"github.com/batchmill/batchmill/algorithms/xgboost/internal/order"
)

// Entries are the stored values of sparse rows, row after row. What is not stored is missing, as XGBoost takes libsvm's rows.
type Entries struct {
	blocks []entryBlock // of entryRows rows each, but for the last
	rows   int
	width  int      // one more than the largest feature
	last   []uint32 // of each feature, the last row out of order that had it, counted from 1
}

// entryRows is how many rows stand together: blocks let entries grow without being copied.
const entryRows = binRows

type entryBlock struct {
	starts   []int // of each row, and the end
	features []int32
	values   []float32
}

// NewEntries starts without rows.
func NewEntries() *Entries { return &Entries{} }

// Rows is the number of rows.
func (e *Entries) Rows() int { return e.rows }

// Row returns what row i stores: each feature once, in any order.
func (e *Entries) Row(i int) (features []int32, values []float32) {
	b := &e.blocks[i/entryRows]
	from, to := b.starts[i%entryRows], b.starts[i%entryRows+1]
	return b.features[from:to], b.values[from:to]
}

// Width is one more than the largest feature met.
func (e *Entries) Width() int { return e.width }

// release forgets the rows, but not how many there were.
func (e *Entries) release() { e.blocks, e.last = nil, nil }

// Add appends a row. A NaN is a missing value, and of a feature given twice the last value holds.
func (e *Entries) Add(features []int32, values []float32) {
	if e.rows%entryRows == 0 {
		e.addBlock()
	}
	b := &e.blocks[len(e.blocks)-1]
	from, sorted, last, missing := len(b.features), true, int32(-1), false
	for i, f := range features {
		sorted = sorted && f > last
		missing = missing || values[i] != values[i]
		last = f
	}
	b.features, b.values = append(b.features, features...), append(b.values, values...)
	if !sorted && e.repeats(features) {
		b.keep(from + sortRow(b.features[from:], b.values[from:]))
	}
	if missing {
		b.keep(from + dropMissing(b.features[from:], b.values[from:]))
	}
	for _, f := range b.features[from:] {
		e.width = max(e.width, int(f)+1)
	}
	b.starts = append(b.starts, len(b.features))
	e.rows++
}

// repeats tells whether a feature stands twice in the row to come. Columns are made of rows in any order, so that only such rows are sorted.
func (e *Entries) repeats(features []int32) bool {
	row, twice := uint32(e.rows+1), false
	for _, f := range features {
		if int(f) >= len(e.last) {
			e.last = append(e.last, make([]uint32, int(f)+1-len(e.last))...)
		}
		twice = twice || e.last[f] == row
		e.last[f] = row
	}
	return twice
}

// addBlock begins a block, with room for as much as the last one held.
func (e *Entries) addBlock() {
	room := 0
	if n := len(e.blocks); n > 0 {
		room = len(e.blocks[n-1].features)
		room += room / 16
	}
	e.blocks = append(e.blocks, entryBlock{starts: make([]int, 1, entryRows+1), features: make([]int32, 0, room), values: make([]float32, 0, room)})
}

func (b *entryBlock) keep(n int) { b.features, b.values = b.features[:n], b.values[:n] }

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
	parts := max(1, min(pool.threads, len(e.blocks)))
	part := func(p int) []entryBlock { return e.blocks[len(e.blocks)*p/parts : len(e.blocks)*(p+1)/parts] }
	at := make([][]int, parts)
	pool.Each(parts, func(p int) {
		at[p] = make([]int, width)
		for _, b := range part(p) {
			for _, f := range b.features {
				if int(f) < width {
					at[p][f]++
				}
			}
		}
	})
	starts = make([]int, width+1)
	total := 0
	for f := range width {
		starts[f] = total
		for p := range at {
			n := at[p][f]
			at[p][f] = total
			total += n
		}
	}
	starts[width] = total
	rows, values = make([]uint32, total), make([]float32, total)
	pool.Each(parts, func(p int) {
		first := uint32(len(e.blocks) * p / parts * entryRows)
		for i, b := range part(p) {
			b.scatter(first+uint32(i*entryRows), at[p], rows, values)
		}
	})
	return starts, rows, values
}

// scatter puts the block's values where next says for their columns.
func (b *entryBlock) scatter(row uint32, next []int, rows []uint32, values []float32) {
	for r, from := range b.starts[:len(b.starts)-1] {
		for k := from; k < b.starts[r+1]; k++ {
			if f := int(b.features[k]); f < len(next) {
				rows[next[f]], values[next[f]] = row+uint32(r), b.values[k]
				next[f]++
			}
		}
	}
}

// cut makes the bounds of one column's values: those a Sketch that kept every row would make.
func (c *columnScratch) cut(rows []uint32, values []float32, weights []float32, maxBin int) []float32 {
	c.distinct, c.heft = c.distinct[:0], c.heft[:0]
	if !c.addFew(rows, values, weights) {
		c.distinct, c.heft = c.distinct[:0], c.heft[:0]
		c.addSorted(rows, values, weights)
	}
	return slices.Clone(numericCuts(c.distinct, c.heft, maxBin))
}

// fewValues is how many values are told apart without sorting a column: those of flags and small counts.
const fewValues = 8

// addFew lists the column's values and their weights, unless they are many. As in addSorted, weights are added up from the first row to the last.
func (c *columnScratch) addFew(rows []uint32, values []float32, weights []float32) bool {
	for i, v := range values {
		k := slices.Index(c.distinct, v)
		if k < 0 {
			if k = len(c.distinct); k == fewValues {
				return false
			}
			c.distinct, c.heft = append(c.distinct, v), append(c.heft, 0)
		}
		c.heft[k] += weightOf(weights, rows[i])
	}
	for i := range c.distinct {
		for k := i; k > 0 && c.distinct[k-1] > c.distinct[k]; k-- {
			c.distinct[k-1], c.distinct[k] = c.distinct[k], c.distinct[k-1]
			c.heft[k-1], c.heft[k] = c.heft[k], c.heft[k-1]
		}
	}
	return true
}

// addSorted lists the column's values and their weights.
func (c *columnScratch) addSorted(rows []uint32, values []float32, weights []float32) {
	c.keys = grow(c.keys[:0], len(values))
	for i, v := range values {
		c.keys[i] = uint64(order.Key(v))<<32 | uint64(i)
	}
	if len(c.keys) < radixFrom {
		slices.Sort(c.keys)
	} else {
		order.Sort(c.keys, nil)
	}
	for _, k := range c.keys {
		v, w := order.Value(uint32(k>>32)), weightOf(weights, rows[uint32(k)])
		if n := len(c.distinct); n > 0 && c.distinct[n-1] == v {
			c.heft[n-1] += w
		} else {
			c.distinct, c.heft = append(c.distinct, v), append(c.heft, w)
		}
	}
}

// weightOf is a row's weight.
func weightOf(weights []float32, row uint32) float64 {
	if weights == nil {
		return 1
	}
	return float64(weights[row])
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
