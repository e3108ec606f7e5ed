package dataset

import (
	"context"
	"errors"
	"io"
	"math"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
)

// recordShape is what records hold: the schema follows from it.
type recordShape struct {
	sparse  bool
	width   int  // of dense features
	labels  int  // values of the label
	narrow  bool // features are float32 all over; else float64
	narrowY bool // the same of labels
	rows    int64
}

// schema has a column for each value of the label, then one for each feature, or sparse vectors.
func (s *recordShape) schema() *Schema {
	var fields []Field
	for _, name := range labelNames(s.labels)[:s.labels] {
		fields = append(fields, NullField(name, floatType(s.narrowY)))
	}
	rows := recordRows
	if s.sparse {
		rows = sparseRows
		fields = append(fields,
			Field{Name: sparseIndexCol, Type: arrow.ListOfNonNullable(Int32Type)},
			Field{Name: sparseValueCol, Type: arrow.ListOfNonNullable(Float32Type)})
	} else {
		for i := range s.width {
			fields = append(fields, NullField(positionName(i), floatType(s.narrow)))
		}
	}
	md := arrow.NewMetadata([]string{namesKey, sparseKey}, []string{positional, rows})
	return arrow.NewSchema(fields, &md)
}

func floatType(narrow bool) DataType {
	if narrow {
		return Float32Type
	}
	return Float64Type
}

// add widens the shape by a record.
func (s *recordShape) add(m *recordMessage) {
	if s.rows == 0 {
		s.narrow, s.narrowY = true, true
	}
	s.rows++
	s.sparse = s.sparse || m.features.sparse()
	s.width, s.labels = max(s.width, len(m.features.values)), max(s.labels, len(m.label.values))
	s.narrow = s.narrow && (m.features.kind == valueFloat32 || m.features.kind == 0)
	s.narrowY = s.narrowY && (m.label.kind == valueFloat32 || m.label.kind == 0)
}

// inferRecordIO reads an object through for its shape.
func inferRecordIO(ctx context.Context, obj Object, m Media) (*objectSchema, error) {
	stream, err := openLines(ctx, obj, m, 0, 0)
	if err != nil {
		return nil, err
	}
	defer stream.Close()
	shape, frames, message := recordShape{}, frameReader{r: stream}, recordMessage{}
	for {
		payload, err := frames.next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, recordFault(obj.Name(), shape.rows+1, err)
		}
		if column, reason := message.parse(payload); reason != "" {
			return nil, &RecordError{Object: obj.Name(), RowGroup: -1, Row: shape.rows + 1, Column: column, Reason: reason}
		}
		if n := len(message.features.values); !message.features.sparse() && !shape.sparse && shape.rows > 0 && n != shape.width {
			return nil, &RecordError{Object: obj.Name(), RowGroup: -1, Row: shape.rows + 1, Column: "features", Reason: "has " + itoa(n) + " values, those before have " + itoa(shape.width)}
		}
		shape.add(&message)
	}
	if shape.rows == 0 {
		return nil, nil
	}
	s := shape.schema()
	return &objectSchema{object: obj.Name(), schema: s, empty: make([]bool, s.NumFields())}, nil
}

// reconcileRecords finds the schema that all objects can be read with: sparse if one of them is.
func reconcileRecords(all []*objectSchema) (*Schema, error) {
	joint := recordShape{narrow: true, narrowY: true}
	dense := -1
	for i, o := range all {
		labels := recordLabels(o.schema)
		for j, f := range o.schema.Fields() {
			switch {
			case j < labels:
				joint.narrowY = joint.narrowY && sameType(f.Type, Float32Type)
			case !Sparse(o.schema):
				joint.narrow = joint.narrow && sameType(f.Type, Float32Type)
			}
		}
		joint.labels = max(joint.labels, labels)
		if Sparse(o.schema) {
			joint.sparse = true
			continue
		}
		width := o.schema.NumFields() - labels
		if dense >= 0 && width != joint.width {
			return nil, &SchemaError{Object: o.object, Other: all[dense].object, Reason: "has records of " + itoa(width) + " features, the other of " + itoa(joint.width)}
		}
		dense, joint.width = i, width
	}
	return joint.schema(), nil
}

// recordLabels is how many leading columns of a schema are values of the label.
func recordLabels(s *Schema) int {
	n := 0
	for n < s.NumFields() && s.Field(n).Name == labelNames(n + 1)[n] {
		n++
	}
	return n
}

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
	row     int64
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
	if r.stream, err = openLines(ctx, obj, o.Media, 0, 0); err != nil {
		return nil, err
	}
	r.frames.r = r.stream
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
		column, reason := r.add(payload)
		if reason == "" {
			rows++
			bytes += len(payload)
			continue
		}
		bad := &RecordError{Object: r.name, RowGroup: -1, Row: r.row, Column: column, Reason: reason}
		if r.opts.OnReject == nil {
			r.err = bad
			break
		}
		if err := r.opts.OnReject(bad); err != nil {
			r.err = err
			break
		}
	}
	if r.err != nil && r.err != io.EOF || rows == 0 {
		return nil, r.err
	}
	return r.batch(rows)
}

// add appends a record to the columns.
func (r *recordIOReader) add(payload []byte) (column, reason string) {
	m := &r.message
	if column, reason = m.parse(payload); reason != "" {
		return column, reason
	}
	if n := len(m.label.values); n > r.labels {
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
	appendVector(r.columns[:r.labels], m.label.values)
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
	return array.NewRecord(r.schema, cols, int64(rows)), nil
}

func (r *recordIOReader) Close() error {
	if r.err == nil {
		r.err = io.ErrClosedPipe
	}
	return r.stream.Close()
}
