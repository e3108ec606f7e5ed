package dataset

import (
	"fmt"
	"math"
	"strconv"
	"time"
	"unsafe"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
)

// Numeric says whether Floats can read a column of this type.
func Numeric(t DataType) bool {
	switch t.ID() {
	case arrow.DICTIONARY:
		return Numeric(t.(*arrow.DictionaryType).ValueType)
	case arrow.INT8, arrow.INT16, arrow.INT32, arrow.INT64, arrow.UINT8, arrow.UINT16, arrow.UINT32, arrow.UINT64,
		arrow.FLOAT16, arrow.FLOAT32, arrow.FLOAT64, arrow.BOOL, arrow.DECIMAL128, arrow.DECIMAL256,
		arrow.TIMESTAMP, arrow.DATE32, arrow.DATE64, arrow.NULL:
		return true
	}
	return false
}

// Text says whether a column of this type holds text.
func Text(t DataType) bool {
	switch t.ID() {
	case arrow.STRING, arrow.LARGE_STRING:
		return true
	case arrow.DICTIONARY:
		return Text(t.(*arrow.DictionaryType).ValueType)
	}
	return false
}

// Floats writes a column's values to dst, which must hold col.Len() values; a missing value becomes NaN. It takes every
// number type, decimals, booleans (0 and 1), timestamps (seconds since 1970) and dates (days since 1970). Any other type is a
// *SchemaError.
func Floats(col Column, dst []float32) error { return numbers(col, dst) }

// Float32Values is the memory of a column of float32 values, none of which is missing; ok is false for other columns. It must not be
// written to, and is the column's: see Column.Retain.
func Float32Values(col Column) (values []float32, ok bool) {
	c, ok := col.(*array.Float32)
	if !ok || c.NullN() > 0 {
		return nil, false
	}
	return c.Float32Values(), true
}

// Float64s is Floats in double precision.
func Float64s(col Column, dst []float64) error { return numbers(col, dst) }

func numbers[D float32 | float64](col Column, dst []D) error {
	switch c := col.(type) {
	case *array.Float32:
		convert(dst, c.Float32Values())
	case *array.Float64:
		convert(dst, c.Float64Values())
	case *array.Int64:
		convert(dst, c.Int64Values())
	case *array.Int32:
		convert(dst, c.Int32Values())
	case *array.Int16:
		convert(dst, c.Int16Values())
	case *array.Int8:
		convert(dst, c.Int8Values())
	case *array.Uint64:
		convert(dst, c.Uint64Values())
	case *array.Uint32:
		convert(dst, c.Uint32Values())
	case *array.Uint16:
		convert(dst, c.Uint16Values())
	case *array.Uint8:
		convert(dst, c.Uint8Values())
	case *array.Date32:
		convert(dst, c.Date32Values())
	case *array.Date64:
		for i, v := range c.Date64Values() {
			dst[i] = D(float64(v) / 86400e3)
		}
	case *array.Timestamp:
		unit := float64(c.DataType().(*arrow.TimestampType).Unit.Multiplier()) / float64(time.Second)
		for i, v := range c.TimestampValues() {
			dst[i] = D(float64(v) * unit)
		}
	default:
		at, err := numberAt(col)
		if err != nil {
			return err
		}
		for i := range dst[:col.Len()] {
			dst[i] = D(at(i))
		}
	}
	if col.NullN() > 0 {
		for i := range dst[:col.Len()] {
			if col.IsNull(i) {
				dst[i] = D(math.NaN())
			}
		}
	}
	return nil
}

func convert[D float32 | float64, S ~int8 | ~int16 | ~int32 | ~int64 | ~uint8 | ~uint16 | ~uint32 | ~uint64 | ~float32 | ~float64](dst []D, src []S) {
	dst = dst[:len(src)]
	for i, v := range src {
		dst[i] = D(v)
	}
}

// numberAt reads the less common number types one value at a time.
func numberAt(col Column) (func(i int) float64, error) {
	switch c := col.(type) {
	case *array.Null:
		return func(int) float64 { return math.NaN() }, nil
	case *array.Boolean:
		return func(i int) float64 {
			if c.Value(i) {
				return 1
			}
			return 0
		}, nil
	case *array.Float16:
		return func(i int) float64 { return float64(c.Value(i).Float32()) }, nil
	case *array.Decimal128:
		scale := c.DataType().(*arrow.Decimal128Type).Scale
		return func(i int) float64 { return decimalNumber(c.Value(i).ToString(scale)) }, nil
	case *array.Decimal256:
		scale := c.DataType().(*arrow.Decimal256Type).Scale
		return func(i int) float64 { return decimalNumber(c.Value(i).ToString(scale)) }, nil
	case *array.Dictionary:
		values := make([]float64, c.Dictionary().Len())
		err := Float64s(c.Dictionary(), values)
		return func(i int) float64 {
			if c.IsNull(i) {
				return math.NaN()
			}
			return values[c.GetValueIndex(i)]
		}, err
	}
	return nil, &SchemaError{Reason: fmt.Sprintf("a column of type %s does not hold numbers", col.DataType())}
}

// decimalNumber goes through the decimal text, because that rounds once; the library's ToFloat64 rounds twice.
func decimalNumber(s string) float64 {
	f, err := strconv.ParseFloat(s, 64)
	if err != nil && f == 0 {
		return math.NaN()
	}
	return f
}

// Strings returns an accessor to a column's values as text; ok is false for a missing value. Besides text it takes
// booleans ("true", "false"), whole numbers, floats in their shortest form, dates and timestamps (RFC 3339). Any other type is
// a *SchemaError. The texts stay valid after the batch is released.
func Strings(col Column) (func(i int) (s string, ok bool), error) {
	at, err := textAt(col)
	if err != nil {
		return nil, err
	}
	return func(i int) (string, bool) {
		if col.IsNull(i) {
			return "", false
		}
		return at(i), true
	}, nil
}

func textAt(col Column) (func(i int) string, error) {
	switch c := col.(type) {
	case *array.String:
		return c.Value, nil
	case *array.LargeString:
		return c.Value, nil
	case *array.Boolean:
		return func(i int) string { return strconv.FormatBool(c.Value(i)) }, nil
	case *array.Float32:
		return func(i int) string { return strconv.FormatFloat(float64(c.Value(i)), 'g', -1, 32) }, nil
	case *array.Float64:
		return func(i int) string { return strconv.FormatFloat(c.Value(i), 'g', -1, 64) }, nil
	case *array.Null:
		return func(int) string { return "" }, nil
	case *array.Dictionary:
		at, err := textAt(c.Dictionary())
		if err != nil {
			return nil, err
		}
		return func(i int) string { return at(c.GetValueIndex(i)) }, nil
	case *array.Timestamp:
		unit := c.DataType().(*arrow.TimestampType).Unit
		return func(i int) string { return c.Value(i).ToTime(unit).Format(time.RFC3339Nano) }, nil
	case *array.Int8, *array.Int16, *array.Int32, *array.Int64, *array.Uint8, *array.Uint16, *array.Uint32, *array.Uint64,
		*array.Date32, *array.Date64, *array.Decimal128, *array.Decimal256, *array.Float16, *array.Time32, *array.Time64:
		return c.ValueStr, nil
	}
	return nil, &SchemaError{Reason: fmt.Sprintf("a column of type %s does not hold text", col.DataType())}
}

// NewFloat32 makes a column of the values without copying them; NaN is a value, not a missing one.
func NewFloat32(values []float32) Column {
	d := array.NewData(Float32Type, len(values), []*memory.Buffer{nil, bytesBuffer(values)}, nil, 0, 0)
	return array.NewFloat32Data(d)
}

// NewFloat64 is NewFloat32 in double precision.
func NewFloat64(values []float64) Column {
	d := array.NewData(Float64Type, len(values), []*memory.Buffer{nil, bytesBuffer(values)}, nil, 0, 0)
	return array.NewFloat64Data(d)
}

// NewInt64 makes a column of the values without copying them.
func NewInt64(values []int64) Column {
	d := array.NewData(Int64Type, len(values), []*memory.Buffer{nil, bytesBuffer(values)}, nil, 0, 0)
	return array.NewInt64Data(d)
}

// NewBools makes a column of booleans.
func NewBools(values []bool) Column {
	b := array.NewBooleanBuilder(memory.DefaultAllocator)
	b.AppendValues(values, nil)
	return b.NewArray()
}

// Bools are the values of a column of booleans; a missing one is false.
func Bools(col Column) []bool {
	b := col.(*array.Boolean)
	values := make([]bool, b.Len())
	for i := range values {
		values[i] = b.IsValid(i) && b.Value(i)
	}
	return values
}

// NewBinary makes a column of byte strings, none of them missing.
func NewBinary(values ...[]byte) Column {
	var c textColumn
	for _, v := range values {
		c.data = append(c.data, v...)
		c.offsets = append(c.offsets, int32(len(c.data)))
		c.valid.append(true)
	}
	return c.build(BinaryType)
}

// BytesAt is a row's value in a column of byte strings, such as NewBinary makes. It must not be written to and is the column's.
func BytesAt(col Column, row int) []byte { return col.(*array.Binary).Value(row) }

// NewFloat32List makes a column of vectors of width values each from row-major values, without copying them.
func NewFloat32List(values []float32, width int) Column {
	return vectors(values, width, Float32Type, Float32ListType(width))
}

// NewInt32List is NewFloat32List for whole numbers.
func NewInt32List(values []int32, width int) Column {
	return vectors(values, width, Int32Type, Int32ListType(width))
}

func vectors[T any](values []T, width int, element, list DataType) Column {
	rows := 0
	if width > 0 {
		rows = len(values) / width
	}
	child := array.NewData(element, rows*width, []*memory.Buffer{nil, bytesBuffer(values)}, nil, 0, 0)
	d := array.NewData(list, rows, []*memory.Buffer{nil}, []arrow.ArrayData{child}, 0, 0)
	return array.NewFixedSizeListData(d)
}

// NewStrings makes a column of texts, none of them missing.
func NewStrings(values []string) Column {
	var c textColumn
	for _, v := range values {
		c.data = append(c.data, v...)
		c.offsets = append(c.offsets, int32(len(c.data)))
		c.valid.append(true)
	}
	return c.build(StringType)
}

// Vectors returns a vector column's values row by row without copying, and its width; ok is false if the column is not
// one of float32 vectors of one width without missing values.
func Vectors(col Column) (values []float32, width int, ok bool) {
	c, is := col.(*array.FixedSizeList)
	if !is || c.NullN() > 0 {
		return nil, 0, false
	}
	v, is := c.ListValues().(*array.Float32)
	if !is || v.NullN() > 0 {
		return nil, 0, false
	}
	width = int(c.DataType().(*arrow.FixedSizeListType).Len())
	from := c.Offset() * width
	return v.Float32Values()[from : from+c.Len()*width], width, true
}

// bytesBuffer shares the memory of values.
func bytesBuffer[T any](values []T) *memory.Buffer { return memory.NewBufferBytes(bytesOf(values)) }

func bytesOf[T any](values []T) []byte {
	if len(values) == 0 {
		return nil
	}
	var zero T
	return unsafe.Slice((*byte)(unsafe.Pointer(&values[0])), len(values)*int(unsafe.Sizeof(zero)))
}
