package activities

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/batchmill/batchmill/activities/sharding"
	"github.com/batchmill/batchmill/dataset"
	"github.com/batchmill/batchmill/storage"
)

// rescoring predicts rows of one object again and compares them with its output.
type rescoring struct {
	*chosenRows
	t      *transformShard
	pinned sharding.Input
	input  dataset.Object
	gone   map[rejectedAt]bool // records that the job has rejected
	passed func(rows int64)    // is told of rows that were read

	schema   *dataset.Schema // of the output, where it is a table
	media    dataset.Media   // of the output
	output   *rowCursor
	again    bytes.Buffer // what the job would write
	began    int64        // rows of the input before this unit
	row      int64        // of the input: how many are passed
	record   int64        // of the output: how many are passed
	unit     uint64       // of them in this unit
	compared int64
}

// differsError says where an output is not what is predicted again.
type differsError struct{ text string }

func (e *differsError) Error() string { return e.text }

// errEnough ends the reading behind the last row that is asked for.
var errEnough = errors.New("activities: enough was compared")

func (r *rescoring) run(ctx context.Context, a *Activities) error {
	r.input = dataset.Remember(r.input, true)
	if err := r.t.begin(ctx, r.input); err != nil {
		return err
	}
	units, err := r.units(ctx, a)
	if err != nil {
		return err
	}
	uri, err := storage.ParseURI(r.out.URI)
	if err != nil {
		return err
	}
	info, err := a.store.Stat(ctx, uri)
	if err != nil {
		return err
	}
	output := storage.NewObject(a.store, info)
	if r.t.answering {
		return r.documents(ctx, output, units)
	}
	if err := r.open(ctx, output); err != nil {
		return err
	}
	defer r.output.close()
	for i := range units {
		if err := r.oneUnit(ctx, &units[i]); err != nil && !errors.Is(err, errEnough) {
			return err
		}
	}
	return nil
}

// units are those of the job where they can show in the output or what was read; else the object is one.
func (r *rescoring) units(ctx context.Context, a *Activities) ([]dataset.Unit, error) {
	if r.t.bound.media.Format == dataset.Parquet || r.t.params.Capture != nil {
		return dataset.Units(ctx, r.input, r.t.bound.media, a.unitBytes(r.t.params))
	}
	return []dataset.Unit{{Length: r.in.Size, Rows: -1, FirstLine: 1}}, nil
}

// open opens the output.
func (r *rescoring) open(ctx context.Context, output dataset.Object) (err error) {
	r.media = r.t.bound.records.Media
	if !r.t.asRecords() {
		if r.schema, err = r.t.bound.tableSchema(r.input); err != nil {
			return err
		}
	}
	r.output, err = openRows(ctx, output, r.media)
	r.media.Header = false // rows that are predicted again have none
	return err
}

// oneUnit compares a unit's rows. One that could not be read is not tried again.
func (r *rescoring) oneUnit(ctx context.Context, unit *dataset.Unit) error {
	if r.row >= r.end {
		return errEnough
	}
	r.unit, r.began = 0, r.row
	r.t.ids.begin(r.t.params.Capture, r.pinned, unit.Index)
	if r.allGone(unit) {
		r.row += unit.Rows
		r.passed(unit.Rows)
		if !r.t.params.KeepRejected {
			return nil
		}
		return r.pass(unit.Rows)
	}
	return r.t.readUnit(ctx, r.input, unit, func(batch dataset.Batch) error { return r.batch(ctx, batch) }, rejectedColumn)
}

// allGone says whether every row of a unit was rejected.
func (r *rescoring) allGone(unit *dataset.Unit) bool {
	for i := range unit.Rows {
		if !r.gone[rejectedAt{row: unit.FirstRow + i + 1}] {
			return false
		}
	}
	return unit.Rows > 0
}

// What becomes of a row.
const (
	rowAbsent = iota // has left nothing in the output
	rowPassed        // is not looked at
	rowScored
)

func (r *rescoring) batch(ctx context.Context, batch dataset.Batch) error {
	marks := dataset.Bools(rejectMarks(batch))
	first := r.row
	for from := 0; from < len(marks); {
		fate, to := r.fate(first+int64(from), marks[from]), from+1
		for to < len(marks) && r.fate(first+int64(to), marks[to]) == fate {
			to++
		}
		r.row = first + int64(from)
		if err := r.rows(ctx, batch, from, to, fate); err != nil {
			return err
		}
		from = to
	}
	r.row = first + int64(len(marks))
	r.passed(int64(len(marks)))
	if r.row >= r.end {
		return errEnough
	}
	return nil
}

// fate is what becomes of a row that the reader rejects or not.
func (r *rescoring) fate(row int64, rejected bool) int {
	gone := r.gone[r.place(row)]
	switch {
	case (rejected || gone) && !r.t.params.KeepRejected:
		return rowAbsent
	case !rejected && gone || !r.holds(row):
		return rowPassed
	}
	return rowScored
}

// place is what a row that is being read is called in the reject file.
func (r *rescoring) place(row int64) rejectedAt {
	if in := r.t.within; in.line > 0 {
		return rejectedAt{line: in.line, instance: row - r.began - in.first + 1}
	}
	return rejectedAt{row: row + 1}
}

// rows compares rows of a batch that share a fate.
func (r *rescoring) rows(ctx context.Context, batch dataset.Batch, from, to int, fate int) error {
	switch fate {
	case rowAbsent:
		return nil
	case rowPassed:
		return r.pass(int64(to - from))
	}
	piece := batch.NewSlice(int64(from), int64(to))
	defer func() { piece.Release() }()
	if !r.t.params.KeepRejected {
		plain, err := withoutMarks(piece)
		if err != nil {
			return err
		}
		piece.Release()
		piece = plain
	}
	if err := r.predict(piece); err != nil {
		return err
	}
	again, err := openRows(ctx, dataset.InMemory(r.out.URI, r.again.Bytes()), r.media)
	if err != nil {
		return err
	}
	defer again.close()
	return r.compare(again, int64(to-from))
}

// pass leaves out records of the output.
func (r *rescoring) pass(n int64) error {
	for n > 0 {
		left, err := r.output.left()
		if err != nil {
			return r.early(err)
		}
		k := min(n, left)
		r.output.take(k).Release()
		n -= k
		r.record += k
		r.unit += uint64(k)
	}
	return nil
}

// predict writes what the job would write for rows.
func (r *rescoring) predict(piece dataset.Batch) (err error) {
	r.again.Reset()
	r.t.writer, r.t.records, r.t.ids.made = nil, nil, r.unit
	if r.schema == nil {
		r.t.records, err = dataset.NewRecordWriter(&r.again, r.t.bound.records)
	} else {
		o := r.t.bound.writeOptions()
		o.Media.Header, o.Fragment = false, false
		r.t.writer, err = dataset.NewWriter(&r.again, r.schema, o)
	}
	if err != nil {
		return err
	}
	if err := r.t.written(piece); err != nil || r.t.writer == nil {
		return err
	}
	return r.t.writer.Close()
}

// compare compares the output's next records with those that were predicted again.
func (r *rescoring) compare(again *rowCursor, n int64) error {
	for n > 0 {
		left, err := r.output.left()
		if err != nil {
			return r.early(err)
		}
		here, err := again.left()
		if err != nil {
			return err
		}
		k := min(n, left, here)
		if d := difference(r.output.take(k), again.take(k)); d != nil {
			return r.differs(int64(d.Row), d)
		}
		n -= k
		r.row += k
		r.record += k
		r.unit += uint64(k)
		r.compared += k
	}
	return nil
}

func difference(a, b dataset.Batch) *dataset.Difference {
	defer a.Release()
	defer b.Release()
	return dataset.FirstDifference(a, b)
}

// early turns the end of the output into a difference.
func (r *rescoring) early(err error) error {
	if !errors.Is(err, io.EOF) {
		return err
	}
	return &differsError{fmt.Sprintf("ends after %d records, but row %d of %s has one", r.record, r.row+1, r.in.URI)}
}

func (r *rescoring) differs(row int64, d *dataset.Difference) error {
	what := "is"
	if d.Column != "" && r.schema != nil && r.media.Format.Typed() {
		what = fmt.Sprintf("column %q is", d.Column)
	}
	return &differsError{fmt.Sprintf("record %d (row %d of %s) %s %s; predicted again it is %s", r.record+row+1, r.row+row+1, r.in.URI, what, d.A, d.B)}
}
