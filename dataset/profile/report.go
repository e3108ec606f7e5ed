package profile

import (
	"cmp"
	"math"
	"slices"

	"github.com/batchmill/batchmill/dataset"
)

// ColumnProfile describes one column. As JSON:
//
//	{"Name": "median_income", "Type": "float64", "Kind": "number", "Rows": 16512, "Nulls": 0, "Distinct": 10929,
//	 "Min": 0.4999, "Max": 15.0001, "Mean": 3.87, "StdDev": 1.9}
//	{"Name": "ocean_proximity", "Type": "utf8", "Kind": "text", "Rows": 16512, "Nulls": 0, "Distinct": 5, "DistinctExact": true,
//	 "MinText": "<1H OCEAN", "MaxText": "NEAR OCEAN", "Top": [{"Value": "<1H OCEAN", "Rows": 7270}, ...]}
//
// Members that do not apply are left out.
type ColumnProfile struct {
	Name string
	Type string            // the Arrow type
	Kind dataset.ValueKind // number, boolean, text, time, null or other
	Rows int64
	// Nulls counts missing values, NaN among them.
	Nulls int64
	// Distinct is the number of different values, missing not counted: exact up to 1,024 (then DistinctExact is true), above
	// that a HyperLogLog estimate with a standard error of 1.6 %.
	Distinct      int64
	DistinctExact bool `json:",omitempty"`
	// Min, Max, Mean and StdDev (of a sample, n-1) are there for numbers and booleans (0 and 1) with at least one value,
	// StdDev with two. Infinite values count in Infinite and in nothing else.
	Min      *float64 `json:",omitempty"`
	Max      *float64 `json:",omitempty"`
	Mean     *float64 `json:",omitempty"`
	StdDev   *float64 `json:",omitempty"`
	Infinite int64    `json:",omitempty"`
	// MinText and MaxText are there for text (by bytes, cut to 256 of them) and time (RFC 3339).
	MinText *string `json:",omitempty"`
	MaxText *string `json:",omitempty"`
	// Top lists the 10 most frequent values with exact counts, most frequent first, where Distinct is exact and a value comes
	// up twice. Values are cut to 256 bytes.
	Top []ValueCount `json:",omitempty"`
}

// ValueCount is a value and the rows it is in.
type ValueCount struct {
	Value string
	Rows  int64
}

const (
	topReported = 10
	textKept    = 256 // bytes
)

func (c *column) report() ColumnProfile {
	r := ColumnProfile{Name: c.name, Type: c.typ, Kind: c.kind, Rows: c.rows, Nulls: c.nulls, Infinite: c.infinite}
	r.Distinct, r.DistinctExact = c.distinct()
	if n := c.sum.n; n > 0 {
		mean, deviation := moments(&c.sum, &c.squares, n)
		r.Min, r.Max, r.Mean = &c.min, &c.max, finite(mean)
		if n > 1 {
			r.StdDev = finite(deviation)
		}
	}
	if c.hasText {
		r.MinText, r.MaxText = &c.minText, &c.maxText
	}
	r.Top = c.top()
	return r
}

func finite(f float64) *float64 {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return nil
	}
	return &f
}

func (c *column) top() []ValueCount {
	if len(c.sample) == 0 || c.full() {
		return nil
	}
	all := make([]ValueCount, 0, len(c.sample))
	for _, v := range c.sample {
		all = append(all, *v)
	}
	slices.SortFunc(all, func(a, b ValueCount) int {
		return cmp.Or(cmp.Compare(b.Rows, a.Rows), cmp.Compare(a.Value, b.Value))
	})
	if all[0].Rows < 2 {
		return nil
	}
	return all[:min(len(all), topReported)]
}
