package profile

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/batchmill/batchmill/dataset"
)

// sampleSize is the number of different values whose rows are counted exactly: those of the smallest hashes. A value among
// them is among them in every part of the table too, so its count is exact in any merge.
const sampleSize = 1024

// column is the state of one column.
type column struct {
	name, typ string
	kind      dataset.ValueKind

	rows, nulls int64

	sample  map[uint64]*ValueCount // by hash
	largest uint64                 // the largest hash in a full sample; larger ones are not taken
	dropped bool                   // a value was left out of the sample
	counter counter                // of all different values

	sum, squares     exactSum
	min, max         float64
	infinite         int64
	hasText          bool
	minText, maxText string
}

func newColumn(name, typ string, kind dataset.ValueKind) *column {
	return &column{name: name, typ: typ, kind: kind, sample: map[uint64]*ValueCount{}, min: math.Inf(1), max: math.Inf(-1), largest: math.MaxUint64}
}

// full tells whether the sample lacks a value of the column.
func (c *column) full() bool { return c.dropped }

// count files the values by hash. text yields a value's text.
func (c *column) count(hashes []uint64, text func(int) (string, bool)) {
	c.rows += int64(len(hashes))
	for i, h := range hashes {
		if h == dataset.NullHash {
			c.nulls++
			continue
		}
		if h > c.largest {
			c.dropped = true
			c.counter.add(h)
			continue
		}
		if v, ok := c.sample[h]; ok {
			v.Rows++
			continue
		}
		c.counter.add(h)
		s, _ := text(i)
		if s == "-0" { // hashes as 0; which of them came first must not show
			s = "0"
		}
		c.sample[h] = &ValueCount{clip(s), 1}
		c.shrink(2 * sampleSize)
	}
	c.shrink(sampleSize)
}

// shrink cuts a sample of more than limit values down to the sampleSize smallest hashes. The loose limit in mid-batch
// makes that rare.
func (c *column) shrink(limit int) {
	if len(c.sample) <= limit {
		return
	}
	hashes := slices.Sorted(maps.Keys(c.sample))
	for _, h := range hashes[sampleSize:] {
		delete(c.sample, h)
	}
	c.largest, c.dropped = hashes[sampleSize-1], true
}

func (c *column) distinct() (n int64, exact bool) {
	if !c.full() {
		return int64(len(c.sample)), true
	}
	return max(c.counter.estimate(), sampleSize+1), false
}

// measure takes numbers in; NaN is missing.
func (c *column) measure(numbers []float64) {
	for _, f := range numbers {
		switch {
		case f != f:
		case math.IsInf(f, 0):
			c.infinite++
		default:
			c.min, c.max = min(c.min, f+0), max(c.max, f+0)
			c.sum.add(f)
			c.squares.addSquare(f)
		}
	}
}

// span takes texts in.
func (c *column) span(text func(int) (string, bool), n int) {
	for i := range n {
		if s, ok := text(i); ok {
			c.extend(s, s)
		}
	}
}

func (c *column) extend(low, high string) {
	if !c.hasText || low < c.minText {
		c.minText = clip(low)
	}
	if !c.hasText || high > c.maxText {
		c.maxText = clip(high)
	}
	c.hasText = true
}

func (c *column) merge(o *column) {
	c.rows += o.rows
	c.nulls += o.nulls
	c.infinite += o.infinite
	c.min, c.max = min(c.min, o.min), max(c.max, o.max)
	c.sum.merge(&o.sum)
	c.squares.merge(&o.squares)
	if o.hasText {
		c.extend(o.minText, o.maxText)
	}
	c.counter.merge(&o.counter)
	c.dropped = c.dropped || o.dropped
	c.largest = min(c.largest, o.largest)
	for h, v := range o.sample {
		if have, ok := c.sample[h]; ok {
			have.Rows += v.Rows
		} else {
			c.sample[h] = &ValueCount{v.Value, v.Rows}
		}
	}
	maps.DeleteFunc(c.sample, func(h uint64, _ *ValueCount) bool { return h > c.largest })
	c.shrink(sampleSize)
}

// clip copies at most textKept bytes of a text, up to a character's bound. A copy, so as not to hold on to a whole batch.
func clip(s string) string {
	if len(s) <= textKept {
		return strings.Clone(s)
	}
	s = s[:textKept]
	for i := 1; i < utf8.UTFMax && i < len(s); i++ {
		if r, size := utf8.DecodeLastRuneInString(s); r != utf8.RuneError || size != 1 {
			break
		}
		s = s[:len(s)-1]
	}
	return strings.Clone(s)
}

// columnState is a column's encoded form.
type columnState struct {
	Name, Type       string
	Kind             dataset.ValueKind
	Rows, Nulls      int64
	Infinite         int64        `json:",omitempty"`
	Hashes           []uint64     `json:",omitempty"` // of Values
	Values           []ValueCount `json:",omitempty"` // in the order of their hashes
	Dropped          bool         `json:",omitempty"`
	Registers        []byte       `json:",omitempty"`
	Count            int64        `json:",omitempty"` // of numbers
	Sum, Squares     []byte       `json:",omitempty"`
	Min, Max         *float64     `json:",omitempty"`
	MinText, MaxText *string      `json:",omitempty"`
}

func (c *column) state() columnState {
	s := columnState{Name: c.name, Type: c.typ, Kind: c.kind, Rows: c.rows, Nulls: c.nulls, Infinite: c.infinite,
		Dropped: c.dropped, Registers: c.counter.registers, Count: c.sum.n, Sum: c.sum.bytes(), Squares: c.squares.bytes()}
	for _, h := range slices.Sorted(maps.Keys(c.sample)) {
		s.Hashes = append(s.Hashes, h)
		s.Values = append(s.Values, *c.sample[h])
	}
	if c.sum.n > 0 {
		s.Min, s.Max = &c.min, &c.max
	}
	if c.hasText {
		s.MinText, s.MaxText = &c.minText, &c.maxText
	}
	return s
}

func (s *columnState) column() (*column, error) {
	c := newColumn(s.Name, s.Type, s.Kind)
	c.rows, c.nulls, c.infinite, c.dropped = s.Rows, s.Nulls, s.Infinite, s.Dropped
	bad := len(s.Hashes) != len(s.Values) || len(s.Hashes) > sampleSize || (len(s.Registers) != 0 && len(s.Registers) != registers)
	for i := 0; i < len(s.Hashes) && !bad; i++ {
		c.sample[s.Hashes[i]] = &s.Values[i]
	}
	if s.Dropped && !bad && len(s.Hashes) > 0 {
		c.largest = slices.Max(s.Hashes)
	}
	c.counter.registers = s.Registers
	if bad || !c.sum.read(s.Sum, s.Count) || !c.squares.read(s.Squares, s.Count) {
		return nil, fmt.Errorf("profile: column %q: the state is damaged", s.Name)
	}
	if s.Min != nil && s.Max != nil {
		c.min, c.max = *s.Min, *s.Max
	}
	if s.MinText != nil && s.MaxText != nil {
		c.hasText, c.minText, c.maxText = true, *s.MinText, *s.MaxText
	}
	return c, nil
}
