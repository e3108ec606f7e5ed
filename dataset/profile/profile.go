// Package profile describes every column of a table in one pass: type, rows, missing values, smallest and largest value,
// mean, standard deviation, number of different values, and the most frequent ones. Profiles of parts of a table merge
// into exactly the profile of the whole, whatever the parts and the order of merging: sums are kept without rounding and the
// sample of values is chosen by hash. So the report's bytes do not depend on how a table was cut into shards.
//
// A Profile takes at most about 40 KB per column. The package reads batches only; it knows no storage, no job, no format.
package profile

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/batchmill/batchmill/dataset"
)

// ErrMismatch says that profiles or batches are of different tables.
var ErrMismatch = errors.New("profile: columns do not match")

// Profile is what was observed of a table so far. Not safe for concurrent use; use one for each unit and merge.
type Profile struct {
	columns []*column
	hashes  []uint64
	numbers []float64
}

// New starts a profile of tables of that schema.
func New(schema *dataset.Schema) *Profile {
	p := &Profile{}
	for i := range schema.NumFields() {
		f := schema.Field(i)
		p.columns = append(p.columns, newColumn(f.Name, f.Type.String(), dataset.KindOf(f.Type)))
	}
	return p
}

// Observe adds the rows of a batch. It does not keep the batch.
func (p *Profile) Observe(batch dataset.Batch) error {
	if int(batch.NumCols()) != len(p.columns) {
		return fmt.Errorf("%w: %d columns, then %d", ErrMismatch, len(p.columns), batch.NumCols())
	}
	for i, c := range p.columns {
		if name := batch.ColumnName(i); name != c.name {
			return fmt.Errorf("%w: column %d is %q, then %q", ErrMismatch, i+1, c.name, name)
		}
		if err := p.observe(c, batch.Column(i)); err != nil {
			return err
		}
	}
	return nil
}

func (p *Profile) observe(c *column, values dataset.Column) error {
	p.hashes = dataset.HashValues(values, p.hashes)
	text, err := dataset.Strings(values)
	if err != nil { // lists and the like
		text = func(i int) (string, bool) { return values.ValueStr(i), values.IsValid(i) }
	}
	c.count(p.hashes, text)
	if c.kind == dataset.NumberKind || c.kind == dataset.BooleanKind {
		if n := values.Len(); cap(p.numbers) < n {
			p.numbers = make([]float64, n)
		}
		p.numbers = p.numbers[:values.Len()]
		if err := dataset.Float64s(values, p.numbers); err != nil {
			return err
		}
		c.measure(p.numbers)
		return nil
	}
	c.span(text, values.Len())
	return nil
}

// Merge adds a profile of other rows of the same table.
func (p *Profile) Merge(other *Profile) error {
	if len(p.columns) != len(other.columns) {
		return fmt.Errorf("%w: %d and %d columns", ErrMismatch, len(p.columns), len(other.columns))
	}
	for i, c := range p.columns {
		o := other.columns[i]
		if c.name != o.name || c.typ != o.typ {
			return fmt.Errorf("%w: column %d is %q of type %s and %q of type %s", ErrMismatch, i+1, c.name, c.typ, o.name, o.typ)
		}
	}
	for i, c := range p.columns {
		c.merge(other.columns[i])
	}
	return nil
}

// Marshal encodes the profile's state. Equal rows give equal bytes, in whatever parts they were observed.
func (p *Profile) Marshal() ([]byte, error) {
	states := make([]columnState, len(p.columns))
	for i, c := range p.columns {
		states[i] = c.state()
	}
	return json.Marshal(states)
}

// Unmarshal reads what Marshal wrote.
func Unmarshal(data []byte) (*Profile, error) {
	var states []columnState
	if err := json.Unmarshal(data, &states); err != nil {
		return nil, fmt.Errorf("profile: unreadable state: %w", err)
	}
	p := &Profile{}
	for _, s := range states {
		c, err := s.column()
		if err != nil {
			return nil, err
		}
		p.columns = append(p.columns, c)
	}
	return p, nil
}

// Report describes the columns in the table's order.
func (p *Profile) Report() []ColumnProfile {
	report := make([]ColumnProfile, len(p.columns))
	for i, c := range p.columns {
		report[i] = c.report()
	}
	return report
}
