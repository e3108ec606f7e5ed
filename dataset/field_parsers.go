package dataset

import (
	"fmt"
	"math"
	"strconv"

	"github.com/apache/arrow/go/v15/arrow"
)

// fieldParser collects one column of a text format.
type fieldParser interface {
	parse(field []byte) bool // false: the field is not of the column's type, and nothing was added
	null()
	truncate(n int) // keeps the first n values
	build() Column  // makes the column and starts a new one
}

// numberParser parses fields into a fixed-width type. Words for a missing number add a missing value.
type numberParser[T any] struct {
	fixedColumn[T]
	typ    DataType
	number func([]byte) (T, bool)
}

func (p *numberParser[T]) parse(field []byte) bool {
	field = trimSpaces(field)
	v, ok := p.number(field)
	if ok {
		p.values = append(p.values, v)
		p.valid.append(true)
		return true
	}
	if isMissingNumber(field) {
		p.null()
		return true
	}
	return false
}

func (p *numberParser[T]) null() {
	var zero T
	p.append(zero, false)
}

func (p *numberParser[T]) build() Column { return p.fixedColumn.build(p.typ) }

type boolParser struct{ boolColumn }

func (p *boolParser) parse(field []byte) bool {
	field = trimSpaces(field)
	v, ok := parseBool(field)
	switch {
	case ok:
	case len(field) == 1 && (field[0] == '0' || field[0] == '1'):
		v = field[0] == '1'
	case isMissingNumber(field):
		p.null()
		return true
	default:
		return false
	}
	p.append(v, true)
	return true
}

func (p *boolParser) null()         { p.append(false, false) }
func (p *boolParser) build() Column { return p.boolColumn.build(BoolType) }

type textParser struct {
	textColumn
	typ DataType
}

func (p *textParser) parse(field []byte) bool { p.append(field, true); return true }
func (p *textParser) null()                   { p.append(nil, false) }
func (p *textParser) build() Column           { return p.textColumn.build(p.typ) }

// newFieldParser makes the parser for a column type. A type no text format can hold is a *SchemaError.
func newFieldParser(t DataType, rows int) (fieldParser, error) {
	switch t.ID() {
	case arrow.FLOAT32:
		return sizedParser(t, rows, parseFloat32), nil
	case arrow.FLOAT64, arrow.NULL:
		return sizedParser(Float64Type, rows, parseFloat64), nil
	case arrow.INT64:
		return sizedParser(t, rows, parseInt64), nil
	case arrow.INT32:
		return sizedParser(t, rows, narrowInt[int32](math.MinInt32, math.MaxInt32)), nil
	case arrow.INT16:
		return sizedParser(t, rows, narrowInt[int16](math.MinInt16, math.MaxInt16)), nil
	case arrow.INT8:
		return sizedParser(t, rows, narrowInt[int8](math.MinInt8, math.MaxInt8)), nil
	case arrow.UINT64:
		return sizedParser(t, rows, parseUint64), nil
	case arrow.UINT32:
		return sizedParser(t, rows, narrowInt[uint32](0, math.MaxUint32)), nil
	case arrow.UINT16:
		return sizedParser(t, rows, narrowInt[uint16](0, math.MaxUint16)), nil
	case arrow.UINT8:
		return sizedParser(t, rows, narrowInt[uint8](0, math.MaxUint8)), nil
	case arrow.BOOL:
		return &boolParser{}, nil
	case arrow.STRING, arrow.BINARY:
		return &textParser{typ: t}, nil
	case arrow.TIMESTAMP:
		unit := t.(*arrow.TimestampType).Unit
		return sizedParser(t, rows, func(b []byte) (int64, bool) {
			v, ok := parseTime(b)
			if !ok {
				return 0, false
			}
			ts, err := arrow.TimestampFromTime(v, unit)
			return int64(ts), err == nil
		}), nil
	case arrow.DATE32:
		return sizedParser(t, rows, func(b []byte) (int32, bool) {
			v, ok := parseTime(b)
			return int32(arrow.Date32FromTime(v)), ok
		}), nil
	}
	return nil, &SchemaError{Reason: fmt.Sprintf("text cannot be read as %s", t)}
}

func sizedParser[T any](t DataType, rows int, number func([]byte) (T, bool)) *numberParser[T] {
	return &numberParser[T]{fixedColumn: fixedColumn[T]{values: make([]T, 0, rows)}, typ: t, number: number}
}

func narrowInt[T int8 | int16 | int32 | uint8 | uint16 | uint32](lo, hi int64) func([]byte) (T, bool) {
	return func(b []byte) (T, bool) {
		v, ok := parseInt64(b)
		return T(v), ok && v >= lo && v <= hi
	}
}

// typeWord names a type for people.
func typeWord(t DataType) string {
	switch t.ID() {
	case arrow.FLOAT32, arrow.FLOAT64, arrow.FLOAT16, arrow.DECIMAL128, arrow.DECIMAL256:
		return "a number"
	case arrow.INT8, arrow.INT16, arrow.INT32, arrow.INT64, arrow.UINT8, arrow.UINT16, arrow.UINT32, arrow.UINT64:
		return "a whole number"
	case arrow.BOOL:
		return "true or false"
	case arrow.STRING, arrow.LARGE_STRING:
		return "text"
	case arrow.TIMESTAMP, arrow.DATE32, arrow.DATE64:
		return "a time"
	case arrow.NULL:
		return "missing everywhere"
	}
	return t.String()
}

// notA is the reason for a field that is not of its column's type.
func notA(field []byte, t DataType) string {
	return strconv.Quote(cutRaw(field)) + " is not " + typeWord(t)
}
