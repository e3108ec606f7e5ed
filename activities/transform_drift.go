package activities

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"

	"github.com/batchmill/batchmill/algorithms"
	"github.com/batchmill/batchmill/dataset"
)

// columnOrder is the order in which a model without names of its own takes columns that have names: the first object's.
type columnOrder struct {
	Object string
	Names  []string
}

// orderOf is the order that an object sets for those behind it; nil where the model or the columns leave nothing to set.
func orderOf(p algorithms.MultiPredictor, object dataset.Object, b *bound) *columnOrder {
	made := func(f algorithms.Feature) bool { return f.Made }
	if !b.named || !slices.ContainsFunc(p.Features(), made) {
		return nil
	}
	return &columnOrder{object.Name(), b.columns}
}

// apply finds the columns among those of an object, which must all be there. Others are left out.
func (o *columnOrder) apply(object dataset.Object, roles *dataset.Roles) error {
	if o == nil || !roles.Named {
		return nil
	}
	for _, name := range o.Names {
		if !slices.Contains(roles.Features, name) {
			return &dataset.SchemaError{Object: object.Name(), Other: o.Object, Column: name, Reason: "the column is not there; the model has no names of its own, so the first object's columns are taken"}
		}
	}
	roles.Features = o.Names
	return nil
}

// drift notes what the inputs' columns hold, as far as types tell: numbers in one file and times in another are numbers to a model, too.
type drift struct {
	mu    sync.Mutex
	first map[string]int // by what the columns hold: the first input of which that is so
	names []string       // of the columns
}

// Kinds of columns that must not be mixed.
const (
	holdsNothing  = '0' // no value, or what cannot be mistaken
	holdsNumbers  = 'n'
	holdsBooleans = 'b'
	holdsTimes    = 't'
	holdsDates    = 'd'
)

var kindWords = map[byte]string{holdsNumbers: "numbers", holdsBooleans: "booleans", holdsTimes: "timestamps", holdsDates: "dates"}

// note takes an input in.
func (d *drift) note(i int, b *bound) {
	if !b.media.Format.Typed() {
		return
	}
	names := slices.Clone(b.columns)
	if b.named {
		slices.Sort(names)
	}
	kinds := make([]byte, len(names))
	for k, name := range names {
		kinds[k] = holds(b.read.Field(b.read.FieldIndices(name)[0]).Type)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.first == nil {
		d.first, d.names = make(map[string]int), names
	}
	if at, seen := d.first[string(kinds)]; !seen || i < at {
		d.first[string(kinds)] = i
	}
}

func holds(t dataset.DataType) byte {
	switch {
	case dataset.KindOf(t) == dataset.NumberKind:
		return holdsNumbers
	case dataset.KindOf(t) == dataset.BooleanKind:
		return holdsBooleans
	case dataset.Days(t):
		return holdsDates
	case dataset.KindOf(t) == dataset.TimeKind:
		return holdsTimes
	}
	return holdsNothing
}

// check names the first input, and the first of its columns, that holds something else than in an input before it.
func (d *drift) check(inputs []input) error {
	if len(d.first) < 2 {
		return nil
	}
	all := make([]string, 0, len(d.first))
	for kinds := range d.first {
		all = append(all, kinds)
	}
	slices.SortFunc(all, func(a, b string) int { return d.first[a] - d.first[b] })
	before, from := []byte(all[0]), make([]int, len(all[0]))
	for k := range from {
		from[k] = d.first[all[0]]
	}
	for _, kinds := range all[1:] {
		for k := range min(len(kinds), len(before)) {
			switch here := kinds[k]; {
			case here == before[k] || here == holdsNothing:
			case before[k] == holdsNothing:
				before[k], from[k] = here, d.first[kinds]
			default:
				return &dataset.SchemaError{Object: inputs[d.first[kinds]].URI.String(), Other: inputs[from[k]].URI.String(), Column: d.names[k],
					Reason: fmt.Sprintf("holds %s here and %s there", kindWords[here], kindWords[before[k]])}
			}
		}
	}
	return nil
}

// A text object's first records tell whether a column holds what the model wants. With fewer than the least, or where so many may be
// rejected, that is left to those who read all of it.
const (
	probeRecords = 64
	probeLeast   = 8
)

// probe refuses a text object of whose first records none can be read, all because of one column.
func (b *bound) probe(ctx context.Context, object dataset.Object, params *transformParams) error {
	if !b.media.Format.Lines() || params.documents() || params.wholeDocuments() {
		return nil
	}
	var bad []*dataset.RecordError
	r, err := dataset.NewReader(ctx, object, dataset.ReadOptions{
		Media: b.media, Schema: b.schema, Columns: b.stored, Path: b.pick, BatchRows: probeRecords, RejectedColumn: rejectedColumn,
		OnReject: func(e *dataset.RecordError) error { bad = append(bad, e); return nil },
	})
	if err != nil {
		return inputError(object, err)
	}
	defer r.Close()
	batch, err := r.Next()
	if errors.Is(err, io.EOF) {
		return nil
	}
	if err != nil {
		return inputError(object, err)
	}
	rows := batch.NumRows()
	batch.Release()
	if rows < probeLeast || int64(len(bad)) < rows || params.Max.Allows(rows, rows) {
		return nil
	}
	column := bad[0].Column
	if column == "" || slices.ContainsFunc(bad, func(e *dataset.RecordError) bool { return e.Column != column }) {
		return nil
	}
	return &dataset.SchemaError{Object: object.Name(), Column: column, Reason: fmt.Sprintf("none of the first %d records can be read: line %d: %s", rows, bad[0].Line, bad[0].Reason)}
}
