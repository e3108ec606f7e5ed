package activities

import (
	"context"
	"errors"
	"io"
	"slices"

	"github.com/batchmill/batchmill/dataset"
)

// documents answers the JSON documents of a unit one by one: what is joined to a document, or cut out of it or of its answer, is all that
// the model says of its records.
func (t *transformShard) documents(ctx context.Context, object dataset.Object, unit *dataset.Unit) (err error) {
	docs, err := dataset.OpenDocuments(ctx, object, t.bound.media, unit)
	if err != nil {
		return inputError(object, err)
	}
	defer func() { err = errors.Join(err, docs.Close()) }()
	if err := t.openRecords(); err != nil {
		return err
	}
	for {
		doc, err := docs.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err == nil {
			err = t.document(ctx, doc)
		}
		if err != nil {
			return inputError(object, err)
		}
	}
}

// document answers one document. A line that is no JSON is a rejected record.
func (t *transformShard) document(ctx context.Context, doc *dataset.Document) error {
	opt := t.readOptions(nil)
	opt.Media.Compression = dataset.CompressionNone
	opt.OnReject = func(e *dataset.RecordError) error {
		e.Line += doc.Line - 1
		e.Row = 0 // it counts within the document
		return t.reject(e)
	}
	err := t.eachBatch(ctx, doc, opt, func(batch dataset.Batch) error {
		return t.inPieces(batch, func(piece dataset.Batch, scores []dataset.Column) error {
			return t.records.Rows(slices.Concat(scores, t.ids.columns(int(piece.NumRows())))...)
		})
	})
	if err != nil || doc.Bad && !t.params.KeepRejected {
		return err
	}
	if err := cutError(t.records.Document(doc.Text)); err != nil {
		return err
	}
	t.Count(fragmentOutput, 1)
	return nil
}
