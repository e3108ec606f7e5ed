package activities

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/batchmill/batchmill/activities/budget"
	"github.com/batchmill/batchmill/activities/protocol"
	"github.com/batchmill/batchmill/activities/sharding"
	"github.com/batchmill/batchmill/dataset"
	"github.com/batchmill/batchmill/dataset/split"
	"github.com/batchmill/batchmill/storage"
)

func scanURI(base storage.URI, pass, shard int) storage.URI {
	return base.Join("scan", fmt.Sprint(pass), fmt.Sprintf("%03d", shard/1000), fmt.Sprintf("%06d", shard))
}

func decisionURI(base storage.URI, pass int) storage.URI {
	return base.Join("decision", fmt.Sprintf("%d.json", pass))
}

// ScanShards observes the shards of a range in the pass that follows the last decision, for strategies that must know the
// whole table before any row has a side.
func (a *Activities) ScanShards(ctx context.Context, r protocol.Range) (protocol.RangeDone, error) {
	var done protocol.RangeDone
	plan, params, err := a.splitPlan(ctx, r.PlanURI, r.Digest)
	if err != nil {
		return done, err
	}
	splitter, schema, err := params.splitter()
	if err != nil {
		return done, err
	}
	base, err := storage.ParseURI(plan.Root)
	if err != nil {
		return done, err
	}
	before, pass, err := a.lastDecision(ctx, plan)
	if err != nil {
		return done, err
	}
	p, last := startPulse(ctx)
	defer p.stop()
	done.Rows = last.Done
	scan := &shardScan{budget: a.budget, inputs: &opener{store: a.store}, params: params, splitter: splitter, schema: schema, before: before}
	from := max(r.From, last.Cursor)
	shards, err := plan.ReadShards(ctx, a.store, from, r.To)
	if err != nil {
		return done, &shardError{from, err}
	}
	for i := from; i < r.To; i++ {
		summary, n, err := scan.shard(ctx, shards[i-from])
		if err != nil {
			return done, &shardError{i, err}
		}
		if _, err := storage.WriteAll(ctx, a.store, scanURI(base, pass, i), summary, storage.PutOptions{}); err != nil {
			return done, &shardError{i, err}
		}
		done.Rows += n
		p.set(protocol.Beat{Stage: "scan", Done: done.Rows, Cursor: i + 1})
	}
	return done, nil
}

// shardScan observes the shards of one range in one pass.
type shardScan struct {
	inputs   *opener
	budget   *budget.Budget
	params   splitParams
	splitter *split.Splitter
	schema   *dataset.Schema
	before   *split.Decision
}

// shard observes one shard's rows; the summary is what is kept of them.
func (s *shardScan) shard(ctx context.Context, shard sharding.Shard) (summary []byte, rows int64, err error) {
	collector, err := s.splitter.Scan(s.schema, s.before)
	if err != nil {
		return nil, 0, err
	}
	for _, run := range shard.Runs {
		object, err := s.inputs.open(run)
		if err != nil {
			return nil, 0, err
		}
		for i := range run.Units {
			err := s.unit(ctx, object, &run.Units[i], func(b dataset.Batch, first int64) error {
				rows += b.NumRows()
				return collector.Observe(b, first, run.Input)
			})
			if err != nil {
				return nil, 0, err
			}
		}
	}
	summary, err = collector.Summary().MarshalBinary()
	return summary, rows, err
}

func (s *shardScan) unit(ctx context.Context, object dataset.Object, unit *dataset.Unit, use func(b dataset.Batch, first int64) error) error {
	release, err := claim(ctx, s.budget, object, s.params.reading(unit, s.schema), nil)
	if err != nil {
		return err
	}
	defer release()
	return eachBatch(ctx, object, s.params, unit, s.schema, use)
}

// DecideSplit merges a pass's summaries in shard order and places the cuts as far as they allow. It tells whether the
// decision is final; if not, another pass is needed.
func (a *Activities) DecideSplit(ctx context.Context, ref protocol.PlanRef) (bool, error) {
	p, _ := startPulse(ctx)
	defer p.stop()
	plan, params, err := a.splitPlan(ctx, ref.PlanURI, ref.Digest)
	if err != nil {
		return false, err
	}
	splitter, _, err := params.splitter()
	if err != nil {
		return false, err
	}
	base, err := storage.ParseURI(plan.Root)
	if err != nil {
		return false, err
	}
	before, pass, err := a.lastDecision(ctx, plan)
	if err != nil {
		return false, err
	}
	if before != nil && before.Final {
		return true, nil // an earlier attempt got this far
	}
	merged := new(split.Summary)
	for i := range plan.ShardCount {
		data, _, err := storage.ReadAll(ctx, a.store, scanURI(base, pass, i))
		if errors.Is(err, storage.ErrNotFound) && before != nil {
			return false, nil // the pass was decided by an earlier attempt, whose answer was lost; the next has not begun
		}
		if err != nil {
			return false, err
		}
		one := new(split.Summary)
		if err := one.UnmarshalBinary(data); err != nil {
			return false, err
		}
		if i == 0 {
			merged = one
			continue
		}
		if err := merged.Merge(one); err != nil {
			return false, err
		}
	}
	decision, err := splitter.Decide(before, merged)
	if err != nil {
		return false, err
	}
	data, err := json.Marshal(decision)
	if err != nil {
		return false, err
	}
	_, err = storage.WriteAll(ctx, a.store, decisionURI(base, pass), data, storage.PutOptions{})
	return decision.Final, err
}

// lastDecision finds the decision of the last pass, nil before the first, and the number of the pass that follows it.
func (a *Activities) lastDecision(ctx context.Context, plan *sharding.Head) (*split.Decision, int, error) {
	var last *split.Decision
	for pass := 1; ; pass++ {
		d, err := a.readDecision(ctx, plan, pass)
		if errors.Is(err, storage.ErrNotFound) {
			return last, pass, nil
		}
		if err != nil {
			return nil, 0, err
		}
		last = d
	}
}

// readDecision reads the decision of a pass, or the final one if pass is negative.
func (a *Activities) readDecision(ctx context.Context, plan *sharding.Head, pass int) (*split.Decision, error) {
	if pass < 0 {
		d, _, err := a.lastDecision(ctx, plan)
		return d, err
	}
	base, err := storage.ParseURI(plan.Root)
	if err != nil {
		return nil, err
	}
	data, _, err := storage.ReadAll(ctx, a.store, decisionURI(base, pass))
	if err != nil {
		return nil, err
	}
	d := new(split.Decision)
	if err := json.Unmarshal(data, d); err != nil {
		return nil, fmt.Errorf("activities: decision of pass %d: %w", pass, err)
	}
	return d, nil
}
