package dataset

import (
	"math"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
	"github.com/stretchr/testify/require"
)

// differing is a batch of three rows: a number, a text, a list of numbers, a structure; the text gives each value as JSON, "N" being NaN.
func differing(t *testing.T, x [3]float32, text [3]string, list [3]float64, member [3]int64) Batch {
	t.Helper()
	schema := NewSchema(true, NullField("x", Float32Type), NullField("text", StringType), NullField("list", arrow.ListOf(Float64Type)),
		NullField("house", arrow.StructOf(NullField("id", Int64Type))))
	b := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	defer b.Release()
	for i := range 3 {
		b.Field(0).(*array.Float32Builder).Append(x[i])
		if text[i] == "" {
			b.Field(1).AppendNull()
		} else {
			b.Field(1).(*array.StringBuilder).Append(text[i])
		}
		l := b.Field(2).(*array.ListBuilder)
		l.Append(true)
		l.ValueBuilder().(*array.Float64Builder).AppendValues([]float64{math.NaN(), list[i]}, nil)
		s := b.Field(3).(*array.StructBuilder)
		s.Append(true)
		s.FieldBuilder(0).(*array.Int64Builder).Append(member[i])
	}
	return b.NewRecord()
}

func TestFirstDifference(t *testing.T) {
	t.Parallel()
	nan := float32(math.NaN())
	x, text, list, member := [3]float32{1, nan, 3}, [3]string{"a", "", "c"}, [3]float64{1, 2, 3}, [3]int64{1, 2, 3}
	base := differing(t, x, text, list, member)
	require.Nil(t, FirstDifference(base, differing(t, x, text, list, member)))
	for name, c := range map[string]struct {
		other Batch
		want  Difference
	}{
		"a number":       {differing(t, [3]float32{1, nan, math.Nextafter32(3, 4)}, text, list, member), Difference{2, "x", "3", "3.0000002"}},
		"NaN or not":     {differing(t, [3]float32{1, 2, 3}, text, list, member), Difference{1, "x", "NaN", "2"}},
		"missing or not": {differing(t, x, [3]string{"a", "b", "c"}, list, member), Difference{1, "text", "missing", "b"}},
		"in a list":      {differing(t, x, text, [3]float64{1, 2, 4}, member), Difference{2, "list", "[NaN 3]", "[NaN 4]"}},
		"in a structure": {differing(t, x, text, list, [3]int64{7, 2, 3}), Difference{0, "house", "{id:1}", "{id:7}"}},
		"the first row":  {differing(t, [3]float32{1, nan, 4}, [3]string{"a", "", "d"}, list, [3]int64{1, 3, 3}), Difference{1, "house", "{id:2}", "{id:3}"}},
		"the columns": {
			NewBatch(NewSchema(true, NullField("y", Float32Type)), []Column{NewFloat32([]float32{1, 2, 3})}, 3),
			Difference{0, "", `a column "x" of type float32`, `a column "y" of type float32`},
		},
	} {
		require.Equal(t, &c.want, FirstDifference(base, c.other), name)
	}
}
