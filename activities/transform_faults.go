package activities

import (
	"bytes"
	"context"
	"io"

	"github.com/batchmill/batchmill/dataset"
)

// unitWithout works a unit but for what is at fault in it, which is rejected.
func (t *transformShard) unitWithout(ctx context.Context, object dataset.Object, unit *dataset.Unit, f *unitFaults) error {
	switch {
	case f.whole != "":
		return t.rejectUnit(object, unit, f.whole)
	case f.parts != nil:
		for _, p := range f.parts {
			var err error
			if p.reason == "" {
				err = t.readUnit(ctx, object, &p.Unit, t.written, "")
			} else {
				err = t.rejectPart(ctx, object, p)
			}
			if err != nil {
				return err
			}
		}
		return nil
	}
	place := int64(0)
	return t.readUnit(ctx, object, unit, func(batch dataset.Batch) error {
		err := t.withoutRows(batch, func(i int) (string, bool) {
			reason, bad := f.rows[place+int64(i)]
			return reason, bad
		}, func(i int, reason string) error {
			return t.rejectRow(object, unit, batch, i, place+int64(i), reason)
		})
		place += batch.NumRows()
		return err
	}, rejectedColumn)
}

// withoutRows works the records of a batch but for those that skip names, which are given to skipped. The batch marks records that were
// rejected while reading; they are left out where they do not keep their place.
func (t *transformShard) withoutRows(batch dataset.Batch, skip func(i int) (string, bool), skipped func(i int, reason string) error) error {
	rejected := dataset.Bools(rejectMarks(batch))
	from := 0
	some := func(to int) error {
		if from == to {
			return nil
		}
		piece := batch.NewSlice(int64(from), int64(to))
		defer func() { piece.Release() }()
		if !t.params.KeepRejected {
			plain, err := withoutMarks(piece)
			if err != nil {
				return err
			}
			piece.Release()
			piece = plain
		}
		return t.written(piece)
	}
	for i, gone := range rejected {
		reason, skipping := skip(i)
		if gone && t.params.KeepRejected {
			continue // it is in the reject file already
		}
		if !gone && !skipping {
			continue
		}
		if err := some(i); err != nil {
			return err
		}
		from = i + 1
		if gone {
			continue
		}
		if err := skipped(i, reason); err != nil {
			return err
		}
	}
	return some(len(rejected))
}

// rejectRow rejects a record that was read but cannot be scored.
func (t *transformShard) rejectRow(object dataset.Object, unit *dataset.Unit, batch dataset.Batch, i int, place int64, reason string) error {
	e := t.recordError(object, unit, reason)
	switch {
	case t.within.line > 0:
		e.Line, e.Instance = t.within.line, place-t.within.first+1
	case unit.FirstRow >= 0:
		e.Row = unit.FirstRow + place + 1
	}
	if t.bound.media.Format == dataset.JSON {
		e.Instance = max(e.Instance, e.Row)
		raw := dataset.BytesAt(batch.Column(int(batch.NumCols())-1), i)
		e.Raw = string(raw[:min(len(raw), rawKept)])
	}
	if err := t.reject(e); err != nil {
		return err
	}
	return t.missingRow(batch, i)
}

// missingRow writes a record of a batch with marks without its outputs, if rejected ones keep their place.
func (t *transformShard) missingRow(batch dataset.Batch, i int) error {
	if !t.params.KeepRejected {
		return nil
	}
	row := batch.NewSlice(int64(i), int64(i)+1)
	defer row.Release()
	plain, err := withoutMarks(row)
	if err != nil {
		return err
	}
	defer plain.Release()
	return t.putMissing(plain)
}

// rejectUnit rejects all records of a unit that cannot be read.
func (t *transformShard) rejectUnit(object dataset.Object, unit *dataset.Unit, reason string) error {
	e := t.recordError(object, unit, reason)
	switch {
	case unit.Rows < 0 || t.answering:
		return e // nobody knows how many, or what documents they are of
	case t.params.KeepRejected && (t.params.Join || t.rawRecords()):
		e.Reason += "; so its rows cannot keep their place beside what is joined to them"
		return e
	}
	for i := range unit.Rows {
		row := *e
		row.Row = unit.FirstRow + i + 1
		if err := t.reject(&row); err != nil {
			return err
		}
	}
	if !t.params.KeepRejected {
		return nil
	}
	for left := unit.Rows; left > 0; {
		rows := min(left, dataset.DefaultBatchRows)
		if err := t.putMissing(dataset.MissingRows(dataset.NewSchema(true), int(rows))); err != nil {
			return err
		}
		left -= rows
	}
	return nil
}

// rejectPart rejects a text record.
func (t *transformShard) rejectPart(ctx context.Context, object dataset.Object, p part) error {
	text, err := recordText(ctx, object, p.Unit)
	if err != nil {
		return inputError(object, err)
	}
	e := &dataset.RecordError{Object: object.Name(), RowGroup: -1, Row: p.FirstRow + 1, Line: p.FirstLine, Reason: p.reason, Raw: string(text[:min(len(text), rawKept)])}
	if err := t.reject(e); err != nil || !t.params.KeepRejected {
		return err
	}
	raw := dataset.NewBatch(dataset.NewSchema(true, dataset.Field{Name: rawColumn, Type: dataset.BinaryType}), []dataset.Column{dataset.NewBinary(text)}, 1)
	return t.putMissing(raw)
}

// rawKept is how much of a record's text is shown, in bytes.
const rawKept = 400

func recordText(ctx context.Context, object dataset.Object, u dataset.Unit) ([]byte, error) {
	r, err := object.Open(ctx, u.Offset, u.Length)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	text, err := io.ReadAll(r)
	return bytes.TrimRight(text, "\r\n"), err
}

func (t *transformShard) recordError(object dataset.Object, unit *dataset.Unit, reason string) *dataset.RecordError {
	e := &dataset.RecordError{Object: object.Name(), RowGroup: -1, Reason: reason}
	if t.bound.media.Format == dataset.Parquet {
		e.RowGroup = unit.RowGroup
	}
	return e
}

// putMissing writes records with missing outputs.
func (t *transformShard) putMissing(batch dataset.Batch) error {
	scores := dataset.MissingRows(dataset.NewSchema(true, t.bound.records.Fields...), int(batch.NumRows()))
	defer scores.Release()
	return t.put(batch, scores.Columns(), t.sink())
}
