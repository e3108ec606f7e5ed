package dataset

import (
	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
	"github.com/apache/arrow/go/v15/parquet/file"
	"github.com/apache/arrow/go/v15/parquet/pqarrow"
)

// tryLeaves decodes the leaves of a column once and drops the result. The library reads structs in goroutines of its own, where
// a panic over corrupt pages would end the process; the leaves by themselves are read here, with the same steps.
func tryLeaves(r *file.Reader, field *pqarrow.SchemaField, group, batch int) error {
	for i := range field.Children {
		if err := tryLeaves(r, &field.Children[i], group, batch); err != nil {
			return err
		}
	}
	if !field.IsLeaf() {
		return nil
	}
	pages, err := r.RowGroup(group).GetColumnPageReader(field.ColIndex)
	if err != nil {
		return err
	}
	rr := file.NewRecordReader(r.MetaData().Schema.Column(field.ColIndex), field.LevelInfo, field.Field.Type, memory.DefaultAllocator, r.BufferPool())
	defer rr.Release()
	rr.SetPageReader(pages)
	for rr.HasMore() {
		rr.Reset()
		if err := rr.Reserve(int64(batch)); err != nil {
			return err
		}
		if n, err := rr.ReadRecords(int64(batch)); err != nil || n == 0 {
			return err
		}
	}
	return nil
}

func hasStruct(t DataType) bool {
	switch t := t.(type) {
	case *arrow.StructType, *arrow.MapType:
		return true
	case arrow.ListLikeType:
		return hasStruct(t.Elem())
	}
	return false
}

// sound says whether the parts of a nested column fit together, which the library does not check in corrupt files.
func sound(col Column) bool {
	switch c := col.(type) {
	case *array.Struct:
		for i := 0; i < c.NumField(); i++ {
			if c.Field(i).Len() != c.Len() || !sound(c.Field(i)) {
				return false
			}
		}
	case array.ListLike:
		values := c.ListValues()
		last := int64(0)
		for i := 0; i < c.Len(); i++ {
			from, to := c.ValueOffsets(i)
			if from < last || to < from {
				return false
			}
			last = to
		}
		return last <= int64(values.Len()) && sound(values)
	}
	return true
}
