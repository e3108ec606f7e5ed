package dataset

import (
	"fmt"
	"strings"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
)

// Difference is the first value in which two batches differ.
type Difference struct {
	Row    int    // of the batches, from 0
	Column string // its name
	A, B   string // the values in words, cut to some hundred characters
}

// FirstDifference compares two batches of as many rows, by place of the columns: the first row that differs, and in it the first column. A
// missing value and NaN are equal to their like. Nil if the batches are equal.
func FirstDifference(a, b Batch) *Difference {
	if d := columnsDiffer(a.Schema(), b.Schema()); d != nil {
		return d
	}
	var first *Difference
	for c := range int(a.NumCols()) {
		x, y := a.Column(c), b.Column(c)
		if array.Equal(x, y) {
			continue
		}
		for row := 0; row < x.Len() && (first == nil || row < first.Row); row++ {
			if u, v := valueWords(x, row), valueWords(y, row); u != v {
				first = &Difference{row, a.Schema().Field(c).Name, cutRaw([]byte(u)), cutRaw([]byte(v))}
			}
		}
	}
	return first
}

// columnsDiffer is a difference of columns, not of a value.
func columnsDiffer(a, b *Schema) *Difference {
	for i := range max(a.NumFields(), b.NumFields()) {
		var words [2]string
		for k, s := range []*Schema{a, b} {
			words[k] = "no column"
			if i < s.NumFields() {
				words[k] = fmt.Sprintf("a column %q of type %s", s.Field(i).Name, s.Field(i).Type)
			}
		}
		if words[0] != words[1] {
			return &Difference{0, "", words[0], words[1]}
		}
	}
	return nil
}

// valueWords is a value in words; a text is what it says.
func valueWords(col Column, row int) string {
	if col.IsNull(row) {
		return "missing"
	}
	switch c := col.(type) {
	case *array.Binary:
		return string(c.Value(row))
	case array.ListLike: // ValueStr would write JSON, which has no NaN
		from, to := c.ValueOffsets(row)
		words := make([]string, to-from)
		for i := range words {
			words[i] = valueWords(c.ListValues(), int(from)+i)
		}
		return "[" + strings.Join(words, " ") + "]"
	case *array.Struct:
		words := make([]string, c.NumField())
		for i := range words {
			words[i] = c.DataType().(*arrow.StructType).Field(i).Name + ":" + valueWords(c.Field(i), row)
		}
		return "{" + strings.Join(words, " ") + "}"
	}
	return col.ValueStr(row)
}
