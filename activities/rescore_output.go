package activities

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/batchmill/batchmill/activities/sharding"
	"github.com/batchmill/batchmill/dataset"
)

// rowCursor goes through the rows of an output: records as they are written, or those of a table.
type rowCursor struct {
	reader dataset.Reader
	batch  dataset.Batch // nil: the next one is to be read
	at     int64         // rows of it that are passed
}

func openRows(ctx context.Context, object dataset.Object, media dataset.Media) (*rowCursor, error) {
	if object.Size() == 0 { // in formats that are nothing but records
		return &rowCursor{}, nil
	}
	if media.Format.Typed() {
		reader, err := dataset.NewReader(ctx, object, dataset.ReadOptions{Media: media})
		return &rowCursor{reader: reader}, err
	}
	if media.Format == dataset.JSON && media.LineSplit { // what a filter leaves of a line's document is one record, whatever it is
		media.Format = dataset.JSONLines
	}
	reader, err := dataset.NewRawReader(ctx, object, media)
	return &rowCursor{reader: reader}, err
}

func (c *rowCursor) close() {
	if c.batch != nil {
		c.batch.Release()
	}
	if c.reader != nil {
		_ = c.reader.Close() // what was read of it is all that was wanted
	}
}

// left is how many rows are at hand: at least one, or io.EOF.
func (c *rowCursor) left() (rows int64, err error) {
	if c.batch != nil && c.at < c.batch.NumRows() {
		return c.batch.NumRows() - c.at, nil
	}
	if c.reader == nil {
		return 0, io.EOF
	}
	if c.batch != nil {
		c.batch.Release()
	}
	c.at = 0
	if c.batch, err = c.reader.Next(); err != nil {
		c.batch = nil
		return 0, err
	}
	return c.batch.NumRows(), nil
}

// take takes rows that are at hand.
func (c *rowCursor) take(rows int64) dataset.Batch {
	c.at += rows
	return c.batch.NewSlice(c.at-rows, c.at)
}

// documents answers all of an object's JSON documents again and compares the answers as they are written.
func (r *rescoring) documents(ctx context.Context, output dataset.Object, units []dataset.Unit) (err error) {
	var again sharding.Spool
	defer func() { err = errors.Join(err, again.Close()) }()
	if r.t.records, err = dataset.NewRecordWriter(&again, r.t.bound.records); err != nil {
		return err
	}
	for i := range units {
		r.began = r.row
		r.t.ids.begin(r.t.params.Capture, r.pinned, units[i].Index)
		if err := r.t.readUnit(ctx, r.input, &units[i], r.answered, rejectedColumn); err != nil {
			return err
		}
	}
	var there io.Reader = bytes.NewReader(nil)
	if output.Size() > 0 {
		stream, err := output.Open(ctx, 0, 0)
		if err != nil {
			return err
		}
		defer stream.Close()
		there = stream
	}
	line, err := differentLine(there, again.Range(0, again.Size()))
	if err == nil && line > 0 {
		err = &differsError{fmt.Sprintf("line %d is not the answer that %s has now", line, r.in.URI)}
	}
	r.compared = r.row
	return err
}

// answered has the rows of a batch answered, but for those that were rejected though they can be read.
func (r *rescoring) answered(batch dataset.Batch) error {
	first := r.row
	r.row += batch.NumRows()
	r.passed(batch.NumRows())
	return r.t.withoutRows(batch, func(i int) (string, bool) {
		return "", r.gone[r.place(first+int64(i))]
	}, func(i int, _ string) error { return r.t.missingRow(batch, i) })
}

// differentLine is the first line, from 1, in which two texts differ; 0 if they are equal.
func differentLine(a, b io.Reader) (int64, error) {
	const piece = 64 << 10
	one, two := make([]byte, piece), make([]byte, piece)
	for line := int64(1); ; {
		n, errA := io.ReadFull(a, one)
		m, errB := io.ReadFull(b, two)
		for _, err := range []error{errA, errB} {
			if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
				return 0, err
			}
		}
		same := 0
		for same < min(n, m) && one[same] == two[same] {
			same++
		}
		line += int64(bytes.Count(one[:same], []byte{'\n'}))
		if same < max(n, m) {
			return line, nil
		}
		if errA != nil {
			return 0, nil
		}
	}
}
