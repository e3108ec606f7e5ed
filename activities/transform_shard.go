package activities

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/batchmill/batchmill/activities/protocol"
	"github.com/batchmill/batchmill/activities/sharding"
	"github.com/batchmill/batchmill/algorithms"
	"github.com/batchmill/batchmill/dataset"
)

// TransformShards scores the shards of a range, one after the other. Shards with a receipt are skipped, so a retry goes on
// where the last attempt was lost.
func (a *Activities) TransformShards(ctx context.Context, r protocol.Range) (protocol.RangeDone, error) {
	plan, err := a.plans.get(ctx, a.store, r.PlanURI, r.Digest)
	if err != nil {
		return protocol.RangeDone{}, err
	}
	var params transformParams
	if err := json.Unmarshal(plan.Params, &params); err != nil {
		return protocol.RangeDone{}, fmt.Errorf("activities: plan parameters: %w", err)
	}
	predictor, err := a.predictor(ctx, params)
	if err != nil {
		return protocol.RangeDone{}, err
	}
	scoring := &scoring{params: params, predictor: predictor, shards: plan.ShardCount}
	help := &rescue{a: a, plan: plan, at: shardsOf{PlanURI: r.PlanURI, Digest: r.Digest}, scoring: scoring}
	return a.eachShard(ctx, plan, r, help, func(ctx context.Context, shard sharding.Shard, w *shardWork) error {
		return scoring.shard(w, nil).run(ctx, shard)
	})
}

// scoring is what the shards of a transform have in common on a worker.
type scoring struct {
	params    transformParams
	predictor algorithms.MultiPredictor
	shards    int // of the plan
}

// shard begins a shard of which faults are left out.
func (s *scoring) shard(w *shardWork, f faults) *transformShard {
	return &transformShard{
		params: s.params, answering: s.params.documents(), predictor: s.predictor, shardWork: w, faults: f, notes: newShardNotes(s.shards, s.predictor),
	}
}

// transformShard scores one shard.
type transformShard struct {
	*shardWork
	params    transformParams
	answering bool // JSON documents, one by one
	predictor algorithms.MultiPredictor
	rejects   *json.Encoder
	bad       []*dataset.RecordError // the first of the shard's bad records
	faults    faults                 // what is left out
	notes     *shardNotes

	// Of the run that is going on:
	bound   *bound
	writer  dataset.Writer        // of predictions, or of whole rows in formats with types
	records *dataset.RecordWriter // of records that are joined or cut
	within  within                // the document that is being read
	ids     inferenceIDs
}

// Columns that are read beside a record's own: its text, when it is joined, and whether it was rejected, when its place is kept.
const (
	rawColumn      = "\x00raw"
	rejectedColumn = "\x00rejected"
)

func (t *transformShard) run(ctx context.Context, shard sharding.Shard) error {
	t.rejects = json.NewEncoder(t.Fragment(fragmentRejects, sharding.Lines))
	t.Note = t.notes.begin(ctx, shard, t.by)
	number := 0
	err := t.eachRun(shard, func(run sharding.Run, object dataset.Object) error {
		if err := t.begin(ctx, object); err != nil {
			return err
		}
		for i := range run.Units {
			t.ids.begin(t.params.Capture, run.Object, run.Units[i].Index)
			if err := t.work(ctx, object, &run.Units[i], t.faults[at{number, i}]); err != nil {
				return err
			}
		}
		number++
		return t.end(object)
	})
	if err == nil && t.tooMany() {
		return t.rejectError()
	}
	return err
}

// begin binds the model to the object of a run.
func (t *transformShard) begin(ctx context.Context, object dataset.Object) (err error) {
	t.writer, t.records = nil, nil
	if t.bound, err = bindObject(ctx, t.predictor, object, &t.params); err != nil {
		return inputError(object, err)
	}
	return nil
}

// end ends what the run has written. Parquet without rows is a file, too.
func (t *transformShard) end(object dataset.Object) error {
	if t.writer == nil && t.bound.records.Media.Format == dataset.Parquet {
		schema, err := t.bound.tableSchema(object)
		if err != nil {
			return err
		}
		if err := t.openTable(schema); err != nil {
			return err
		}
	}
	if t.writer == nil {
		return nil
	}
	return t.writer.Close()
}

// work works one unit, but for what is known to be at fault in it.
func (t *transformShard) work(ctx context.Context, object dataset.Object, unit *dataset.Unit, f *unitFaults) error {
	release, err := claim(ctx, t.budget, object, t.unitOptions(unit, ""), t.writing(unit))
	if err != nil {
		return err
	}
	defer release()
	if f != nil {
		err = t.unitWithout(ctx, object, unit, f)
	} else {
		err = t.readUnit(ctx, object, unit, t.written, "")
	}
	if err != nil {
		return err
	}
	return cutRowGroup(t.writer)
}

// readUnit reads a unit, or a part of one, and has each batch worked. With marks, a column of that name marks rejected records, which then
// keep their place.
func (t *transformShard) readUnit(ctx context.Context, object dataset.Object, unit *dataset.Unit, work func(dataset.Batch) error, marks string) error {
	if t.answering || marks != "" && t.bound.media.Format == dataset.JSON && t.bound.media.LineSplit { // which tells where in a line a record stands
		return t.documents(ctx, object, unit, work, marks)
	}
	return t.eachBatch(ctx, object, t.unitOptions(unit, marks), work)
}

// unitOptions says what is read of a unit. With marks, a column of that name marks rejected records.
func (t *transformShard) unitOptions(unit *dataset.Unit, marks string) dataset.ReadOptions {
	opt := t.readOptions(unit)
	if marks != "" {
		opt.RejectedColumn = marks
	}
	switch {
	case t.rawRecords() || marks != "" && t.bound.media.Format == dataset.JSON:
		opt.RawColumn = rawColumn
	case t.params.Join:
		opt.Columns = nil
	}
	return opt
}

// written scores a batch and writes it to the output.
func (t *transformShard) written(batch dataset.Batch) error { return t.inPieces(batch, t.sink()) }

// sink is where records go with their outputs.
func (t *transformShard) sink() writeFunc {
	if t.answering {
		return t.answer
	}
	return t.write
}

// readOptions says how the model's columns are read.
func (t *transformShard) readOptions(unit *dataset.Unit) dataset.ReadOptions {
	opt := dataset.ReadOptions{Media: t.bound.media, Unit: unit, Schema: t.bound.schema, Columns: t.bound.stored, Spread: t.bound.spread, Path: t.bound.pick, OnReject: t.reject, Hold: t.hold()}
	if t.params.KeepRejected {
		opt.RejectedColumn = rejectedColumn
	}
	return opt
}

// rawRecords says whether records are read as they were written, too: to be joined, or to copy what identifies a record of RecordIO.
func (t *transformShard) rawRecords() bool {
	if t.bound.records.Media.Format == dataset.RecordIO {
		return t.bound.media.Format == dataset.RecordIO
	}
	return t.params.Join && t.bound.media.Format.Lines()
}

// eachBatch reads batches and has them worked.
func (t *transformShard) eachBatch(ctx context.Context, object dataset.Object, opt dataset.ReadOptions, work func(dataset.Batch) error) (err error) {
	reader, err := dataset.NewReader(ctx, object, opt)
	if err != nil {
		return inputError(object, err)
	}
	defer func() { err = errors.Join(err, reader.Close()) }()
	for {
		batch, err := reader.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return inputError(object, err)
		}
		err = work(batch)
		batch.Release()
		if err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
}

// writeFunc writes rows with their outputs.
type writeFunc func(batch dataset.Batch, scores []dataset.Column) error

// cutRowGroup ends the row group at a unit's end, so that row groups do not depend on how units were grouped into shards.
func cutRowGroup(w dataset.Writer) error {
	if c, ok := w.(interface{ CutRowGroup() error }); ok {
		return c.CutRowGroup()
	}
	return nil
}

// inPieces scores a batch in pieces whose outputs are of a bounded size.
func (t *transformShard) inPieces(batch dataset.Batch, write writeFunc) error {
	most := rowsOf(pieceValues, t.predictor)
	for from := int64(0); from < batch.NumRows(); from += most {
		piece := batch.NewSlice(from, min(from+most, batch.NumRows()))
		err := t.score(piece, write)
		piece.Release()
		if err != nil {
			return err
		}
	}
	return nil
}

func (t *transformShard) score(batch dataset.Batch, write writeFunc) error {
	features, err := dataset.SelectColumns(batch, t.bound.columns)
	if err != nil {
		return err
	}
	scores, err := t.bound.scorer.Score(features)
	features.Release()
	if err != nil {
		return err
	}
	defer func() {
		for _, column := range scores {
			column.Release()
		}
	}()
	if t.params.KeepRejected {
		if batch, err = maskRejected(batch, scores); err != nil {
			return err
		}
		defer batch.Release()
	}
	return t.put(batch, scores, write)
}

// put writes records with their outputs and counts them.
func (t *transformShard) put(batch dataset.Batch, scores []dataset.Column, write writeFunc) error {
	if err := write(batch, scores); err != nil {
		return err
	}
	if err := t.notes.predicted(scores); err != nil {
		return err
	}
	t.Receipt.Rows += batch.NumRows()
	t.read(t.Receipt.Rows)
	return nil
}

// maskRejected makes the scores of rejected records missing and returns the batch without its marks.
func maskRejected(batch dataset.Batch, scores []dataset.Column) (dataset.Batch, error) {
	marks := rejectMarks(batch)
	for i, column := range scores {
		scores[i] = dataset.MaskMissing(column, marks)
		column.Release()
	}
	return withoutMarks(batch)
}

// rejectMarks is the column that marks rejected records.
func rejectMarks(batch dataset.Batch) dataset.Column {
	return batch.Column(batch.Schema().FieldIndices(rejectedColumn)[0])
}

// withoutMarks is the batch without that column.
func withoutMarks(batch dataset.Batch) (dataset.Batch, error) {
	var others []string
	for _, name := range dataset.ColumnNames(batch.Schema()) {
		if name != rejectedColumn {
			others = append(others, name)
		}
	}
	return dataset.SelectColumns(batch, others)
}
