package dataset

import (
	"context"
	"errors"
	"io"

	"github.com/apache/arrow/go/v15/arrow/array"
)

// rawReader reads records without parsing them.
type rawReader struct {
	stream *lineStream
	source recordSource
	schema *Schema
	err    error
}

// NewRawReader reads an object's records as they are written, without their terminators: batches of one column of byte strings. Line
// formats, JSON documents and RecordIO only.
func NewRawReader(ctx context.Context, obj Object, m Media) (Reader, error) {
	stream, err := openLines(ctx, obj, m, 0, 0)
	if err != nil {
		return nil, err
	}
	r := &rawReader{
		stream: stream, source: newRecordSource(stream, obj.Name(), m, nil, 0, 1),
		schema: NewSchema(true, Field{Name: rawRecord, Type: BinaryType}),
	}
	if _, err := r.source.top(&m); err != nil {
		return nil, errors.Join(err, stream.Close())
	}
	return r, nil
}

// rawRecord is what rawReader's column is called.
const rawRecord = "record"

func (r *rawReader) Schema() *Schema { return r.schema }

func (r *rawReader) Next() (Batch, error) {
	var c textColumn
	rows := 0
	for bytes := 0; r.err == nil && rows < DefaultBatchRows && bytes < maxBatchBytes; {
		var rec record
		if rec, r.err = r.source.next(); r.err == nil {
			c.append(rec.text, true)
			bytes += len(rec.text)
			rows++
		}
	}
	if rows == 0 || r.err != nil && r.err != io.EOF {
		return nil, r.err
	}
	return array.NewRecord(r.schema, []Column{c.build(BinaryType)}, int64(rows)), nil
}

func (r *rawReader) Close() error { return r.stream.Close() }
