package dataset

import (
	"slices"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
)

// reject reports rows with bad values, each once, for its first bad column, and leaves them out, or marks them where o asks for that.
func (o *ReadOptions) reject(b Batch, bad []badValue, record func(badValue) *RecordError) (Batch, error) {
	slices.SortStableFunc(bad, func(a, b badValue) int { return a.row - b.row })
	bad = slices.CompactFunc(bad, func(a, b badValue) bool { return a.row == b.row })
	marks := make([]bool, b.NumRows())
	for _, v := range bad {
		marks[v.row] = true
		e := record(v)
		if o.OnReject == nil {
			return nil, e
		}
		if err := o.OnReject(e); err != nil {
			return nil, err
		}
	}
	switch {
	case o.RejectedColumn != "":
		return AppendColumns(b, []Field{o.rejectedField()}, []Column{NewBools(marks)}), nil
	case len(bad) == 0:
		return b, nil
	}
	return withoutRows(b, bad)
}

func (o *ReadOptions) rejectedField() Field { return Field{Name: o.RejectedColumn, Type: BoolType} }

// withRejected is the schema of the batches, with the column of marks where there is one.
func (o *ReadOptions) withRejected(s *Schema) *Schema {
	if o.RejectedColumn == "" {
		return s
	}
	return withFields(s, append(slices.Clone(s.Fields()), o.rejectedField()))
}

func withoutRows(b Batch, bad []badValue) (Batch, error) {
	defer b.Release()
	var runs []Batch
	from := 0
	for _, v := range bad {
		runs = append(runs, b.NewSlice(int64(from), int64(v.row)))
		from = v.row + 1
	}
	runs = append(runs, b.NewSlice(int64(from), b.NumRows()))
	return concatBatches(b.Schema(), runs)
}

// MaskMissing makes the values of a column missing where marks, a column of booleans, is true. The column's values are shared.
func MaskMissing(col, marks Column) Column {
	m := marks.(*array.Boolean)
	var v validity
	for i := range col.Len() {
		v.append(col.IsValid(i) && !m.Value(i))
	}
	if v.nulls == 0 {
		col.Retain()
		return col
	}
	d := col.Data()
	if d.Offset() != 0 { // the mask would have to be shifted
		whole, err := array.Concatenate([]arrow.Array{col}, memory.DefaultAllocator)
		if err != nil {
			panic(err) // one array is always of one type
		}
		d = whole.Data()
	}
	buffers := slices.Clone(d.Buffers())
	buffers[0] = v.buffer()
	return array.MakeFromData(array.NewData(d.DataType(), d.Len(), buffers, d.Children(), v.nulls, 0))
}
