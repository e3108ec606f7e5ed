package journal

import (
	"math"
	"slices"
)

// Values is the distribution of a prediction column: counts in bins whose bounds follow from the numbers' own bits, so that the bins of
// any two are merged exactly, in any order. A bin is a 128th part of a power of two wide, or, where there would be too many bins,
// a multiple of that by a power of two: the finer the closer the values lie together (as UDDSketch collapses; Epicoco et al. 2020,
// https://arxiv.org/abs/2004.08604).
type Values struct {
	Name     string
	Count    int64 // of finite values
	Missing  int64 // of others
	Min, Max float64
	Sum      float64
	Whole    bool // all values are whole numbers
	Shift    int
	Keys     []int   // of bins that are not empty, ascending
	Counts   []int64 // beside them
}

// keyBits are the leading bits of a float32 that tell bins apart: the sign, 8 of the exponent, 7 of the fraction.
const keyBits = 16

// Counter counts the values of a column. Not for concurrent use.
type Counter struct {
	all    Values
	counts []int64 // by leading bits
}

// NewCounter begins a column.
func NewCounter(name string) *Counter {
	return &Counter{
		all:    Values{Name: name, Min: math.Inf(1), Max: math.Inf(-1), Whole: true},
		counts: make([]int64, 1<<keyBits),
	}
}

// Add counts values.
func (c *Counter) Add(values []float32) {
	low, high, sum, whole := c.all.Min, c.all.Max, 0.0, c.all.Whole
	for _, f := range values {
		v := float64(f)
		if v-v != 0 { // not finite
			c.all.Missing++
			continue
		}
		c.all.Count++
		c.counts[math.Float32bits(f+0)>>(32-keyBits)]++ // + 0 makes one of both zeros
		sum += v
		low, high = min(low, v), max(high, v)
		whole = whole && v == math.Trunc(v)
	}
	c.all.Min, c.all.Max, c.all.Whole = low, high, whole
	c.all.Sum += sum
}

// Values is the distribution so far, in that many bins at most.
func (c *Counter) Values(most int) Values {
	v := c.all
	const sign = 1 << (keyBits - 1)
	for i := sign - 1; i >= 0; i-- {
		v.bin(-i-1, c.counts[sign+i])
	}
	for i := range sign {
		v.bin(i, c.counts[i])
	}
	if v.Count == 0 { // JSON has no infinity
		v.Min, v.Max, v.Whole = 0, 0, false
	}
	v.reduce(most)
	return v
}

// bin adds to a bin that is the last one or behind it.
func (v *Values) bin(key int, count int64) {
	if count == 0 {
		return
	}
	if n := len(v.Keys); n > 0 && v.Keys[n-1] == key {
		v.Counts[n-1] += count
		return
	}
	v.Keys, v.Counts = append(v.Keys, key), append(v.Counts, count)
}

// widen makes bins as wide as they are at a shift.
func (v *Values) widen(shift int) {
	if shift <= v.Shift {
		return
	}
	keys, counts := v.Keys, v.Counts
	v.Keys, v.Counts = nil, nil
	for i, k := range keys {
		v.bin(k>>(shift-v.Shift), counts[i])
	}
	v.Shift = shift
}

// reduce widens bins until there are not too many.
func (v *Values) reduce(most int) {
	for len(v.Keys) > max(most, 2) {
		v.widen(v.Shift + 1)
	}
}

// merge adds another distribution of the column.
func (v *Values) merge(o Values, most int) {
	if o.Count == 0 || v.Count == 0 {
		if o.Missing += v.Missing; o.Count > 0 || v.Count == 0 {
			*v = o.clone()
		} else {
			v.Missing = o.Missing
		}
		v.reduce(most)
		return
	}
	o = o.clone()
	v.widen(o.Shift)
	o.widen(v.Shift)
	a, b := *v, o
	v.Keys, v.Counts = nil, nil
	for len(a.Keys)+len(b.Keys) > 0 {
		from := &a
		if len(a.Keys) == 0 || len(b.Keys) > 0 && b.Keys[0] < a.Keys[0] {
			from = &b
		}
		v.bin(from.Keys[0], from.Counts[0])
		from.Keys, from.Counts = from.Keys[1:], from.Counts[1:]
	}
	v.Count += o.Count
	v.Missing += o.Missing
	v.Sum += o.Sum
	v.Min, v.Max, v.Whole = min(v.Min, o.Min), max(v.Max, o.Max), v.Whole && o.Whole
	v.reduce(most)
}

func (v Values) clone() Values {
	v.Keys, v.Counts = slices.Clone(v.Keys), slices.Clone(v.Counts)
	return v
}

// Mean of the finite values.
func (v *Values) Mean() float64 { return v.Sum / float64(max(v.Count, 1)) }

// Bin is the interval [low, high) of the i-th bin, within the values' range.
func (v *Values) Bin(i int) (low, high float64) {
	clip := func(x float64) float64 { return min(max(x, v.Min), v.Max) }
	return clip(bound(v.Keys[i] << v.Shift)), clip(bound((v.Keys[i] + 1) << v.Shift))
}

// bound is the lower end of an unwidened bin.
func bound(key int) float64 {
	const infinity = 0x7f80 // the leading bits of it
	size := key
	if key < 0 {
		size = -key
	}
	f := float64(math.MaxFloat32)
	if size < infinity {
		f = float64(math.Float32frombits(uint32(size) << (32 - keyBits)))
	}
	if key < 0 {
		return -f
	}
	return f
}

// Quantile is about the value below which that share of the values lies.
func (v *Values) Quantile(share float64) float64 {
	left := share * float64(v.Count)
	for i, n := range v.Counts {
		if left <= float64(n) {
			low, high := v.Bin(i)
			return low + (high-low)*left/float64(n)
		}
		left -= float64(n)
	}
	return v.Max
}
