package dataset

import (
	"fmt"
	"math"
	"time"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
)

// rejected is a value a cast cannot represent.
type rejected struct {
	row    int
	reason string
}

// badValue is a rejected value of a batch.
type badValue struct {
	row, column int
	reason      string
}

// castable says whether values of one type can be read as another. Single values may still not fit.
func castable(from, to DataType) bool {
	if d, ok := from.(*arrow.DictionaryType); ok {
		return castable(d.ValueType, to)
	}
	switch {
	case arrow.TypeEqual(from, to), from.ID() == arrow.NULL:
		return true
	case Text(to):
		return Text(from) || arrow.IsInteger(from.ID()) || arrow.IsFloating(from.ID()) || arrow.IsDecimal(from.ID()) || from.ID() == arrow.BOOL || isTime(from)
	case isTime(to):
		return isTime(from)
	case to.ID() == arrow.BOOL:
		return false
	case arrow.IsFloating(to.ID()) || arrow.IsInteger(to.ID()):
		return Numeric(from) && !isTime(from)
	case to.ID() == arrow.BINARY:
		return from.ID() == arrow.STRING
	}
	return false
}

func isTime(t DataType) bool {
	return t.ID() == arrow.TIMESTAMP || t.ID() == arrow.DATE32 || t.ID() == arrow.DATE64
}

// cast converts a column. Values that do not fit become missing and are reported.
func cast(col Column, to DataType) (Column, []rejected, error) {
	from := col.DataType()
	switch {
	case arrow.TypeEqual(from, to):
		return col, nil, nil
	case col.NullN() == col.Len() || from.ID() == arrow.NULL:
		return nullColumn(to, col.Len()), nil, nil
	case !castable(from, to):
		return nil, nil, fmt.Errorf("holds %s, expected %s", typeWord(from), typeWord(to))
	case Text(to) || to.ID() == arrow.BINARY:
		return castText(col, to)
	case isTime(to):
		return castTime(col, to)
	case to.ID() == arrow.FLOAT32:
		dst := make([]float32, col.Len())
		if err := Floats(col, dst); err != nil {
			return nil, nil, err
		}
		return withNulls(to, col, bytesBuffer(dst)), nil, nil
	case to.ID() == arrow.FLOAT64:
		dst := make([]float64, col.Len())
		if err := Float64s(col, dst); err != nil {
			return nil, nil, err
		}
		return withNulls(to, col, bytesBuffer(dst)), nil, nil
	}
	return castWhole(col, to)
}

// withNulls makes a column of converted values with col's missing ones.
func withNulls(t DataType, col Column, values *memory.Buffer) Column {
	var v validity
	for i := 0; i < col.Len() && col.NullN() > 0; i++ {
		v.append(col.IsValid(i))
	}
	return array.MakeFromData(array.NewData(t, col.Len(), []*memory.Buffer{v.buffer(), values}, nil, v.nulls, 0))
}

func castText(col Column, to DataType) (Column, []rejected, error) {
	at, err := textAt(col)
	if err != nil {
		return nil, nil, err
	}
	var c textColumn
	for i := 0; i < col.Len(); i++ {
		if col.IsNull(i) {
			c.append(nil, false)
			continue
		}
		c.append([]byte(at(i)), true)
	}
	return c.build(to), nil, nil
}

// castWhole goes through the parsers of the text formats, which check the range.
func castWhole(col Column, to DataType) (Column, []rejected, error) {
	at, err := wholeText(col)
	if err != nil {
		return nil, nil, err
	}
	p, err := newFieldParser(to, col.Len())
	if err != nil {
		return nil, nil, err
	}
	var bad []rejected
	for i := 0; i < col.Len(); i++ {
		if col.IsNull(i) {
			p.null()
			continue
		}
		text := at(i)
		if !p.parse([]byte(text)) {
			bad = append(bad, rejected{i, fmt.Sprintf("%s is not a whole number that fits %s", text, to)})
			p.null()
		}
	}
	return p.build(), bad, nil
}

func wholeText(col Column) (func(i int) string, error) {
	if b, ok := col.(*array.Boolean); ok {
		return func(i int) string {
			if b.Value(i) {
				return "1"
			}
			return "0"
		}, nil
	}
	return textAt(col)
}

func castTime(col Column, to DataType) (Column, []rejected, error) {
	at, err := timeAt(col)
	if err != nil {
		return nil, nil, err
	}
	var bad []rejected
	out := fixedColumn[int64]{}
	days := fixedColumn[int32]{}
	for i := 0; i < col.Len(); i++ {
		t, ok := time.Time{}, col.IsValid(i)
		if ok {
			t = at(i)
		}
		switch to.ID() {
		case arrow.DATE32:
			days.append(int32(math.Floor(float64(t.Unix())/86400)), ok)
		case arrow.DATE64:
			out.append(int64(arrow.Date64FromTime(t)), ok)
		default:
			v, err := arrow.TimestampFromTime(t, to.(*arrow.TimestampType).Unit)
			if ok && err != nil {
				bad = append(bad, rejected{i, fmt.Sprintf("%s does not fit %s", t, to)})
			}
			out.append(int64(v), ok && err == nil)
		}
	}
	if to.ID() == arrow.DATE32 {
		return days.build(to), bad, nil
	}
	return out.build(to), bad, nil
}

func timeAt(col Column) (func(i int) time.Time, error) {
	switch c := col.(type) {
	case *array.Timestamp:
		unit := c.DataType().(*arrow.TimestampType).Unit
		return func(i int) time.Time { return c.Value(i).ToTime(unit) }, nil
	case *array.Date32:
		return func(i int) time.Time { return c.Value(i).ToTime() }, nil
	case *array.Date64:
		return func(i int) time.Time { return c.Value(i).ToTime() }, nil
	case *array.Dictionary:
		at, err := timeAt(c.Dictionary())
		return func(i int) time.Time { return at(c.GetValueIndex(i)) }, err
	}
	return nil, fmt.Errorf("holds %s, expected a time", typeWord(col.DataType()))
}

// concatBatches joins batches of one schema into one, which shares no memory with them.
func concatBatches(schema *Schema, batches []Batch) (Batch, error) {
	var rows int64
	for _, b := range batches {
		rows += b.NumRows()
	}
	cols := make([]Column, schema.NumFields())
	for c := range cols {
		parts := make([]Column, len(batches))
		for i, b := range batches {
			parts[i] = b.Column(c)
		}
		col, err := array.Concatenate(parts, memory.DefaultAllocator)
		if err != nil {
			return nil, err
		}
		cols[c] = col
	}
	return array.NewRecord(schema, cols, rows), nil
}
