package dataset

import (
	"math"
	"testing"
	"time"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/decimal128"
	"github.com/apache/arrow/go/v15/arrow/memory"
	"github.com/stretchr/testify/require"
)

// columnOf builds a column of any type with one value and one null.
func columnOf(t *testing.T, typ DataType, text string) Column {
	t.Helper()
	b := array.NewBuilder(memory.DefaultAllocator, typ)
	require.NoError(t, b.AppendValueFromString(text))
	b.AppendNull()
	return b.NewArray()
}

func TestHashIsTheSameForEqualValuesOfAllTypes(t *testing.T) {
	t.Parallel()
	decimal := array.NewDecimal128Builder(memory.DefaultAllocator, &arrow.Decimal128Type{Precision: 10, Scale: 2})
	decimal.Append(decimal128.FromI64(300))
	decimal.AppendNull()
	number := HashValues(columnOf(t, arrow.PrimitiveTypes.Int64, "3"), nil)
	require.Equal(t, number, HashValues(decimal.NewArray(), nil))
	require.NotEqual(t, NullHash, number[0])
	require.Equal(t, NullHash, number[1])
	for _, typ := range []DataType{
		arrow.PrimitiveTypes.Int8, arrow.PrimitiveTypes.Int16, arrow.PrimitiveTypes.Int32, arrow.PrimitiveTypes.Uint8, arrow.PrimitiveTypes.Uint16,
		arrow.PrimitiveTypes.Uint32, arrow.PrimitiveTypes.Uint64, arrow.PrimitiveTypes.Float32, arrow.PrimitiveTypes.Float64, arrow.FixedWidthTypes.Float16,
	} {
		require.Equal(t, number, HashValues(columnOf(t, typ, "3"), nil), typ)
	}
	text := HashValues(columnOf(t, arrow.BinaryTypes.String, "3"), nil)
	require.NotEqual(t, number[0], text[0])
	require.Equal(t, text, HashValues(columnOf(t, arrow.BinaryTypes.LargeString, "3"), nil))
	require.Equal(t, text, HashValues(columnOf(t, &arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int16, ValueType: arrow.BinaryTypes.String}, "3"), nil))

	date := HashValues(columnOf(t, arrow.FixedWidthTypes.Date32, "1969-05-01"), nil)
	for _, typ := range []DataType{arrow.FixedWidthTypes.Date64, arrow.FixedWidthTypes.Timestamp_s, arrow.FixedWidthTypes.Timestamp_ms, arrow.FixedWidthTypes.Timestamp_us, arrow.FixedWidthTypes.Timestamp_ns} {
		require.Equal(t, date, HashValues(columnOf(t, typ, "1969-05-01"), nil), typ)
	}
}

func TestHashOfSpecialNumbers(t *testing.T) {
	t.Parallel()
	h := HashValues(NewFloat64([]float64{0, math.Copysign(0, -1), math.NaN(), math.Inf(1), 1 << 63, 0.1, float64(float32(0.1))}), nil)
	require.Equal(t, h[0], h[1])
	require.Equal(t, NullHash, h[2])
	require.NotEqual(t, h[3], h[4])
	require.NotEqual(t, h[5], h[6])
	require.Equal(t, h[4], HashValues(columnOf(t, arrow.PrimitiveTypes.Uint64, "9223372036854775808"), nil)[0])
}

func TestRowHashKnowsNamesAndNotOrder(t *testing.T) {
	t.Parallel()
	a, b := NullField("a", Int64Type), NullField("b", StringType)
	x, y := NewInt64([]int64{1, 2}), NewStrings([]string{"u", "v"})
	hash := func(fields []Field, cols []Column) []uint64 {
		s := NewSchema(true, fields...)
		return RowHasher(s)(NewBatch(s, cols, 2), nil)
	}
	want := hash([]Field{a, b}, []Column{x, y})
	require.NotEqual(t, want[0], want[1])
	require.Equal(t, want, hash([]Field{b, a}, []Column{y, x}))
	require.Equal(t, want, hash([]Field{a, b, NullField("c", Float64Type)}, []Column{x, y, NewFloat64([]float64{math.NaN(), math.NaN()})}))
	require.NotEqual(t, want, hash([]Field{NullField("A", Int64Type), b}, []Column{x, y}))
}

func TestOrderKeys(t *testing.T) {
	t.Parallel()
	texts := []string{"0001-01-01", "1969-12-31T23:59:59.5Z", "1970-01-01", "2024-05-01T00:00:00+02:00", "2024-04-30 23:00", "2024-05-01", "2024-05-01 00:00:00.000001", "9999-12-31"}
	for name, col := range map[string]Column{
		"text":    NewStrings(texts),
		"float64": NewFloat64([]float64{math.Inf(-1), -1e9, -1, -1e-300, 0, 1e-300, 2, math.Inf(1)}),
		"float32": NewFloat32([]float32{-3, -2, -1, 0, 1, 2, 3, 4}),
		"int64":   NewInt64([]int64{math.MinInt64, -2, -1, 0, 1, 2, 3, math.MaxInt64}),
	} {
		keys, err := OrderKeys(col, "when", nil)
		require.NoError(t, err)
		require.IsIncreasing(t, keys, name)
		require.Less(t, keys[7], LastOrderKey)
	}
	keys, err := OrderKeys(columnOf(t, arrow.FixedWidthTypes.Timestamp_us, "2024-05-01"), "when", nil)
	require.NoError(t, err)
	require.Equal(t, LastOrderKey, keys[1])
	require.Equal(t, uint64(time.Date(2024, 5, 1, 0, 0, 0, 0, time.UTC).UnixMicro())^1<<63, keys[0])
}

func TestOrderKeysSayWhatIsWrong(t *testing.T) {
	t.Parallel()
	_, err := OrderKeys(NewStrings([]string{"2024-05-01", "yesterday"}), "when", nil)
	var record *RecordError
	require.ErrorAs(t, err, &record)
	require.EqualValues(t, 2, record.Row)
	require.Contains(t, err.Error(), `"yesterday" is no date or time`)
	_, err = OrderKeys(NewBools([]bool{true}), "when", nil)
	var schema *SchemaError
	require.ErrorAs(t, err, &schema)
	require.Equal(t, "when", schema.Column)
}
