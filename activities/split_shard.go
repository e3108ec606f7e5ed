package activities

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/batchmill/batchmill/activities/protocol"
	"github.com/batchmill/batchmill/activities/sharding"
	"github.com/batchmill/batchmill/dataset"
	"github.com/batchmill/batchmill/dataset/profile"
	"github.com/batchmill/batchmill/dataset/split"
	"github.com/batchmill/batchmill/jobs"
	"github.com/batchmill/batchmill/storage"
)

// fragmentProfile holds one line per unit: the unit's column profile, to be merged in unit order at commit.
const fragmentProfile = "profile"

// SplitShards writes the rows of each shard to their sides.
func (a *Activities) SplitShards(ctx context.Context, r protocol.Range) (protocol.RangeDone, error) {
	plan, params, err := a.splitPlan(ctx, r.PlanURI, r.Digest)
	if err != nil {
		return protocol.RangeDone{}, err
	}
	splitter, schema, err := params.splitter()
	if err != nil {
		return protocol.RangeDone{}, err
	}
	var decision *split.Decision
	if splitter.NeedsScan() {
		if decision, err = a.readDecision(ctx, plan, -1); err != nil {
			return protocol.RangeDone{}, err
		}
	}
	return a.eachShard(ctx, plan, r, nil, func(ctx context.Context, shard sharding.Shard, w *shardWork) error {
		s := &splitShard{shardWork: w, params: params, schema: schema}
		if s.assign, err = splitter.Assigner(schema, decision); err != nil {
			return err
		}
		return s.run(ctx, shard)
	})
}

func (a *Activities) splitPlan(ctx context.Context, planURI, digest string) (*sharding.Head, splitParams, error) {
	var params splitParams
	plan, err := a.plans.get(ctx, a.store, planURI, digest)
	if err != nil {
		return nil, params, err
	}
	if err := json.Unmarshal(plan.Params, &params); err != nil {
		return nil, params, fmt.Errorf("activities: plan parameters: %w", err)
	}
	return plan, params, nil
}

// splitShard splits one shard.
type splitShard struct {
	*shardWork
	params  splitParams
	schema  *dataset.Schema
	assign  *split.Assigner
	writers []dataset.Writer // of the run that is going on, by side; nil until the side has a row
	sides   []uint8
}

func (s *splitShard) run(ctx context.Context, shard sharding.Shard) error {
	profiles := json.NewEncoder(s.Fragment(fragmentProfile, sharding.Lines))
	return s.eachRun(shard, func(run sharding.Run, object dataset.Object) error {
		s.writers = make([]dataset.Writer, len(s.params.Sides))
		for i := range run.Units {
			if err := s.unit(ctx, run.Input, object, &run.Units[i], profiles); err != nil {
				return err
			}
		}
		for _, w := range s.writers {
			if w == nil {
				continue
			}
			if err := w.Close(); err != nil {
				return err
			}
		}
		return nil
	})
}

// unit writes one unit's rows to their sides, and its profile.
func (s *splitShard) unit(ctx context.Context, input int, object dataset.Object, unit *dataset.Unit, profiles *json.Encoder) error {
	release, err := claim(ctx, s.budget, object, s.params.reading(unit, s.schema), s.writing)
	if err != nil {
		return err
	}
	defer release()
	seen := profile.New(s.schema)
	err = eachBatch(ctx, object, s.params, unit, s.schema, func(b dataset.Batch, first int64) error {
		if err := seen.Observe(b); err != nil {
			return err
		}
		return s.batch(b, first, input)
	})
	if err != nil {
		return err
	}
	state, err := seen.Marshal()
	if err != nil {
		return err
	}
	if err := profiles.Encode(state); err != nil {
		return err
	}
	s.Count(fragmentProfile, 1)
	return s.cut()
}

// cut ends every side's row group at a unit's end.
func (s *splitShard) cut() error {
	for _, w := range s.writers {
		if err := cutRowGroup(w); err != nil {
			return err
		}
	}
	return nil
}

func (s *splitShard) batch(b dataset.Batch, first int64, object int) (err error) {
	if s.sides, err = s.assign.Assign(b, first, object, s.sides); err != nil {
		return err
	}
	for side := range s.writers {
		part, err := dataset.Where(b, s.sides, uint8(side))
		if err != nil {
			return err
		}
		if part == nil {
			continue
		}
		err = s.write(side, part)
		part.Release()
		if err != nil {
			return err
		}
	}
	s.Receipt.Rows += b.NumRows()
	s.read(s.Receipt.Rows)
	return nil
}

func (s *splitShard) write(side int, part dataset.Batch) (err error) {
	if s.writers[side] == nil {
		media := mustMedia(s.params.Out)
		media.Header = false // the header stands once above an output's first fragment
		spool := s.Fragment(sideFragment(side), formatOf(media))
		if s.writers[side], err = dataset.NewWriter(spool, s.schema, dataset.WriteOptions{Media: media}); err != nil {
			return err
		}
	}
	s.Count(sideFragment(side), part.NumRows())
	return s.writers[side].Write(part)
}

// writing is what the writers of the sides hold of a unit's rows.
func (s *splitShard) writing(d dataset.Demand) int64 {
	if mustMedia(s.params.Out).Format == dataset.Parquet {
		return parquetCopies * d.Table
	}
	return 0
}

// reading says how a unit is read.
func (p splitParams) reading(unit *dataset.Unit, schema *dataset.Schema) dataset.ReadOptions {
	return dataset.ReadOptions{Media: mustMedia(p.In), Unit: unit, Schema: schema}
}

// eachBatch reads a unit with the plan's schema and hands on each batch with the index of its first row in the object.
func eachBatch(ctx context.Context, obj dataset.Object, params splitParams, unit *dataset.Unit, schema *dataset.Schema, use func(b dataset.Batch, first int64) error) (err error) {
	reader, err := dataset.NewReader(ctx, obj, params.reading(unit, schema))
	if err != nil {
		return inputError(obj, err)
	}
	defer func() { err = errors.Join(err, reader.Close()) }()
	row := max(unit.FirstRow, 0)
	for {
		b, err := reader.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return inputError(obj, err)
		}
		err = use(b, row)
		row += b.NumRows()
		b.Release()
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return err
		}
	}
}

// splitSummary is the manifest's detail of a split.
type splitSummary struct {
	Strategy split.Strategy
	Seed     int64
	Rows     map[string]int64 // by side
	Columns  json.RawMessage  // profile of every column
}

// splitDetails sums up rows by side and merges the units' profiles in unit order.
func (a *Activities) splitDetails(base storage.URI) func(context.Context, *sharding.Plan, *sharding.Receipts) (json.RawMessage, error) {
	return func(ctx context.Context, plan *sharding.Plan, receipts *sharding.Receipts) (json.RawMessage, error) {
		var params splitParams
		if err := json.Unmarshal(plan.Params, &params); err != nil {
			return nil, err
		}
		sum := splitSummary{Strategy: params.Strategy, Seed: params.Options.Seed, Rows: make(map[string]int64)}
		for _, name := range params.Sides {
			sum.Rows[name] = 0
		}
		var merged *profile.Profile
		err := receipts.Each(ctx, func(r *sharding.Receipt) (err error) {
			for side, name := range params.Sides {
				sum.Rows[name] += r.Fragments[sideFragment(side)].Rows()
			}
			merged, err = a.mergeProfiles(ctx, base, r, merged)
			return err
		})
		if err != nil {
			return nil, err
		}
		if merged != nil {
			if sum.Columns, err = json.Marshal(merged.Report()); err != nil {
				return nil, err
			}
		}
		return json.Marshal(sum)
	}
}

// mergeProfiles adds the profiles of a shard's units to those merged before.
func (a *Activities) mergeProfiles(ctx context.Context, base storage.URI, r *sharding.Receipt, merged *profile.Profile) (*profile.Profile, error) {
	if _, ok := r.Fragments[fragmentProfile]; !ok {
		return merged, nil
	}
	data, _, err := storage.ReadAll(ctx, a.store, sharding.FragmentURI(base, r.Shard, fragmentProfile))
	if err != nil {
		return nil, err
	}
	for dec := json.NewDecoder(bytes.NewReader(data)); ; {
		var state []byte
		if err := dec.Decode(&state); errors.Is(err, io.EOF) {
			return merged, nil
		} else if err != nil {
			return nil, fmt.Errorf("activities: profile of shard %d: %w", r.Shard, err)
		}
		p, err := profile.Unmarshal(state)
		if err != nil {
			return nil, err
		}
		if merged == nil {
			merged = p
		} else if err := merged.Merge(p); err != nil {
			return nil, err
		}
	}
}

// splitSides reads from a committed split's manifest what each side got, in the document's order.
func splitSides(doc jobs.Document, m *sharding.Manifest) ([]jobs.SplitSideResult, error) {
	job, err := jobs.ParseSplitJob(doc)
	if err != nil {
		return nil, err
	}
	out, err := storage.ParseURI(job.OutputDataConfig.S3OutputPath)
	if err != nil {
		return nil, err
	}
	var sum splitSummary
	if err := json.Unmarshal(m.Details, &sum); err != nil {
		return nil, fmt.Errorf("activities: split summary: %w", err)
	}
	var sides []jobs.SplitSideResult
	for _, name := range sideNames(job) {
		sides = append(sides, jobs.SplitSideResult{ChannelName: name, S3Uri: out.Join(name, "").String(), Rows: sum.Rows[name]})
	}
	return sides, nil
}
