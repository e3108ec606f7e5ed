package activities

import (
	"context"
	"errors"
	"io"
	"slices"

	"github.com/batchmill/batchmill/dataset"
)

// within says which document the records that are being worked stand in. The zero value is none.
type within struct {
	line  int64 // it starts on
	first int64 // how many records of the unit stand before it
}

// documents has the records of a unit's JSON documents worked, one document after the other. Where documents are answered, what is joined
// to one, or cut out of it or of its answer, is all that the model says of its records.
func (t *transformShard) documents(ctx context.Context, object dataset.Object, unit *dataset.Unit, work func(dataset.Batch) error, marks string) (err error) {
	docs, err := dataset.OpenDocuments(ctx, object, t.bound.media, unit)
	if err != nil {
		return inputError(object, err)
	}
	defer func() { err = errors.Join(err, docs.Close()) }()
	if t.answering {
		if err := t.openRecords(); err != nil {
			return err
		}
	}
	read := int64(0)
	counted := func(batch dataset.Batch) error {
		read += batch.NumRows()
		return work(batch)
	}
	defer func() { t.within = within{} }()
	for {
		doc, err := docs.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err == nil {
			t.within = within{doc.Line, read}
			err = t.document(ctx, doc, counted, marks)
		}
		if err != nil {
			return inputError(object, err)
		}
	}
}

// document has the records of a document worked and answers it. A line that is no JSON is a rejected record.
func (t *transformShard) document(ctx context.Context, doc *dataset.Document, work func(dataset.Batch) error, marks string) error {
	opt := t.readOptions(nil)
	opt.Media.Compression = dataset.CompressionNone
	if marks != "" {
		opt.RejectedColumn, opt.RawColumn = marks, rawColumn
	}
	opt.OnReject = func(e *dataset.RecordError) error {
		e.Line += doc.Line - 1
		e.Row = 0 // it counts within the document
		return t.reject(e)
	}
	err := t.eachBatch(ctx, doc, opt, work)
	if err != nil || !t.answering || doc.Bad && !t.params.KeepRejected {
		return err
	}
	if err := cutError(t.records.Document(doc.Text)); err != nil {
		return err
	}
	t.Count(fragmentOutput, 1)
	return nil
}

// answer puts records' outputs into the answer of the document that they stand in.
func (t *transformShard) answer(batch dataset.Batch, scores []dataset.Column) error {
	return t.records.Rows(slices.Concat(scores, t.ids.columns(int(batch.NumRows())))...)
}
