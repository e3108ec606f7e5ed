package dataset

import (
	"fmt"
	"math"
	"time"

	"github.com/apache/arrow/go/v15/arrow/array"
)

// LastOrderKey is the order key of a missing value: missing times sort last.
const LastOrderKey uint64 = math.MaxUint64

// OrderKeys writes to dst, for each value of a time-like column, a key that sorts as the values do, and returns
// dst[:col.Len()], growing it if needed. Timestamps, dates, numbers and text in ISO 8601 form ("2024-05-01",
// "2024-05-01 13:00:05.25", "2024-05-01T13:00:05+02:00"; without a zone it is UTC) have an order. Keys of one type compare
// with each other only: read all files with one schema. Text before 1678 or after 2261 counts as the first or last instant
// of that span. Missing values get LastOrderKey. An error is a *RecordError whose Row counts from 1 within the column, or a
// *SchemaError for a type without an order; their Object is for the caller to fill in.
func OrderKeys(col Column, column string, dst []uint64) ([]uint64, error) {
	dst = sized(dst, col.Len())
	at, err := orderKeyOf(col, column)
	if err != nil {
		return nil, err
	}
	for i := range dst {
		dst[i] = LastOrderKey
		if col.IsNull(i) {
			continue
		}
		key, ok := at(i)
		if !ok {
			return nil, &RecordError{RowGroup: -1, Row: int64(i) + 1, Column: column,
				Reason: fmt.Sprintf("%q is no date or time (want ISO 8601, e.g. 2024-05-01 or 2024-05-01T13:00:05Z)", col.ValueStr(i))}
		}
		dst[i] = key
	}
	return dst, nil
}

func orderKeyOf(col Column, column string) (func(i int) (uint64, bool), error) {
	switch a := col.(type) {
	case *array.Timestamp:
		return func(i int) (uint64, bool) { return orderInt(int64(a.Value(i))), true }, nil
	case *array.Date32:
		return func(i int) (uint64, bool) { return orderInt(int64(a.Value(i))), true }, nil
	case *array.Date64:
		return func(i int) (uint64, bool) { return orderInt(int64(a.Value(i))), true }, nil
	case *array.Int64:
		return func(i int) (uint64, bool) { return orderInt(a.Value(i)), true }, nil
	case *array.Uint64:
		return func(i int) (uint64, bool) { return min(a.Value(i), LastOrderKey-1), true }, nil
	case *array.String, *array.LargeString:
		return orderText(col), nil
	case *array.Dictionary:
		switch a.Dictionary().(type) {
		case *array.String, *array.LargeString:
			at := orderText(a.Dictionary())
			return func(i int) (uint64, bool) { return at(a.GetValueIndex(i)) }, nil
		}
	}
	values := make([]float64, col.Len())
	kind := KindOf(col.DataType())
	if (kind != NumberKind && kind != NullKind) || Float64s(col, values) != nil {
		return nil, &SchemaError{Column: column,
			Reason: fmt.Sprintf("type %s has no time order; want a timestamp, a date, a number or ISO 8601 text", col.DataType())}
	}
	return func(i int) (uint64, bool) { return orderFloat(values[i]), true }, nil
}

// orderInt maps int64 to uint64 in order; the very last value shares its key with the one before, which leaves
// LastOrderKey free.
func orderInt(v int64) uint64 { return min(uint64(v)^1<<63, LastOrderKey-1) }

// orderFloat maps float64 to uint64 in order, -0 with 0; NaN is missing.
func orderFloat(f float64) uint64 {
	if f != f {
		return LastOrderKey
	}
	bits := math.Float64bits(f + 0)
	if bits>>63 == 1 {
		return ^bits
	}
	return bits | 1<<63
}

// orderText parses each different text once per column, up to a bound.
func orderText(col Column) func(i int) (uint64, bool) {
	const remembered = 1 << 14
	seen := map[string]uint64{}
	return func(i int) (uint64, bool) {
		text := col.ValueStr(i)
		if key, ok := seen[text]; ok {
			return key, true
		}
		t, ok := parseISO(text)
		if !ok {
			return 0, false
		}
		key := orderInt(unixNano(t))
		if len(seen) < remembered {
			seen[text] = key
		}
		return key, true
	}
}

var isoLayouts = []string{
	"2006-01-02",
	"2006-01-02 15:04:05",
	"2006-01-02T15:04:05",
	"2006-01-02T15:04:05Z07:00",
	"2006-01-02 15:04:05Z07:00",
	"2006-01-02T15:04",
	"2006-01-02 15:04",
	"2006-01-02T15:04Z07:00",
	"2006-01",
	"20060102",
	"20060102T150405",
	"20060102T150405Z07:00",
}

func parseISO(s string) (time.Time, bool) {
	for _, layout := range isoLayouts {
		if t, err := time.Parse(layout, s); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

// unixNano saturates where time.Time.UnixNano would overflow.
func unixNano(t time.Time) int64 {
	switch y := t.UTC().Year(); {
	case y < 1678:
		return math.MinInt64
	case y > 2261:
		return math.MaxInt64
	}
	return t.UnixNano()
}
