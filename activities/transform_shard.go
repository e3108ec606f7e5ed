package activities

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"

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
	bad       []*dataset.RecordError // the first of the shard's bad records

	// Of the run that is going on:
	bound   *bound
	writer  dataset.Writer        // of predictions, or of whole rows in formats with types
	records *dataset.RecordWriter // of records that are joined or cut
	ids     inferenceIDs
}

// Columns that are read beside a record's own: its text, when it is joined, and whether it was rejected, when its place is kept.
const (
	rawColumn      = "\x00raw"
	rejectedColumn = "\x00rejected"
)

func (t *transformShard) run(ctx context.Context, shard sharding.Shard) error {
	t.rejects = json.NewEncoder(t.Fragment(fragmentRejects, sharding.Lines))
	err := t.eachRun(shard, func(run sharding.Run, object dataset.Object) (err error) {
		if t.bound, err = bindObject(ctx, t.predictor, object, &t.params); err != nil {
			return inputError(object, err)
		}
		t.writer, t.records = nil, nil
		work := t.unit
		if t.params.documents() {
			work = t.documents
		}
		for i := range run.Units {
			t.ids.begin(t.params.Capture, run.Object, run.Units[i].Index)
			if err := work(ctx, object, &run.Units[i]); err != nil {
				return err
			}
		}
		if t.writer == nil {
			return nil
		}
		return t.writer.Close()
	})
	if err == nil && t.tooMany() {
		return t.rejectError()
	}
	return err
}

// unit reads, scores and writes one unit.
func (t *transformShard) unit(ctx context.Context, object dataset.Object, unit *dataset.Unit) error {
	opt := t.readOptions(unit)
	switch {
	case t.rawRecords():
		opt.RawColumn = rawColumn
	case t.params.Join:
		opt.Columns = nil
	}
	if err := t.eachBatch(ctx, object, opt, t.write); err != nil {
		return err
	}
	return cutRowGroup(t.writer)
}

// readOptions says how the model's columns are read.
func (t *transformShard) readOptions(unit *dataset.Unit) dataset.ReadOptions {
	opt := dataset.ReadOptions{Media: t.bound.media, Unit: unit, Schema: t.bound.schema, Columns: t.bound.stored, Spread: t.bound.spread, Path: t.bound.pick, OnReject: t.reject}
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

// eachBatch reads and scores batches, and gives them, in pieces, to write.
func (t *transformShard) eachBatch(ctx context.Context, object dataset.Object, opt dataset.ReadOptions, write writeFunc) (err error) {
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
		err = t.inPieces(batch, write)
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
	if err := write(batch, scores); err != nil {
		return err
	}
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
	media := t.bound.records.Media
	if media.Format == dataset.RecordIO || media.Format.Lines() && (t.params.Join || t.params.Keep != "") {
		return t.writeRecords(batch, scores)
	}
	fields := t.bound.records.Fields
	var out dataset.Batch
	if t.params.Join {
		if len(t.bound.spread) > 0 { // what was taken out of lists is no column of the input
			input, err := dataset.SelectColumns(batch, dataset.ColumnNames(t.bound.schema))
			if err != nil {
				return err
			}
			defer input.Release()
			batch = input
		}
		out = dataset.AppendColumns(batch, fields, scores)
	} else {
		out = dataset.NewBatch(dataset.NewSchema(true, fields...), scores, int(batch.NumRows()))
	}
	defer func() { out.Release() }()
	kept, err := keptPicks(t.bound.records.Path, out.Schema(), len(fields))
	if err != nil {
		return err
	}
	if kept != nil {
		part, err := dataset.PickColumns(out, kept)
		if err != nil {
			return err
		}
		out.Release()
		out = part
	}
	if trail := t.ids.columns(int(out.NumRows())); trail != nil {
		with := dataset.AppendColumns(out, t.bound.records.Trail, trail)
		out.Release()
		out = with
	}
	return t.writeTable(out)
}

// writeRecords writes lines.
func (t *transformShard) writeRecords(batch dataset.Batch, scores []dataset.Column) error {
	if err := t.openRecords(); err != nil {
		return err
	}
	var raw dataset.Column
	if t.rawRecords() {
		raw = batch.Column(int(batch.NumCols()) - 1)
	}
	trail := t.ids.columns(int(batch.NumRows()))
	if err := cutError(t.records.Write(raw, slices.Concat(scores, trail)...)); err != nil {
		return err
	}
	t.Count(fragmentOutput, batch.NumRows())
	return nil
}

func (t *transformShard) openRecords() (err error) {
	if t.records == nil {
		t.records, err = dataset.NewRecordWriter(t.Fragment(fragmentOutput, sharding.Lines), t.bound.records)
	}
	return err
}

// cutError names the member whose path does not fit a record.
func cutError(err error) error {
	if pathErr := (*dataset.PathError)(nil); errors.As(err, &pathErr) {
		return clientf("dataProcessing.outputFilter: %w", err)
	}
	return err
}

// writeTable writes typed columns.
func (t *transformShard) writeTable(out dataset.Batch) error {
	if t.writer == nil {
		o := t.bound.writeOptions()
		o.Media.Header = false // the header stands once above an output's first fragment
		o.RowGroupRows = int(min(dataset.DefaultRowGroupRows, rowsOf(rowGroupValues, t.predictor)))
		schema := out.Schema()
		if o.Media.Format == dataset.ArrowStream { // as it was written when the job was planned
			schema = dataset.NewSchema(true, schema.Fields()...)
		}
		var err error
		if t.writer, err = dataset.NewWriter(t.Fragment(fragmentOutput, formatOf(o.Media)), schema, o); err != nil {
			return err
		}
	}
	if err := t.writer.Write(out); err != nil {
		return err
	}
	t.Count(fragmentOutput, out.NumRows())
	return nil
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
