package xgboost

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/batchmill/batchmill/algorithms"
	"github.com/batchmill/batchmill/dataset"
)

// binding says where a batch holds each feature of a layout.
type binding struct {
	layout  *layout
	columns []int                // by feature; nil for sparse rows
	codes   []*dataset.TextIndex // by feature; nil for numbers
}

// bind matches a layout with the columns of a schema. available lists the columns that may be features, by name.
func bind(l *layout, schema *dataset.Schema, available []string, named bool) (*binding, error) {
	b := &binding{layout: l, codes: make([]*dataset.TextIndex, len(l.Features))}
	for i, f := range l.Features {
		if f.Kind == kindText {
			b.codes[i] = dataset.NewTextIndex(f.Categories)
		}
	}
	if dataset.Sparse(schema) {
		for _, f := range l.Features {
			if f.Kind == kindText {
				return nil, &algorithms.DataError{Column: f.Name, Reason: "the model wants text here, but the rows are sparse numbers"}
			}
		}
		return b, nil
	}
	if l.Sparse {
		// A dense row is a sparse one with every index from 0 on.
		named = false
	}
	var err error
	if l.Named && named {
		err = b.byName(schema, available)
	} else {
		err = b.byPosition(schema, available)
	}
	if err != nil {
		return nil, err
	}
	b.takeCodes(schema)
	return b, b.checkTypes(schema)
}

// takeCodes leaves numbers as they are where a model from elsewhere knows its categories as words: they can only be codes.
func (b *binding) takeCodes(schema *dataset.Schema) {
	for i, f := range b.layout.Features {
		if f.codesToo && dataset.Numeric(schema.Field(b.columns[i]).Type) && !slices.ContainsFunc(f.Categories, isNumber) {
			b.codes[i] = nil
		}
	}
}

func isNumber(s string) bool {
	_, err := strconv.ParseFloat(s, 64)
	return err == nil
}

func (b *binding) byName(schema *dataset.Schema, available []string) error {
	at := map[string]int{}
	for _, name := range available {
		if i := schema.FieldIndices(name); len(i) > 0 {
			at[name] = i[0]
		}
	}
	var missing []string
	for _, f := range b.layout.Features {
		i, ok := at[f.Name]
		if !ok {
			missing = append(missing, f.Name)
		}
		b.columns = append(b.columns, i)
	}
	if len(missing) == 0 {
		return nil
	}
	wanted := map[string]bool{}
	for _, f := range b.layout.Features {
		wanted[f.Name] = true
	}
	var unused []string
	for _, name := range available {
		if !wanted[name] {
			unused = append(unused, name)
		}
	}
	reason := fmt.Sprintf("the model was trained with it, but it is not there: %d of %d columns the model needs are missing", len(missing), len(b.layout.Features))
	if len(missing) > 1 {
		reason += " (" + list(missing) + ")"
	}
	if len(unused) > 0 {
		reason += "; columns the model does not know: " + list(unused)
	}
	return &algorithms.DataError{Column: missing[0], Reason: reason}
}

// list joins names, at most 20 of them.
func list(names []string) string {
	if len(names) > 20 {
		return strings.Join(names[:20], ", ") + fmt.Sprintf(" and %d more", len(names)-20)
	}
	return strings.Join(names, ", ")
}

func (b *binding) byPosition(schema *dataset.Schema, available []string) error {
	if len(available) != len(b.layout.Features) {
		return &algorithms.DataError{Reason: fmt.Sprintf("the model was trained with %d feature columns, but there are %d", len(b.layout.Features), len(available))}
	}
	for _, name := range available {
		b.columns = append(b.columns, schema.FieldIndices(name)[0])
	}
	return nil
}

func (b *binding) checkTypes(schema *dataset.Schema) error {
	for i, f := range b.layout.Features {
		field := schema.Field(b.columns[i])
		if f.Kind != kindText && !dataset.Numeric(field.Type) {
			return &algorithms.DataError{Column: field.Name, Reason: fmt.Sprintf("the model was trained with numbers here, but the column is of type %s", field.Type)}
		}
	}
	return nil
}

// fill writes the features of a batch to columns, missing values and unseen categories as NaN. Each of columns has room for
// the batch's rows or is nil, if nobody asks for that feature.
func (b *binding) fill(batch dataset.Batch, columns [][]float32) error {
	if b.columns == nil {
		return b.fillSparse(batch, columns)
	}
	for f, at := range b.columns {
		if columns[f] == nil {
			continue
		}
		col, err := batch.Column(at), error(nil)
		if dst := columns[f][:col.Len()]; b.codes[f] == nil {
			err = dataset.Floats(col, dst)
		} else {
			err = b.codes[f].Numbers(col, dst, nil)
		}
		if err != nil {
			return &algorithms.DataError{Column: b.layout.Features[f].Name, Reason: err.Error()}
		}
	}
	return nil
}

// view returns the features of a batch, those that used names (nil: all): the batch's own memory where a column is as the model
// takes it, else what fill wrote to own, which is kept from batch to batch.
func (b *binding) view(batch dataset.Batch, own *[][]float32, used []bool) ([][]float32, error) {
	n := int(batch.NumRows())
	if b.columns == nil { // sparse rows lie in no columns
		*own = blank(*own, len(b.layout.Features), used, n)
		return *own, b.fillSparse(batch, *own)
	}
	columns, filled := make([][]float32, len(b.columns)), make([][]float32, len(b.columns))
	if len(*own) == 0 {
		*own = make([][]float32, len(b.columns))
	}
	for f, at := range b.columns {
		if used != nil && !used[f] {
			continue
		}
		if values, ok := dataset.Float32Values(batch.Column(at)); ok && b.codes[f] == nil {
			columns[f] = values
			continue
		}
		if len((*own)[f]) < n {
			(*own)[f] = make([]float32, n)
		}
		filled[f] = (*own)[f]
		columns[f] = filled[f]
	}
	return columns, b.fill(batch, filled)
}

var nan = float32(math.NaN())

// fillSparse spreads sparse rows. Indices the model does not know are left out: no tree asks for them.
func (b *binding) fillSparse(batch dataset.Batch, columns [][]float32) error {
	rows, err := dataset.SparseColumns(batch)
	if err != nil {
		return err
	}
	n := int(batch.NumRows())
	for _, c := range columns {
		for i := range c[:min(n, len(c))] {
			c[i] = nan
		}
	}
	for r := range n {
		indices, values := rows.Row(r)
		for k, i := range indices {
			if i >= 0 && int(i) < len(columns) && columns[i] != nil {
				columns[i][r] = values[k]
			}
		}
	}
	return nil
}

// blank makes columns for rows of count features, all of them where used is nil, or takes given ones that are large enough.
func blank(columns [][]float32, count int, used []bool, rows int) [][]float32 {
	return blankOf(columns, count, used, rows)
}

func blankOf[V float32 | float64](columns [][]V, count int, used []bool, rows int) [][]V {
	if len(columns) == count {
		enough := true
		for f, c := range columns {
			enough = enough && (len(c) >= rows || used != nil && !used[f])
		}
		if enough {
			return columns
		}
	}
	columns = make([][]V, count)
	for f := range columns {
		if used == nil || used[f] {
			columns[f] = make([]V, rows)
		}
	}
	return columns
}
