package dataset

import (
	"fmt"
	"slices"

	"github.com/apache/arrow/go/v15/arrow/array"
)

// NewBatch makes a batch of columns, which it keeps. The columns must have rows values each.
func NewBatch(schema *Schema, cols []Column, rows int) Batch {
	return array.NewRecord(schema, cols, int64(rows))
}

// AppendColumns makes a batch with further columns after batch's own, whose memory it shares. The caller still releases both.
func AppendColumns(batch Batch, fields []Field, cols []Column) Batch {
	schema := withFields(batch.Schema(), slices.Concat(batch.Schema().Fields(), fields))
	return array.NewRecord(schema, slices.Concat(batch.Columns(), cols), batch.NumRows())
}

// SelectColumns makes a batch of the named columns in that order. A column that is not there is a *SchemaError.
func SelectColumns(batch Batch, names []string) (Batch, error) {
	schema, idx, err := selectFields(batch.Schema(), names)
	if err != nil {
		return nil, err
	}
	cols := make([]Column, len(idx))
	for i, j := range idx {
		cols[i] = batch.Column(j)
	}
	return array.NewRecord(schema, cols, batch.NumRows()), nil
}

func selectFields(schema *Schema, names []string) (*Schema, []int, error) {
	fields := make([]Field, len(names))
	idx := make([]int, len(names))
	for i, name := range names {
		j := columnIndex(schema, name)
		if j < 0 {
			return nil, nil, &SchemaError{Column: name, Reason: "the column is not there; there are " + listColumns(schema)}
		}
		fields[i], idx[i] = schema.Field(j), j
	}
	return withFields(schema, fields), idx, nil
}

// SparseSchema is the schema of NewSparseBatch.
func SparseSchema() *Schema { return libsvmSchema(false, false) }

// NewSparseBatch makes a batch of labelled sparse rows, which keeps the slices: row i has the values from starts[i] up to
// starts[i+1], and starts has one more element than there are rows.
func NewSparseBatch(label []float32, starts, indices []int32, values []float32) Batch {
	i, v := listColumn[int32]{starts[1:], indices}, listColumn[float32]{starts[1:], values}
	return NewBatch(SparseSchema(), []Column{NewFloat32(label), i.build(Int32Type), v.build(Float32Type)}, len(label))
}

// SparseRows gives access to the rows of a sparse batch: see Sparse.
type SparseRows struct {
	indices []int32
	values  []float32
	starts  []int32
}

// SparseColumns finds the sparse features in a batch. A batch without them is a *SchemaError.
func SparseColumns(batch Batch) (*SparseRows, error) {
	i, v := columnIndex(batch.Schema(), sparseIndexCol), columnIndex(batch.Schema(), sparseValueCol)
	if i < 0 || v < 0 {
		return nil, &SchemaError{Reason: "the rows are not sparse vectors"}
	}
	il, ok1 := batch.Column(i).(*array.List)
	vl, ok2 := batch.Column(v).(*array.List)
	if !ok1 || !ok2 {
		return nil, &SchemaError{Column: sparseIndexCol, Reason: fmt.Sprintf("is a %s, not a list", batch.Column(i).DataType())}
	}
	ia, ok1 := il.ListValues().(*array.Int32)
	va, ok2 := vl.ListValues().(*array.Float32)
	if !ok1 || !ok2 {
		return nil, &SchemaError{Column: sparseIndexCol, Reason: "sparse rows are lists of int32 and of float32"}
	}
	n := int(batch.NumRows())
	starts := il.Offsets()[il.Offset() : il.Offset()+n+1]
	if !slices.Equal(starts, vl.Offsets()[vl.Offset():vl.Offset()+n+1]) {
		return nil, &SchemaError{Column: sparseValueCol, Reason: "indices and values differ in length"}
	}
	return &SparseRows{indices: ia.Int32Values(), values: va.Float32Values(), starts: starts}, nil
}

// Row returns row i: the indices as they stand in the data, and the values. The slices are the batch's own memory.
func (s *SparseRows) Row(i int) (indices []int32, values []float32) {
	from, to := s.starts[i], s.starts[i+1]
	return s.indices[from:to], s.values[from:to]
}

// SparseRow returns one row of a sparse batch. Use SparseColumns for many rows.
func SparseRow(batch Batch, i int) (indices []int32, values []float32, err error) {
	s, err := SparseColumns(batch)
	if err != nil {
		return nil, nil, err
	}
	indices, values = s.Row(i)
	return indices, values, nil
}

// MissingRows makes a batch of rows without any value.
func MissingRows(schema *Schema, rows int) Batch {
	cols := make([]Column, schema.NumFields())
	for i, f := range schema.Fields() {
		cols[i] = nullColumn(f.Type, rows)
	}
	return NewBatch(schema, cols, rows)
}
