package dataset

import (
	"math"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
	"github.com/stretchr/testify/require"
)

func TestFloats(t *testing.T) {
	t.Parallel()
	mem := memory.DefaultAllocator
	i8 := array.NewInt8Builder(mem)
	i8.AppendValues([]int8{-1, 0, 5}, []bool{true, false, true})
	ts := array.NewTimestampBuilder(mem, &arrow.TimestampType{Unit: arrow.Millisecond})
	ts.AppendValues([]arrow.Timestamp{1500, 0, -500}, []bool{true, false, true})
	nan := float32(math.NaN())
	for _, c := range []struct {
		col  Column
		want []float32
	}{
		{i8.NewArray(), []float32{-1, nan, 5}},
		{ts.NewArray(), []float32{1.5, nan, -0.5}},
		{NewFloat32([]float32{1, nan, 3}), []float32{1, nan, 3}},
		{NewFloat64([]float64{0.1, 2, 3}), []float32{0.1, 2, 3}},
		{NewInt64([]int64{1, 2, 3}), []float32{1, 2, 3}},
		{NewBools([]bool{true, false, true}), []float32{1, 0, 1}},
		{nullColumn(Float64Type, 3), []float32{nan, nan, nan}},
		{nullColumn(arrow.Null, 3), []float32{nan, nan, nan}},
	} {
		for from := 0; from <= 2; from++ { // slices have an offset
			col := array.NewSlice(c.col, int64(from), 3)
			got := make([]float32, 3-from)
			require.NoError(t, Floats(col, got))
			for i, g := range got {
				w := c.want[from+i]
				require.True(t, g == w || g != g && w != w, "%s from %d: %v", c.col.DataType(), from, got)
			}
		}
	}
	var se *SchemaError
	require.ErrorAs(t, Floats(NewStrings([]string{"x"}), make([]float32, 1)), &se)
}

func TestStrings(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		col  Column
		want string
	}{
		{NewStrings([]string{"a", "b"}), "b"},
		{NewBools([]bool{true, false}), "false"},
		{NewInt64([]int64{1, -2}), "-2"},
		{NewFloat32([]float32{0, 0.1}), "0.1"},
	} {
		at, err := Strings(array.NewSlice(c.col, 1, 2))
		require.NoError(t, err)
		s, ok := at(0)
		require.True(t, ok)
		require.Equal(t, c.want, s)
	}
	_, err := Strings(NewFloat32List([]float32{1, 2}, 2))
	require.Error(t, err)
}

func TestVectors(t *testing.T) {
	t.Parallel()
	col := NewFloat32List([]float32{1, 2, 3, 4, 5, 6}, 2)
	v, width, ok := Vectors(array.NewSlice(col, 1, 3))
	require.True(t, ok)
	require.Equal(t, 2, width)
	require.Equal(t, []float32{3, 4, 5, 6}, v)
	_, _, ok = Vectors(NewFloat32([]float32{1}))
	require.False(t, ok)
}

// Rows taken back leave no trace in a column.
func TestColumnBuffersTruncate(t *testing.T) {
	t.Parallel()
	var num fixedColumn[int64]
	var text textColumn
	var flag boolColumn
	for i := 0; i < 40; i++ {
		num.append(int64(i), i%3 != 0)
		text.append([]byte{'a' + byte(i%26)}, i%5 != 0)
		flag.append(i%2 == 0, i%7 != 0)
		if i%4 == 3 { // add a row and take it back
			n := i + 1
			num.append(-1, i%8 == 3)
			text.append([]byte("gone"), i%8 == 3)
			flag.append(true, i%8 == 3)
			num.truncate(n)
			text.truncate(n)
			flag.truncate(n)
		}
	}
	a, b, c := num.build(Int64Type).(*array.Int64), text.build(StringType).(*array.String), flag.build(BoolType).(*array.Boolean)
	require.Equal(t, []int{40, 40, 40}, []int{a.Len(), b.Len(), c.Len()})
	require.Equal(t, []int{14, 8, 6}, []int{a.NullN(), b.NullN(), c.NullN()})
	for i := 0; i < 40; i++ {
		require.Equal(t, i%3 != 0, a.IsValid(i))
		require.Equal(t, i%5 != 0, b.IsValid(i))
		require.Equal(t, i%7 != 0, c.IsValid(i))
		require.EqualValues(t, i, a.Value(i))
		require.Equal(t, i%2 == 0, c.Value(i))
		if b.IsValid(i) {
			require.Equal(t, string([]byte{'a' + byte(i%26)}), b.Value(i))
		}
	}
}
