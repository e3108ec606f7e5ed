package dataset

import (
	"fmt"
	"math"
	"slices"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/theory/jsonpath/spec"
)

// Spread makes columns of the elements of a list column, one for each name, or of a number inside structures.
type Spread struct {
	Pick  Pick
	Names []string
}

// SpreadWidth is how many values a part of a column has in every row: 1 for a number, -1 where rows may differ; false if it holds no
// numbers.
func (p *Pick) SpreadWidth() (int, bool) {
	elem, width, list := listType(p.Field.Type)
	if !list {
		return 1, Numeric(p.Field.Type)
	}
	if width < 0 && len(p.steps) > 0 {
		width = certainWidth(p.steps[len(p.steps)-1])
	}
	return width, Numeric(elem)
}

// certainWidth is how many elements a step selects of every list that has them all; -1 if that depends on the list.
func certainWidth(step []spec.Selector) int {
	n := 0
	for _, s := range step {
		switch s := s.(type) {
		case spec.Index:
			n++
		case spec.SliceSelector:
			const long, longer = 1 << 20, 1<<20 + 1
			from, to := s.Bounds(long)
			if f, t := s.Bounds(longer); f != from || t != to {
				return -1
			}
			for i := from; i < to; i += s.Step() {
				n++
			}
		default:
			return -1
		}
	}
	return n
}

// SpreadFields are the columns that spreads make.
func SpreadFields(spreads []Spread) (fields []Field) {
	for _, s := range spreads {
		t := s.Pick.Field.Type
		if elem, _, ok := listType(t); ok {
			t = elem
		}
		to := Float64Type
		if t.ID() == arrow.FLOAT32 || t.ID() == arrow.FLOAT16 {
			to = Float32Type
		}
		for _, name := range s.Names {
			fields = append(fields, NullField(name, to))
		}
	}
	return fields
}

// spread adds the columns that lists are spread to behind the columns of schema, and says which rows have other numbers of elements.
func (o *ReadOptions) spread(object string, schema *Schema, cols []Column, rows int) (all []Column, bad []badValue, err error) {
	fields := SpreadFields(o.Spread)
	for _, s := range o.Spread {
		at := columnIndex(schema, s.Pick.Column)
		made, wrong, err := s.columns(cols[at], rows)
		if err != nil {
			return nil, nil, &SchemaError{Object: object, Column: s.Pick.Column, Reason: err.Error()}
		}
		for _, w := range wrong {
			w.column = at
			bad = append(bad, w)
		}
		for _, c := range made {
			narrow, _, err := cast(c, fields[0].Type)
			if err != nil {
				return nil, nil, err
			}
			cols, fields = append(cols, narrow), fields[1:]
		}
	}
	return cols, bad, nil
}

// withSpread is the schema with the columns that lists are spread to. A list that is not read is a *SchemaError.
func (o *ReadOptions) withSpread(object string, s *Schema) (*Schema, error) {
	for _, spread := range o.Spread {
		if columnIndex(s, spread.Pick.Column) < 0 {
			return nil, &SchemaError{Object: object, Column: spread.Pick.Column, Reason: "the column is not read"}
		}
	}
	if len(o.Spread) == 0 {
		return s, nil
	}
	return withFields(s, slices.Concat(s.Fields(), SpreadFields(o.Spread))), nil
}

// columns are the elements of each row, one column for each name. A row without a list misses all of them.
func (s *Spread) columns(col Column, rows int) (cols []Column, bad []badValue, err error) {
	col, steps := goInto(col, s.Pick.steps)
	defer col.Release()
	elements, bounds, list := listBounds(col)
	if !list { // a number inside structures, which is as good as a list of one
		elements, bounds = col, func(i int) (int, int) { return i, i + 1 }
	}
	all := make([]float64, elements.Len())
	if err := Float64s(elements, all); err != nil {
		return nil, nil, err
	}
	step := []spec.Selector{spec.WildcardSelector{}}
	if len(steps) > 0 {
		step = steps[0]
	}
	made := make([]fixedColumn[float64], len(s.Names))
	var at []int
	for i := range rows {
		from, to := bounds(i)
		if at = at[:0]; col.IsValid(i) {
			if at = positions(at, step, to-from); len(at) != len(made) {
				bad = append(bad, badValue{row: i, reason: fmt.Sprintf("a list of %d elements gives %d values, expected %d", to-from, len(at), len(made))})
				at = at[:0]
			}
		}
		for k := range made {
			v := math.NaN()
			if k < len(at) {
				v = all[from+at[k]]
			}
			made[k].append(v, v == v)
		}
	}
	for k := range made {
		cols = append(cols, made[k].build(Float64Type))
	}
	return cols, bad, nil
}
