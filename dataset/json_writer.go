package dataset

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
)

// jsonWriter writes one JSON object per row, its members in the schema's order. Missing values, NaN and infinities are null,
// because JSON has no others.
type jsonWriter struct {
	w      io.Writer
	schema *Schema
	names  [][]byte
	buf    bytes.Buffer
	// What stands around rows, and around all of them. In a document the first row has nothing before it.
	before, after, between []byte
	head, tail             []byte
	rows                   bool // a row was written
}

func newJSONWriter(w io.Writer, schema *Schema, o WriteOptions) (*jsonWriter, error) {
	j := &jsonWriter{w: w, schema: schema, after: []byte{'\n'}}
	if o.Media.Format == JSON {
		e, err := jsonEnds(o)
		if err != nil {
			return nil, err
		}
		if o.Media.LineSplit {
			j.before, j.after = e.Head, e.Tail
		} else {
			j.after, j.between = nil, e.Between
			if !o.Fragment {
				j.head, j.tail = e.Head, e.Tail
			}
		}
	}
	j.buf.Write(j.head)
	for i, f := range schema.Fields() {
		name, err := marshalJSON(f.Name)
		if err != nil {
			return nil, err
		}
		sep := byte(',')
		if i == 0 {
			sep = '{'
		}
		j.names = append(j.names, append(append([]byte{sep}, name...), ':'))
	}
	return j, nil
}

func marshalJSON(s string) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(s)
	return bytes.TrimSuffix(b.Bytes(), []byte{'\n'}), err
}

func (j *jsonWriter) Write(b Batch) error {
	if err := checkColumns(j.schema, b.Schema()); err != nil {
		return err
	}
	write := make([]func(i int) error, b.NumCols())
	for k := range write {
		f, err := j.valueWriter(b.Column(k))
		if err != nil {
			return &SchemaError{Column: j.schema.Field(k).Name, Reason: err.Error()}
		}
		write[k] = f
	}
	for i := 0; i < int(b.NumRows()); i++ {
		if j.rows {
			j.buf.Write(j.between)
		}
		j.rows = true
		j.buf.Write(j.before)
		if len(write) == 0 {
			j.buf.WriteByte('{')
		}
		for k, f := range write {
			j.buf.Write(j.names[k])
			if err := f(i); err != nil {
				return err
			}
		}
		j.buf.WriteByte('}')
		j.buf.Write(j.after)
		if j.buf.Len() >= 1<<20 {
			if err := j.flush(); err != nil {
				return err
			}
		}
	}
	return j.flush()
}

func (j *jsonWriter) flush() error {
	_, err := j.w.Write(j.buf.Bytes())
	j.buf.Reset()
	return err
}

func (j *jsonWriter) Close() error {
	j.buf.Write(j.tail)
	return j.flush()
}

func (j *jsonWriter) valueWriter(col Column) (func(i int) error, error) {
	write, err := j.presentWriter(col)
	if err != nil {
		return nil, err
	}
	return func(i int) error {
		if col.IsNull(i) {
			j.buf.WriteString("null")
			return nil
		}
		return write(i)
	}, nil
}

func (j *jsonWriter) presentWriter(col Column) (func(i int) error, error) {
	switch a := col.(type) {
	case *array.FixedSizeList:
		width := int(a.DataType().(*arrow.FixedSizeListType).Len())
		return j.listWriter(a.ListValues(), func(i int) (int, int) { return (a.Offset() + i) * width, (a.Offset() + i + 1) * width })
	case *array.List:
		return j.listWriter(a.ListValues(), func(i int) (int, int) { from, to := a.ValueOffsets(i); return int(from), int(to) })
	case *array.Struct, *array.Map:
		return func(i int) error {
			v, err := json.Marshal(col.GetOneForMarshal(i))
			j.buf.Write(v)
			return err
		}, nil
	}
	format, err := appendValue(col)
	if err != nil {
		return nil, fmt.Errorf("%s cannot be written as JSON", col.DataType())
	}
	if isQuotedInJSON(col.DataType()) {
		return func(i int) error {
			v, err := marshalJSON(string(format(nil, i)))
			j.buf.Write(v)
			return err
		}, nil
	}
	finite := finiteAt(col)
	return func(i int) error {
		if !finite(i) {
			j.buf.WriteString("null")
			return nil
		}
		j.buf.Write(format(j.buf.AvailableBuffer(), i))
		return nil
	}, nil
}

func isQuotedInJSON(t DataType) bool {
	return Text(t) || t.ID() == arrow.BINARY || isTime(t) || t.ID() == arrow.TIME32 || t.ID() == arrow.TIME64
}

func finiteAt(col Column) func(i int) bool {
	switch a := col.(type) {
	case *array.Float32:
		return func(i int) bool { v := float64(a.Value(i)); return !math.IsNaN(v) && !math.IsInf(v, 0) }
	case *array.Float64:
		return func(i int) bool { v := a.Value(i); return !math.IsNaN(v) && !math.IsInf(v, 0) }
	}
	return func(int) bool { return true }
}

func (j *jsonWriter) listWriter(values Column, bounds func(i int) (from, to int)) (func(i int) error, error) {
	elem, err := j.valueWriter(values)
	if err != nil {
		return nil, err
	}
	return func(i int) error {
		from, to := bounds(i)
		j.buf.WriteByte('[')
		for k := from; k < to; k++ {
			if k > from {
				j.buf.WriteByte(',')
			}
			if err := elem(k); err != nil {
				return err
			}
		}
		j.buf.WriteByte(']')
		return nil
	}, nil
}
