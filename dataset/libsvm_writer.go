package dataset

import (
	"bytes"
	"fmt"
	"io"
	"math"
	"strconv"
)

// libsvmWriter writes "label[:weight] [qid:N] index:value ...". Sparse batches keep their indices. Of other batches the columns
// label, weight and qid are taken by name, where there is none the first column is the label, and every other column is a
// feature with its position from 1 as index; missing values and zeros are left out.
type libsvmWriter struct {
	w      io.Writer
	schema *Schema
	buf    bytes.Buffer
}

func newLibSVMWriter(w io.Writer, schema *Schema) (*libsvmWriter, error) {
	if !Sparse(schema) {
		for _, f := range schema.Fields() {
			if !Numeric(f.Type) {
				return nil, &SchemaError{Column: f.Name, Reason: fmt.Sprintf("libsvm holds numbers, not %s", typeWord(f.Type))}
			}
		}
	}
	return &libsvmWriter{w: w, schema: schema}, nil
}

func (l *libsvmWriter) Write(b Batch) error {
	if err := checkColumns(l.schema, b.Schema()); err != nil {
		return err
	}
	cols, features, err := l.columns(b)
	if err != nil {
		return err
	}
	rows := &SparseRows{}
	if Sparse(l.schema) {
		if rows, err = SparseColumns(b); err != nil {
			return err
		}
	}
	for i := 0; i < int(b.NumRows()); i++ {
		l.head(cols, i)
		if Sparse(l.schema) {
			idx, val := rows.Row(i)
			for k, v := range val {
				l.pair(int(idx[k]), float64(v), 32)
			}
		}
		for k, values := range features {
			if v := values[i]; v != 0 && !math.IsNaN(v) {
				l.pair(k+1, v, 64)
			}
		}
		l.buf.WriteByte('\n')
	}
	_, err = l.w.Write(l.buf.Bytes())
	l.buf.Reset()
	return err
}

// columns reads the columns of a batch as numbers: those with a part by name, and the features of a dense batch.
func (l *libsvmWriter) columns(b Batch) (parts map[string][]float64, features [][]float64, err error) {
	parts = map[string][]float64{}
	label := labelCol
	if columnIndex(l.schema, labelCol) < 0 && l.schema.NumFields() > 0 {
		label = l.schema.Field(0).Name
	}
	for k, f := range l.schema.Fields() {
		if f.Name == sparseIndexCol || f.Name == sparseValueCol {
			continue
		}
		values := make([]float64, b.NumRows())
		if err := Float64s(b.Column(k), values); err != nil {
			return nil, nil, err
		}
		switch f.Name {
		case label:
			parts[labelCol] = values
		case weightCol, qidCol:
			parts[f.Name] = values
		default:
			features = append(features, values)
		}
	}
	return parts, features, nil
}

func (l *libsvmWriter) head(parts map[string][]float64, i int) {
	if label, ok := parts[labelCol]; ok && !math.IsNaN(label[i]) {
		l.number(label[i], 64)
	} else {
		l.buf.WriteByte('0')
	}
	if w, ok := parts[weightCol]; ok && !math.IsNaN(w[i]) {
		l.buf.WriteByte(':')
		l.number(w[i], 64)
	}
	if q, ok := parts[qidCol]; ok && !math.IsNaN(q[i]) {
		l.buf.WriteString(" qid:")
		l.buf.Write(strconv.AppendInt(l.buf.AvailableBuffer(), int64(q[i]), 10))
	}
}

func (l *libsvmWriter) pair(index int, v float64, bits int) {
	l.buf.WriteByte(' ')
	l.buf.Write(strconv.AppendInt(l.buf.AvailableBuffer(), int64(index), 10))
	l.buf.WriteByte(':')
	l.number(v, bits)
}

// number writes a float32 that was widened in its short form.
func (l *libsvmWriter) number(v float64, bits int) {
	if float64(float32(v)) == v {
		bits = 32
	}
	l.buf.Write(appendFloat(l.buf.AvailableBuffer(), v, bits))
}

func (l *libsvmWriter) Close() error { return nil }
