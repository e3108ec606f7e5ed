package activities

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"go.temporal.io/sdk/activity"

	"github.com/batchmill/batchmill/activities/protocol"
	"github.com/batchmill/batchmill/activities/sharding"
	"github.com/batchmill/batchmill/algorithms"
	"github.com/batchmill/batchmill/dataset"
	"github.com/batchmill/batchmill/storage"
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
	return a.eachShard(ctx, plan, r, func(ctx context.Context, shard sharding.Shard, w *shardWork) error {
		t := &transformShard{params: params, predictor: predictor, shardWork: w}
		return t.run(ctx, shard)
	})
}

// shardWork is what a shard's work stages and reports, and how it opens its inputs.
type shardWork struct {
	*sharding.Staging
	read   func(rows int64) // tells how many rows of the shard are read
	inputs *opener
}

// eachRun works the runs of a shard one after the other.
func (w *shardWork) eachRun(shard sharding.Shard, work func(sharding.Run, dataset.Object) error) error {
	for _, run := range shard.Runs {
		object, err := w.inputs.open(run)
		if err != nil {
			return err
		}
		if err := work(run, object); err != nil {
			return err
		}
		if err := w.EndRun(run.Input); err != nil {
			return err
		}
	}
	return nil
}

// eachShard runs work for the shards of a range that have no receipt yet.
func (a *Activities) eachShard(ctx context.Context, plan *sharding.Head, r protocol.Range, work func(context.Context, sharding.Shard, *shardWork) error) (protocol.RangeDone, error) {
	base, err := storage.ParseURI(plan.Root)
	if err != nil {
		return protocol.RangeDone{}, err
	}
	p, _ := startPulse(ctx)
	defer p.stop()
	p.set(protocol.Beat{})
	shards, err := plan.ReadShards(ctx, a.store, r.From, r.To)
	if err != nil {
		return protocol.RangeDone{}, err
	}
	run := &shardRun{a: a, base: base, digest: r.Digest, pulse: p, inputs: &opener{store: a.store}, work: work}
	var done protocol.RangeDone
	for i := r.From; i < r.To; i++ {
		if err := ctx.Err(); err != nil {
			return done, err
		}
		receipt, err := run.shard(ctx, i, shards[i-r.From])
		if err != nil {
			return done, err
		}
		done.Rows += receipt.Rows
		done.Rejected += receipt.Rejected
		for _, f := range receipt.Fragments {
			done.Bytes += f.Size
		}
		p.set(protocol.Beat{Done: done.Rows, Rejected: done.Rejected, Cursor: i + 1})
	}
	if activity.IsActivity(ctx) && activity.GetInfo(ctx).Attempt > 1 {
		done.Retried = r.To - r.From
	}
	return done, nil
}

// shardRun runs the shards of one range.
type shardRun struct {
	a      *Activities
	base   storage.URI
	digest string
	pulse  *pulse
	inputs *opener
	work   func(context.Context, sharding.Shard, *shardWork) error
}

// shard works a shard, or finds the receipt an earlier attempt left.
func (r *shardRun) shard(ctx context.Context, i int, shard sharding.Shard) (*sharding.Receipt, error) {
	if retried(ctx) {
		if receipt, err := sharding.Done(ctx, r.a.store, r.base, r.digest, i); receipt != nil || err != nil {
			return receipt, err
		}
	}
	before := r.pulse.latest.Load().Done
	w := &shardWork{
		Staging: sharding.NewStaging(r.digest, i),
		read:    func(rows int64) { r.pulse.update(func(b *protocol.Beat) { b.Done = before + rows }) },
		inputs:  r.inputs,
	}
	defer w.Close()
	if err := r.work(ctx, shard, w); err != nil {
		return nil, err
	}
	return w.Receipt, w.Finish(ctx, r.a.store, r.base)
}

// retried tells whether receipts may be there. To look for them in a first attempt would cost a request per shard; a shard
// that is done twice for that only writes the same bytes again.
func retried(ctx context.Context) bool {
	return !activity.IsActivity(ctx) || activity.GetInfo(ctx).Attempt > 1
}

// transformShard scores one shard.
type transformShard struct {
	*shardWork
	params    transformParams
	predictor algorithms.MultiPredictor
	rejects   *json.Encoder

	// Of the run that is going on:
	bound   *bound
	writer  dataset.Writer        // of predictions, or of whole rows in formats with types
	records *dataset.RecordWriter // of records that are joined or cut
}

// Columns that are read beside a record's own: its text, when it is joined, and whether it was rejected, when its place is kept.
const (
	rawColumn      = "\x00raw"
	rejectedColumn = "\x00rejected"
)

func (t *transformShard) run(ctx context.Context, shard sharding.Shard) error {
	t.rejects = json.NewEncoder(t.Fragment(fragmentRejects, sharding.Lines))
	return t.eachRun(shard, func(run sharding.Run, object dataset.Object) (err error) {
		if t.bound, err = bindObject(ctx, t.predictor, object, &t.params); err != nil {
			return inputError(object, err)
		}
		t.writer, t.records = nil, nil
		for i := range run.Units {
			if err := t.unit(ctx, object, &run.Units[i]); err != nil {
				return err
			}
		}
		if t.writer == nil {
			return nil
		}
		return t.writer.Close()
	})
}

// unit reads, scores and writes one unit.
func (t *transformShard) unit(ctx context.Context, object dataset.Object, unit *dataset.Unit) (err error) {
	opt := dataset.ReadOptions{Media: t.bound.media, Unit: unit, Schema: t.bound.schema, Columns: t.bound.columns, Path: t.bound.pick, OnReject: t.reject}
	if t.params.KeepRejected {
		opt.RejectedColumn = rejectedColumn
	}
	switch {
	case t.params.Join && t.bound.media.Format.Lines():
		opt.RawColumn = rawColumn
	case t.params.Join:
		opt.Columns = nil
	}
	reader, err := dataset.NewReader(ctx, object, opt)
	if err != nil {
		return inputError(object, err)
	}
	defer func() { err = errors.Join(err, reader.Close()) }()
	for {
		batch, err := reader.Next()
		if errors.Is(err, io.EOF) {
			return cutRowGroup(t.writer)
		}
		if err != nil {
			return inputError(object, err)
		}
		err = t.inPieces(batch)
		batch.Release()
		if err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
}

// cutRowGroup ends the row group at a unit's end, so that row groups do not depend on how units were grouped into shards.
func cutRowGroup(w dataset.Writer) error {
	if c, ok := w.(interface{ CutRowGroup() error }); ok {
		return c.CutRowGroup()
	}
	return nil
}

// inPieces scores a batch in pieces whose outputs are of a bounded size.
func (t *transformShard) inPieces(batch dataset.Batch) error {
	most := rowsOf(pieceValues, t.predictor)
	for from := int64(0); from < batch.NumRows(); from += most {
		piece := batch.NewSlice(from, min(from+most, batch.NumRows()))
		err := t.score(piece)
		piece.Release()
		if err != nil {
			return err
		}
	}
	return nil
}

func (t *transformShard) score(batch dataset.Batch) error {
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
	if err := t.write(batch, scores); err != nil {
		return err
	}
	t.Count(fragmentOutput, batch.NumRows())
	t.Receipt.Rows += batch.NumRows()
	t.read(t.Receipt.Rows)
	return nil
}

// maskRejected makes the scores of rejected records missing and returns the batch without its marks.
func maskRejected(batch dataset.Batch, scores []dataset.Column) (dataset.Batch, error) {
	var others []string
	for _, name := range dataset.ColumnNames(batch.Schema()) {
		if name != rejectedColumn {
			others = append(others, name)
		}
	}
	marks := batch.Column(batch.Schema().FieldIndices(rejectedColumn)[0])
	for i, column := range scores {
		scores[i] = dataset.MaskMissing(column, marks)
		column.Release()
	}
	return dataset.SelectColumns(batch, others)
}

// write puts the outputs alone into the fragment, or the input's rows with the outputs as their last columns, or what a filter keeps of
// that.
func (t *transformShard) write(batch dataset.Batch, scores []dataset.Column) error {
	if t.bound.records.Media.Format.Lines() && (t.params.Join || t.params.Keep != "") {
		return t.writeRecords(batch, scores)
	}
	fields := t.bound.records.Fields
	var out dataset.Batch
	if t.params.Join {
		out = dataset.AppendColumns(batch, fields, scores)
	} else {
		out = dataset.NewBatch(dataset.NewSchema(true, fields...), scores, int(batch.NumRows()))
	}
	defer func() { out.Release() }()
	kept, err := keptColumns(t.bound.records.Path, out.Schema(), len(fields))
	if err != nil {
		return err
	}
	if kept != nil {
		part, err := dataset.SelectColumns(out, kept)
		if err != nil {
			return err
		}
		out.Release()
		out = part
	}
	return t.writeTable(out)
}

// writeRecords writes lines.
func (t *transformShard) writeRecords(batch dataset.Batch, scores []dataset.Column) (err error) {
	if t.records == nil {
		if t.records, err = dataset.NewRecordWriter(t.Fragment(fragmentOutput, sharding.Lines), t.bound.records); err != nil {
			return err
		}
	}
	var raw dataset.Column
	if t.params.Join {
		raw = batch.Column(int(batch.NumCols()) - 1)
	}
	err = t.records.Write(raw, scores...)
	if pathErr := (*dataset.PathError)(nil); errors.As(err, &pathErr) {
		return clientf("dataProcessing.outputFilter: %w", err)
	}
	return err
}

// writeTable writes typed columns.
func (t *transformShard) writeTable(out dataset.Batch) error {
	if t.writer == nil {
		media := t.bound.records.Media
		media.Header = false // the header stands once above an output's first fragment
		o := dataset.WriteOptions{Media: media, RowGroupRows: int(min(dataset.DefaultRowGroupRows, rowsOf(rowGroupValues, t.predictor)))}
		var err error
		if t.writer, err = dataset.NewWriter(t.Fragment(fragmentOutput, formatOf(media)), out.Schema(), o); err != nil {
			return err
		}
	}
	return t.writer.Write(out)
}

// Bounds on values of outputs, of four bytes each, that are held at once: SHAP values make rows wide. A row group is encoded in
// memory.
const (
	pieceValues    = 4 << 20
	rowGroupValues = 64 * dataset.DefaultRowGroupRows
)

// rowsOf is how many rows that many values make.
func rowsOf(values int64, p algorithms.MultiPredictor) int64 {
	width := int64(0)
	for _, f := range p.Fields() {
		width += int64(dataset.Width(f.Type))
	}
	return max(1, values/width)
}

// formatOf says how fragments of a media type are put together.
func formatOf(media dataset.Media) sharding.Format {
	if media.Format == dataset.Parquet {
		return sharding.Parquet
	}
	return sharding.Lines
}

// rejectedRow is one line of the reject file.
type rejectedRow struct {
	Object   string `json:"object"`
	RowGroup *int   `json:"row_group,omitempty"`
	Line     int64  `json:"line,omitempty"`
	Row      int64  `json:"row,omitempty"`
	Column   string `json:"column,omitempty"`
	Reason   string `json:"reason"`
	Raw      string `json:"raw,omitempty"`
}

// reject notes a bad record, or returns it as the job's error if none may be rejected.
func (t *transformShard) reject(e *dataset.RecordError) error {
	if t.params.Max.Records == 0 && t.params.Max.Percent == 0 {
		return e
	}
	if !t.params.KeepRejected { // else the row is counted with the others
		t.Receipt.Rows++
	}
	t.Receipt.Rejected++
	if t.params.Max.Percent == 0 && t.Receipt.Rejected > t.params.Max.Records {
		return clientf("more than %d records are bad; the last: %w", t.params.Max.Records, e)
	}
	row := rejectedRow{Object: e.Object, Line: e.Line, Row: e.Row, Column: e.Column, Reason: e.Reason, Raw: e.Raw}
	if e.RowGroup >= 0 {
		row.RowGroup = &e.RowGroup
	}
	t.Count(fragmentRejects, 1)
	return t.rejects.Encode(row)
}
