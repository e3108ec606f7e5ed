package activities

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"

	"github.com/batchmill/batchmill/activities/sharding"
	"github.com/batchmill/batchmill/algorithms"
	"github.com/batchmill/batchmill/dataset"
	"github.com/batchmill/batchmill/jobs"
	"github.com/batchmill/batchmill/storage"
)

// rescue works shards that cannot be worked as they are: it finds out what in them is at fault, rejects that, and works the rest.
type rescue struct {
	a       *Activities
	plan    *sharding.Head
	at      shardsOf
	scoring *scoring
}

// shardsOf names a plan.
type shardsOf struct{ PlanURI, Digest string }

// lost works the shard that an earlier attempt was probably lost with. After a few such attempts it is searched.
func (r *rescue) lost(ctx context.Context, run *shardRun, i int, shard sharding.Shard) (*sharding.Receipt, error) {
	s, err := readSuspect(ctx, r.a.store, run.base, run.digest, i)
	if err != nil {
		return nil, err
	}
	if s.Deaths >= deathsOfShard || len(s.Known) > 0 {
		return r.searchFrom(ctx, run, i, shard, s)
	}
	if err := s.begin(ctx); err != nil {
		return nil, err
	}
	receipt, err := run.attempt(ctx, i, shard, run.work)
	if e := s.ended(ctx); e != nil {
		return nil, errors.Join(err, e)
	}
	if atFault(ctx, err) {
		return r.searchFrom(ctx, run, i, shard, s)
	}
	return receipt, err
}

// search finds what is at fault in a shard and works the rest.
func (r *rescue) search(ctx context.Context, run *shardRun, i int, shard sharding.Shard) (*sharding.Receipt, error) {
	s, err := readSuspect(ctx, r.a.store, run.base, run.digest, i)
	if err != nil {
		return nil, err
	}
	return r.searchFrom(ctx, run, i, shard, s)
}

func (r *rescue) searchFrom(ctx context.Context, run *shardRun, i int, shard sharding.Shard, s *suspect) (*sharding.Receipt, error) {
	try := func(ctx context.Context, what span) (outcome, error) {
		return r.a.tryElsewhere(ctx, Trial{r.at.PlanURI, r.at.Digest, i, what})
	}
	if r.a.elsewhere == nil {
		try = func(ctx context.Context, what span) (outcome, error) {
			return r.scoring.try(ctx, run.inputs, shard, what)
		}
	}
	search := &isolation{shard: shard, try: s.trying(try), open: func(of sharding.Run) (dataset.Object, dataset.Media, error) {
		object, err := run.inputs.open(of)
		return object, mustMedia(r.scoring.params.In), err
	}}
	select {
	case r.a.searching <- struct{}{}: // a neighbour's death must not be taken for this shard's
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	found, err := search.run(ctx)
	<-r.a.searching
	if err != nil {
		return nil, err
	}
	slog.Warn("a shard could not be worked as it is", "job", r.plan.Job, "shard", i, "units at fault", len(found))
	if err := s.begin(ctx); err != nil {
		return nil, err
	}
	receipt, err := run.attempt(ctx, i, shard, func(ctx context.Context, shard sharding.Shard, w *shardWork) error {
		return r.scoring.shard(w, found).run(ctx, shard)
	})
	return receipt, errors.Join(err, s.ended(ctx))
}

// panicError is a panic that was caught.
type panicError struct{ value any }

func (e *panicError) Error() string { return fmt.Sprintf("panic: %v", e.value) }

// caught turns a panic into an error.
func caught(work func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			slog.Error("shard panicked", "panic", p, "stack", string(debug.Stack()))
			err = &jobs.Failure{Class: jobs.AlgorithmError, Err: &panicError{p}}
		}
	}()
	return work()
}

// atFault tells errors that lie in a shard's content or in what is made of it, and will come again, but say not for which record: a
// panic, bytes that cannot be decoded. A *dataset.RecordError is none: its record was rejected already, if it may be.
func atFault(ctx context.Context, err error) bool {
	if err == nil || ctx.Err() != nil || errors.As(err, new(*storage.OpError)) {
		return false
	}
	var (
		panicked *panicError
		record   *dataset.RecordError
		schema   *dataset.SchemaError
		data     *algorithms.DataError
	)
	return !errors.As(err, &record) && (errors.As(err, &panicked) || errors.As(err, &schema) || errors.As(err, &data))
}

// try works a span in this process and throws away what comes out.
func (s *scoring) try(ctx context.Context, inputs *opener, shard sharding.Shard, what span) (outcome, error) {
	params := s.params
	params.Max = jobs.Rejected{Percent: 100} // what a record is rejected for is another matter
	var o outcome
	w := &shardWork{Staging: sharding.NewStaging("", 0), read: func(int64) {}, inputs: inputs}
	defer w.Close()
	err := caught(func() (err error) {
		t := (&scoring{params, s.predictor, s.shards}).shard(w, nil)
		o.Rows, err = t.try(ctx, shard.Runs[what.Run], what)
		return err
	})
	if atFault(ctx, err) {
		return outcome{Rows: o.Rows, Reason: err.Error()}, nil
	}
	return o, err
}

// try works a span and returns how many records it read.
func (t *transformShard) try(ctx context.Context, run sharding.Run, what span) (rows int64, err error) {
	object, err := t.inputs.open(run)
	if err != nil {
		return 0, err
	}
	t.rejects = json.NewEncoder(t.Fragment(fragmentRejects, sharding.Lines))
	if err := t.begin(ctx, object); err != nil {
		return 0, err
	}
	unit := &run.Units[what.Unit]
	t.ids.begin(t.params.Capture, run.Object, unit.Index)
	if what.Part != nil {
		unit = what.Part
	}
	err = t.readUnit(ctx, object, unit, func(batch dataset.Batch) error {
		first := rows
		rows += batch.NumRows()
		if what.Rows == nil {
			return t.withoutRows(batch, func(int) (string, bool) { return "", false }, nil)
		}
		return t.withoutRows(batch, func(i int) (string, bool) {
			place := first + int64(i)
			return "", place < what.Rows.From || place >= what.Rows.To
		}, func(int, string) error { return nil })
	}, rejectedColumn)
	if err != nil {
		return rows, err
	}
	return rows, t.end(object)
}
