package activities

import (
	"context"
	"time"

	"go.temporal.io/sdk/activity"

	"github.com/batchmill/batchmill/activities/budget"
	"github.com/batchmill/batchmill/activities/protocol"
	"github.com/batchmill/batchmill/activities/sharding"
	"github.com/batchmill/batchmill/dataset"
	"github.com/batchmill/batchmill/storage"
)

// shardWork is what a shard's work stages and reports, and how it opens its inputs.
type shardWork struct {
	*sharding.Staging
	read   func(rows int64) // tells how many rows of the shard are read
	inputs *opener
	budget *budget.Budget // of the worker
	by     workedBy
}

// workedBy says who works a shard, and when.
type workedBy struct {
	name string
	now  func() time.Time
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

// shardFunc works a shard.
type shardFunc func(context.Context, sharding.Shard, *shardWork) error

// eachShard runs work for the shards of a range that have no receipt yet. rescue, which may be nil, is asked about those that cannot be
// worked.
func (a *Activities) eachShard(ctx context.Context, plan *sharding.Head, r protocol.Range, rescue *rescue, work shardFunc) (protocol.RangeDone, error) {
	base, err := storage.ParseURI(plan.Root)
	if err != nil {
		return protocol.RangeDone{}, err
	}
	p, last := startPulse(ctx)
	defer p.stop()
	p.set(protocol.Beat{})
	if last.Trouble != nil {
		activity.RecordHeartbeat(ctx, protocol.Beat{}) // should this attempt be lost, the next one must not take it for one that failed
	}
	shards, err := plan.ReadShards(ctx, a.store, r.From, r.To)
	if err != nil {
		return protocol.RangeDone{}, err
	}
	run := &shardRun{a: a, base: base, digest: r.Digest, pulse: p, inputs: &opener{store: a.store}, work: work, rescue: rescue, looked: last.Trouble != nil}
	var done protocol.RangeDone
	for i, began := r.From, time.Now(); i < r.To; i++ {
		if i > r.From && time.Since(began) > a.turn {
			done.Left = r.To - i
			break
		}
		if err := ctx.Err(); err != nil {
			return done, err
		}
		receipt, err := run.shard(ctx, i, shards[i-r.From])
		if err != nil {
			return done, &shardError{i, err}
		}
		done.Rows += receipt.Rows
		done.Rejected += receipt.Rejected
		for _, f := range receipt.Fragments {
			done.Bytes += f.Size
		}
		p.set(protocol.Beat{Done: done.Rows, Rejected: done.Rejected, Cursor: i + 1})
	}
	if attempt(ctx) > 1 {
		done.Retried = r.To - r.From - done.Left
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
	work   shardFunc
	rescue *rescue
	looked bool // at the first shard without a receipt: an attempt that was lost, and did not come back with an error, was lost with it
}

// shard works a shard, or finds the receipt an earlier attempt left.
func (r *shardRun) shard(ctx context.Context, i int, shard sharding.Shard) (*sharding.Receipt, error) {
	if retried(ctx) {
		if receipt, err := sharding.Done(ctx, r.a.store, r.base, r.digest, i); receipt != nil || err != nil {
			return receipt, err
		}
	}
	if r.rescue == nil {
		return r.attempt(ctx, i, shard, r.work)
	}
	lost := attempt(ctx) > 1 && !r.looked
	r.looked = true
	if lost {
		return r.rescue.lost(ctx, r, i, shard)
	}
	receipt, err := r.attempt(ctx, i, shard, r.work)
	if atFault(ctx, err) {
		return r.rescue.search(ctx, r, i, shard)
	}
	return receipt, err
}

// attempt works a shard and stages what comes out.
func (r *shardRun) attempt(ctx context.Context, i int, shard sharding.Shard, work shardFunc) (receipt *sharding.Receipt, err error) {
	before := r.pulse.latest.Load().Done
	w := &shardWork{
		Staging: sharding.NewStaging(r.digest, i),
		read:    func(rows int64) { r.pulse.update(func(b *protocol.Beat) { b.Done = before + rows }) },
		inputs:  r.inputs,
		budget:  r.a.budget,
		by:      workedBy{r.a.name, r.a.now},
	}
	defer w.Close()
	if err := caught(func() error { return work(ctx, shard, w) }); err != nil {
		return nil, err
	}
	release, err := r.a.budget.Take(ctx, min(w.Largest(), storing))
	if err != nil {
		return nil, err
	}
	defer release()
	return w.Receipt, w.Finish(ctx, r.a.store, r.base)
}

// retried tells whether receipts may be there. To look for them in a first attempt would cost a request per shard; a shard
// that is done twice for that only writes the same bytes again.
func retried(ctx context.Context) bool {
	return !activity.IsActivity(ctx) || attempt(ctx) > 1
}

// attempt counts an activity's attempts from 1.
func attempt(ctx context.Context) int {
	if !activity.IsActivity(ctx) {
		return 1
	}
	return int(activity.GetInfo(ctx).Attempt)
}
