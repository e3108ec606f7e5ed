package dataset

import (
	"context"
	"io"

	"github.com/apache/arrow/go/v15/arrow"
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

// recordIOColumns looks at the first records only: sparse vectors if one of them is, else as many features as the first has. Numbers
// are float64, which holds any other kind; labels are left out.
func recordIOColumns(ctx context.Context, obj Object, m Media) (*Schema, error) {
	var first recordShape
	message, seen, sparse := recordMessage{}, 0, false
	err := peek(ctx, obj, m, nil, func(rec record) (bool, error) {
		seen++
		if _, reason := message.parse(rec.text); reason == "" { // a record that cannot be read is the reader's to report
			sparse = sparse || message.features.sparse()
			if first.rows == 0 {
				first.add(&message)
			}
		}
		return seen < peekRecords && !sparse, nil
	})
	return (&recordShape{sparse: sparse, width: first.width}).schema(), err
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
