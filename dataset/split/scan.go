package split

import (
	"errors"
	"fmt"

	"github.com/batchmill/batchmill/dataset"
)

// rowReader computes the strata and keys of a batch's rows.
type rowReader struct {
	splitter *Splitter
	column   int
	hash     func(dataset.Batch, []uint64) []uint64
	rows     []uint64 // row hashes
	values   []uint64 // hashes or order keys of the column's values
}

func (s *Splitter) newRowReader(schema *dataset.Schema) (*rowReader, error) {
	column, err := s.columnIndex(schema)
	if err != nil {
		return nil, err
	}
	return &rowReader{splitter: s, column: column, hash: dataset.RowHasher(schema)}, nil
}

// read prepares the rows of a batch for draw, stratum and key.
func (r *rowReader) read(batch dataset.Batch, firstRow int64) error {
	if r.splitter.strategy != Group {
		r.rows = r.hash(batch, r.rows)
	}
	switch {
	case r.column < 0:
	case r.splitter.strategy == Time:
		values, err := dataset.OrderKeys(batch.Column(r.column), r.splitter.column, r.values)
		if record := (*dataset.RecordError)(nil); errors.As(err, &record) {
			record.Row += firstRow
		}
		if err != nil {
			return err
		}
		r.values = values
	default:
		r.values = dataset.HashValues(batch.Column(r.column), r.values)
	}
	return nil
}

// draw is row i's uniform number in a split that needs no scan.
func (r *rowReader) draw(i int) uint64 {
	if r.column >= 0 {
		return r.splitter.draw(r.values[i])
	}
	return r.splitter.draw(r.rows[i])
}

func (r *rowReader) stratum(i int) uint64 {
	if r.splitter.strategy == Time {
		return 0
	}
	return r.values[i]
}

func (r *rowReader) key(i int, firstRow int64, object int) Key {
	k := Key{Draw: r.splitter.draw(r.rows[i]), Object: uint32(object), Row: firstRow + int64(i)}
	if r.splitter.strategy == Time {
		k.Time = r.values[i]
	}
	return k
}

// Collector observes batches in one pass. Not safe for concurrent use; use one for each unit or shard.
type Collector struct {
	rows    *rowReader
	before  *Decision
	summary *Summary
}

// Scan starts a pass over some of the table's rows. before is nil in the first pass and the last decision afterwards.
// All collectors of a split need one schema. Errors are *dataset.SchemaError.
func (s *Splitter) Scan(schema *dataset.Schema, before *Decision) (*Collector, error) {
	rows, err := s.newRowReader(schema)
	if err != nil {
		return nil, err
	}
	pass := 1
	if before != nil {
		pass = before.Pass + 1
	}
	types := ""
	if s.strategy == Time {
		types = schema.Field(rows.column).Type.String()
	}
	return &Collector{rows, before, newSummary(pass, types, s.keys)}, nil
}

// Observe adds a batch, whose first row is record firstRow of the object-th object of the table. Any numbering serves that
// orders the rows of an object and is the same in every pass and in Assign. A time that cannot be read is a
// *dataset.RecordError without Object.
func (c *Collector) Observe(batch dataset.Batch, firstRow int64, object int) error {
	if err := c.rows.read(batch, firstRow); err != nil {
		return err
	}
	for i := range int(batch.NumRows()) {
		id := c.rows.stratum(i)
		st, ok := c.summary.strata[id]
		if !ok {
			var err error
			if st, err = c.meet(id, batch, i); err != nil {
				return err
			}
		}
		st.rows++
		c.note(st, c.rows.key(i, firstRow, object))
	}
	c.summary.thin()
	return nil
}

func (c *Collector) meet(id uint64, batch dataset.Batch, i int) (*stratum, error) {
	st := &stratum{}
	if c.rows.splitter.strategy == Stratified && batch.Column(c.rows.column).IsValid(i) {
		st.label = batch.Column(c.rows.column).ValueStr(i)
	}
	spans := 1
	if c.before != nil {
		decided, ok := c.before.Strata[stratumID(id)]
		if !ok {
			return nil, fmt.Errorf("%w: stratum %q was not there in the pass before", ErrMismatch, st.label)
		}
		st.open = decided.Open()
		spans = len(st.open)
	}
	st.spans = make([]span, spans)
	c.summary.strata[id] = st
	return st, c.summary.checkStrata()
}

// note files a key under the spans it falls into.
func (c *Collector) note(st *stratum, k Key) {
	if c.before == nil {
		st.spans[0].sketch.add(k)
		c.summary.kept++
		return
	}
	for i, cut := range st.open {
		switch {
		case k.less(cut.Lo):
			st.spans[i].below++
		case k.less(cut.Hi):
			st.spans[i].sketch.add(k)
			c.summary.kept++
		}
	}
}

// Summary is what was observed. The collector must not be used afterwards.
func (c *Collector) Summary() *Summary { return c.summary }
