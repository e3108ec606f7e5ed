package dataset

import (
	"fmt"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/theory/jsonpath/spec"
)

// Pick is a column, or a part of each of its values: a member of a structure, an element or some elements of a list.
type Pick struct {
	Column string // the table's
	Field  Field  // what comes out, under the column's name
	steps  [][]spec.Selector
}

// Whole says whether all of the column is taken.
func (p *Pick) Whole() bool { return len(p.steps) == 0 }

// Picks resolves the path against a table, whose last columns are a model's outputs, as many as that. Structures are gone into by name,
// lists cut by positions and slices, as their last step. Errors are *PathError and name the column.
func (p *Path) Picks(schema *Schema, outputs int) ([]Pick, error) {
	var names []string
	if Named(schema) {
		names = ColumnNames(schema)
	}
	if p.Whole() {
		picks := make([]Pick, schema.NumFields())
		for i, f := range schema.Fields() {
			picks[i] = Pick{Column: f.Name, Field: f}
		}
		return picks, nil
	}
	at, err := p.first(schema.NumFields(), names, outputs)
	if err != nil {
		return nil, err
	}
	picks := make([]Pick, len(at))
	for i, c := range at {
		f := schema.Field(c)
		picks[i] = Pick{Column: f.Name, Field: f, steps: p.segments[1:]}
		t, reason := typeOfSteps(f.Type, p.segments[1:])
		if reason != "" {
			return nil, &PathError{p.text, fmt.Sprintf("column %q %s", f.Name, reason)}
		}
		if len(p.segments) > 1 {
			picks[i].Field = NullField(f.Name, t)
		}
	}
	return picks, nil
}

// typeOfSteps is the type of a part of a value.
func typeOfSteps(t DataType, steps [][]spec.Selector) (DataType, string) {
	if len(steps) == 0 {
		return t, ""
	}
	if s, ok := t.(*arrow.StructType); ok {
		i, reason := memberOf(s, steps[0])
		if reason != "" {
			return nil, reason
		}
		return typeOfSteps(s.Field(i).Type, steps[1:])
	}
	elem, width, ok := listType(t)
	switch {
	case !ok:
		return nil, fmt.Sprintf("holds %s, which has no members", typeWord(t))
	case len(steps) > 1:
		return nil, "holds lists, of whose elements no members can be taken"
	}
	for _, s := range steps[0] {
		if _, ok := s.(spec.Name); ok {
			return nil, fmt.Sprintf("holds lists, which have positions and no member %s", s)
		}
	}
	if _, ok := elem.(arrow.FixedWidthDataType); !ok || elem.ID() == arrow.BOOL {
		return nil, fmt.Sprintf("holds lists of %s, which cannot be cut", typeWord(elem))
	}
	if _, ok := steps[0][0].(spec.Index); ok && len(steps[0]) == 1 {
		return elem, ""
	}
	if width < 0 {
		return arrow.ListOf(elem), ""
	}
	return arrow.FixedSizeListOf(int32(len(positions(nil, steps[0], width))), elem), ""
}

// memberOf finds the one member of a structure that a step names.
func memberOf(s *arrow.StructType, step []spec.Selector) (int, string) {
	name, ok := step[0].(spec.Name)
	if !ok || len(step) > 1 {
		return 0, "holds structures: of these one member can be taken, by name"
	}
	i, ok := s.FieldIdx(string(name))
	if !ok {
		names := make([]string, len(s.Fields()))
		for i, f := range s.Fields() {
			names[i] = f.Name
		}
		return 0, fmt.Sprintf("has no member %q; there are %s", string(name), listNames(names))
	}
	return i, ""
}

// List says whether values of a type are lists.
func List(t DataType) bool {
	_, _, ok := listType(t)
	return ok
}

// listType is the type of a list's elements, and their number where all lists have the same, else -1.
func listType(t DataType) (elem DataType, width int, ok bool) {
	switch t := t.(type) {
	case *arrow.ListType:
		return t.Elem(), -1, true
	case *arrow.LargeListType:
		return t.Elem(), -1, true
	case *arrow.FixedSizeListType:
		return t.Elem(), int(t.Len()), true
	}
	return nil, 0, false
}

// positions appends those that a step selects of a list of n elements. A single position that is not there is -1; within several steps
// it selects nothing.
func positions(dst []int, step []spec.Selector, n int) []int {
	for _, s := range step {
		switch s := s.(type) {
		case spec.Index:
			i := int(s)
			if i < 0 {
				i += n
			}
			if i >= 0 && i < n {
				dst = append(dst, i)
			}
		case spec.SliceSelector:
			from, to := s.Bounds(n)
			for i := from; i < to; i += s.Step() {
				dst = append(dst, i)
			}
		default: // a wildcard
			for i := range n {
				dst = append(dst, i)
			}
		}
	}
	return dst
}

// PickSchema is the schema of what PickColumns makes.
func PickSchema(s *Schema, picks []Pick) *Schema {
	fields := make([]Field, len(picks))
	for i, p := range picks {
		fields[i] = p.Field
	}
	return withFields(s, fields)
}

// PickColumns makes a batch of parts of columns.
func PickColumns(b Batch, picks []Pick) (Batch, error) {
	cols := make([]Column, len(picks))
	defer func() {
		for _, c := range cols {
			if c != nil {
				c.Release()
			}
		}
	}()
	for i, p := range picks {
		at := columnIndex(b.Schema(), p.Column)
		if at < 0 {
			return nil, &SchemaError{Column: p.Column, Reason: "the column is not there"}
		}
		var err error
		if cols[i], err = p.of(b.Column(at)); err != nil {
			return nil, &SchemaError{Column: p.Column, Reason: err.Error()}
		}
	}
	return array.NewRecord(PickSchema(b.Schema(), picks), cols, b.NumRows()), nil
}

// of takes the part of a column.
func (p *Pick) of(col Column) (Column, error) {
	col, steps := goInto(col, p.steps)
	if len(steps) == 0 {
		return col, nil
	}
	defer col.Release()
	return cutLists(col, steps[0], p.Field.Type)
}

// goInto follows the steps that name members of structures; the caller releases the column.
func goInto(col Column, steps [][]spec.Selector) (Column, [][]spec.Selector) {
	col.Retain()
	for len(steps) > 0 {
		s, ok := col.(*array.Struct)
		if !ok {
			break
		}
		i, _ := memberOf(s.DataType().(*arrow.StructType), steps[0])
		marks := make([]bool, s.Len())
		for r := range marks {
			marks[r] = s.IsNull(r)
		}
		member := MaskMissing(s.Field(i), NewBools(marks))
		col.Release()
		col, steps = member, steps[1:]
	}
	return col, steps
}

// listBounds is where the elements of each row's list are among the elements.
func listBounds(col Column) (elements Column, bounds func(i int) (from, to int), ok bool) {
	switch a := col.(type) {
	case *array.FixedSizeList:
		n := int(a.DataType().(*arrow.FixedSizeListType).Len())
		return a.ListValues(), func(i int) (int, int) { return (a.Data().Offset() + i) * n, (a.Data().Offset() + i + 1) * n }, true
	case *array.List:
		return a.ListValues(), func(i int) (int, int) { from, to := a.ValueOffsets(i); return int(from), int(to) }, true
	case *array.LargeList:
		return a.ListValues(), func(i int) (int, int) { from, to := a.ValueOffsets(i); return int(from), int(to) }, true
	}
	return nil, nil, false
}
