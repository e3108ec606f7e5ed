package dataset

import (
	"bytes"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
)

// csvWriter writes RFC 4180 with LF line ends. A missing value is an empty field; a vector becomes one field per element.
type csvWriter struct {
	w         io.Writer
	schema    *Schema
	delimiter byte
	buf       bytes.Buffer
}

func newCSVWriter(w io.Writer, schema *Schema, m Media) (*csvWriter, error) {
	c := &csvWriter{w: w, schema: schema, delimiter: m.Delimiter}
	if c.delimiter == 0 {
		c.delimiter = ','
	}
	if !m.Header {
		return c, nil
	}
	c.names(FieldNames(schema.Fields()))
	return c, nil
}

// FieldNames names the CSV fields that columns become: a vector's elements are numbered.
func FieldNames(fields []Field) []string {
	var names []string
	for _, f := range fields {
		width := Width(f.Type)
		if width == 1 {
			names = append(names, f.Name)
			continue
		}
		for i := range width {
			names = append(names, f.Name+"_"+strconv.Itoa(i))
		}
	}
	return names
}

// names writes a header.
func (c *csvWriter) names(names []string) {
	for i, name := range names {
		if i > 0 {
			c.buf.WriteByte(c.delimiter)
		}
		c.text(name)
	}
	c.buf.WriteByte('\n')
}

// text writes a field, quoted if it must be.
func (c *csvWriter) text(s string) {
	if !strings.ContainsAny(s, "\"\r\n") && strings.IndexByte(s, c.delimiter) < 0 {
		c.buf.WriteString(s)
		return
	}
	c.buf.WriteByte('"')
	c.buf.WriteString(strings.ReplaceAll(s, `"`, `""`))
	c.buf.WriteByte('"')
}

func (c *csvWriter) Write(b Batch) error {
	if err := checkColumns(c.schema, b.Schema()); err != nil {
		return err
	}
	write := make([]func(i int), b.NumCols())
	for k := range write {
		f, err := c.fieldWriter(b.Column(k))
		if err != nil {
			return &SchemaError{Column: c.schema.Field(k).Name, Reason: err.Error()}
		}
		write[k] = f
	}
	for i := 0; i < int(b.NumRows()); i++ {
		start := c.buf.Len()
		for k, f := range write {
			if k > 0 {
				c.buf.WriteByte(c.delimiter)
			}
			f(i)
		}
		if c.buf.Len() == start { // a blank line would be no record
			c.buf.WriteString(`""`)
		}
		c.buf.WriteByte('\n')
		if c.buf.Len() >= 1<<20 {
			if err := c.flush(); err != nil {
				return err
			}
		}
	}
	return c.flush()
}

func (c *csvWriter) flush() error {
	_, err := c.w.Write(c.buf.Bytes())
	c.buf.Reset()
	return err
}

func (c *csvWriter) Close() error { return c.flush() }

// fieldWriter writes value i of a column.
func (c *csvWriter) fieldWriter(col Column) (func(i int), error) {
	switch a := col.(type) {
	case *array.FixedSizeList:
		width := int(a.DataType().(*arrow.FixedSizeListType).Len())
		elem, err := c.fieldWriter(a.ListValues())
		if err != nil {
			return nil, err
		}
		return func(i int) {
			for j := 0; j < width; j++ {
				if j > 0 {
					c.buf.WriteByte(c.delimiter)
				}
				if a.IsValid(i) {
					elem((a.Offset()+i)*width + j)
				}
			}
		}, nil
	case *array.List:
		elem, err := c.fieldWriter(a.ListValues())
		if err != nil {
			return nil, err
		}
		return c.listField(a, elem), nil
	}
	format, err := appendValue(col)
	if err != nil {
		return nil, err
	}
	text := Text(col.DataType()) || col.DataType().ID() == arrow.BINARY
	return func(i int) {
		if col.IsNull(i) {
			return
		}
		if !text {
			c.buf.Write(format(c.buf.AvailableBuffer(), i))
			return
		}
		c.text(string(format(nil, i)))
	}, nil
}

// listField writes a list as one field, its elements joined by commas.
func (c *csvWriter) listField(a *array.List, elem func(i int)) func(i int) {
	return func(i int) {
		if a.IsNull(i) {
			return
		}
		start := c.buf.Len()
		from, to := a.ValueOffsets(i)
		for j := from; j < to; j++ {
			if j > from {
				c.buf.WriteByte(',')
			}
			elem(int(j))
		}
		field := string(c.buf.Bytes()[start:])
		c.buf.Truncate(start)
		c.text(field)
	}
}

// appendValue formats values as text without quotes: float32 in the shortest form that reads back as the same float32.
func appendValue(col Column) (func(dst []byte, i int) []byte, error) {
	switch a := col.(type) {
	case *array.Float32:
		return func(dst []byte, i int) []byte { return appendFloat(dst, float64(a.Value(i)), 32) }, nil
	case *array.Float64:
		return func(dst []byte, i int) []byte { return appendFloat(dst, a.Value(i), 64) }, nil
	case *array.Int64:
		return func(dst []byte, i int) []byte { return strconv.AppendInt(dst, a.Value(i), 10) }, nil
	case *array.Int32:
		return func(dst []byte, i int) []byte { return strconv.AppendInt(dst, int64(a.Value(i)), 10) }, nil
	case *array.Boolean:
		return func(dst []byte, i int) []byte { return strconv.AppendBool(dst, a.Value(i)) }, nil
	case *array.Binary:
		return func(dst []byte, i int) []byte { return append(dst, a.Value(i)...) }, nil
	case *array.Timestamp:
		unit := a.DataType().(*arrow.TimestampType).Unit
		return func(dst []byte, i int) []byte { return a.Value(i).ToTime(unit).AppendFormat(dst, time.RFC3339Nano) }, nil
	}
	at, err := textAt(col)
	if err != nil {
		return nil, err
	}
	return func(dst []byte, i int) []byte { return append(dst, at(i)...) }, nil
}

// appendFloat writes plain decimals between 1e-6 and 1e21 and exponents outside, as JSON does.
func appendFloat(dst []byte, f float64, bits int) []byte {
	format := byte('f')
	if abs := max(f, -f); abs != 0 && (bits == 64 && (abs < 1e-6 || abs >= 1e21) || bits == 32 && (float32(abs) < 1e-6 || float32(abs) >= 1e21)) {
		format = 'e'
	}
	switch {
	case f != f:
		return append(dst, "nan"...)
	case f > 1.7976931348623157e308:
		return append(dst, "inf"...)
	case f < -1.7976931348623157e308:
		return append(dst, "-inf"...)
	}
	return strconv.AppendFloat(dst, f, format, -1, bits)
}
