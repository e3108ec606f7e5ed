package dataset

import (
	"context"
	"errors"
	"io"
	"math"
	"slices"

	"github.com/apache/arrow/go/v15/arrow/array"
)

// recordFault puts object and record number on what is wrong with a frame, and leaves errors of the store alone.
func recordFault(object string, row int64, err error) error {
	var bad *errFrame
	if errors.As(err, &bad) {
		return &RecordError{Object: object, RowGroup: -1, Row: row, Reason: bad.reason}
	}
	return err
}

// recordIOReader reads RecordIO of protobuf records.
type recordIOReader struct {
	name    string
	opts    ReadOptions
	schema  *Schema
	stream  *lineStream
	frames  frameReader
	message recordMessage
	row     int64  // records read so far within the object
	marks   []bool // of the rows of the batch, those that were rejected
	raw     *textParser
	err     error

	sparse  bool
	labels  int // leading columns of the object's schema
	width   int // features of a dense record
	keep    []int
	columns []*fixedColumn[float64]
	indices listColumn[int32]
	values  listColumn[float32]
}

func newRecordIOReader(ctx context.Context, obj Object, o ReadOptions) (*recordIOReader, error) {
	schema, keep, err := outputSchema(obj.Name(), o.Schema, o.Columns)
	if err != nil {
		return nil, err
	}
	r := &recordIOReader{name: obj.Name(), opts: o, schema: schema, keep: keep, sparse: Sparse(o.Schema), labels: recordLabels(o.Schema)}
	for _, f := range o.Schema.Fields() {
		if f.Name == sparseIndexCol || f.Name == sparseValueCol {
			continue
		}
		if !sameType(f.Type, Float32Type) && !sameType(f.Type, Float64Type) {
			return nil, &SchemaError{Object: obj.Name(), Column: f.Name, Reason: "records are read as floating point, not " + typeWord(f.Type)}
		}
		r.columns = append(r.columns, &fixedColumn[float64]{})
	}
	r.width = len(r.columns) - r.labels
	r.schema = o.withRejected(schema)
	if o.RawColumn != "" {
		r.raw = &textParser{typ: BinaryType}
		r.schema = withFields(schema, append(slices.Clone(r.schema.Fields()), Field{Name: o.RawColumn, Type: BinaryType}))
	}
	var offset, length int64
	if u := o.Unit; u != nil {
		offset, length, r.row = u.Offset, u.Length, u.FirstRow
	}
	if r.stream, err = openLines(ctx, obj, o.Media, offset, length); err != nil {
		return nil, err
	}
	r.frames = frameReader{r: r.stream, offset: offset}
	return r, nil
}

func (r *recordIOReader) Schema() *Schema { return r.schema }

func (r *recordIOReader) Next() (Batch, error) {
	if r.err != nil {
		return nil, r.err
	}
	rows, bytes := 0, 0
	for rows < r.opts.BatchRows && bytes < maxBatchBytes {
		payload, err := r.frames.next()
		if err != nil {
			r.err = recordFault(r.name, r.row+1, err)
			break
		}
		r.row++
		kept, err := r.take(payload)
		if err != nil {
			r.err = err
			break
		}
		if kept {
			rows++
			bytes += len(payload)
		}
	}
	if r.err != nil && r.err != io.EOF || rows == 0 {
		return nil, r.err
	}
	return r.batch(rows)
}

// take appends a record, or reports it and leaves it out, or a row of missing values for it.
func (r *recordIOReader) take(payload []byte) (kept bool, err error) {
	column, reason := r.add(payload)
	if reason != "" {
		bad := &RecordError{Object: r.name, RowGroup: -1, Row: r.row, Column: column, Reason: reason}
		if r.opts.OnReject == nil {
			return false, bad
		}
		if err := r.opts.OnReject(bad); err != nil || r.opts.RejectedColumn == "" {
			return false, err
		}
		r.addMissing()
	}
	r.marks = append(r.marks, reason != "")
	if r.raw != nil {
		r.raw.parse(payload)
	}
	return true, nil
}

func (r *recordIOReader) addMissing() {
	if r.sparse {
		r.addSparse(&tensor{})
		appendVector(r.columns[:r.labels], nil)
		return
	}
	appendVector(r.columns, nil)
}

// add appends a record to the columns.
func (r *recordIOReader) add(payload []byte) (column, reason string) {
	m := &r.message
	if column, reason = m.parse(payload); reason != "" {
		return column, reason
	}
	if n := len(m.label.values); n > r.labels && r.labels > 0 { // else nobody asks for the label
		return labelCol, "has " + itoa(n) + " values, expected " + itoa(r.labels)
	}
	switch n := len(m.features.values); {
	case r.sparse:
		r.addSparse(&m.features)
	case m.features.sparse():
		return "features", "is a sparse vector, expected " + itoa(r.width) + " values"
	case n != r.width:
		return "features", "has " + itoa(n) + " values, expected " + itoa(r.width)
	}
	appendVector(r.columns[:r.labels], m.label.values[:min(r.labels, len(m.label.values))])
	if !r.sparse {
		appendVector(r.columns[r.labels:], m.features.values)
	}
	return "", ""
}

// appendVector appends a value to each column; those a vector is too short for miss theirs.
func appendVector(columns []*fixedColumn[float64], values []float64) {
	for i, c := range columns {
		v := math.NaN()
		if i < len(values) {
			v = values[i]
		}
		c.append(v, v == v)
	}
}

// addSparse appends a vector; of a dense one every value is stored.
func (r *recordIOReader) addSparse(t *tensor) {
	for i, v := range t.values {
		at := int32(i)
		if len(t.keys) > 0 {
			at = int32(t.keys[i])
		}
		r.indices.values, r.values.values = append(r.indices.values, at), append(r.values.values, float32(v))
	}
	r.indices.end()
	r.values.end()
}

// batch makes the columns that were asked for.
func (r *recordIOReader) batch(rows int) (Batch, error) {
	all := make([]Column, r.opts.Schema.NumFields())
	next := 0
	for i, f := range r.opts.Schema.Fields() {
		switch f.Name {
		case sparseIndexCol:
			all[i] = r.indices.build(Int32Type)
		case sparseValueCol:
			all[i] = r.values.build(Float32Type)
		default:
			col, _, err := cast(r.columns[next].build(Float64Type), f.Type)
			if err != nil {
				return nil, &SchemaError{Object: r.name, Column: f.Name, Reason: err.Error()}
			}
			all[i] = col
			next++
		}
	}
	cols := make([]Column, len(r.keep))
	for to, from := range r.keep {
		cols[to] = all[from]
	}
	if r.opts.RejectedColumn != "" {
		cols = append(cols, NewBools(r.marks))
	}
	r.marks = r.marks[:0]
	if r.raw != nil {
		cols = append(cols, r.raw.build())
	}
	return array.NewRecord(r.schema, cols, int64(rows)), nil
}

func (r *recordIOReader) Close() error {
	if r.err == nil {
		r.err = io.ErrClosedPipe
	}
	return r.stream.Close()
}
