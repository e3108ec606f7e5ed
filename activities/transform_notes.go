package activities

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/batchmill/batchmill/activities/protocol"
	"github.com/batchmill/batchmill/activities/sharding"
	"github.com/batchmill/batchmill/algorithms"
	"github.com/batchmill/batchmill/dataset"
	"github.com/batchmill/batchmill/jobs"
	"github.com/batchmill/batchmill/jobs/journal"
	"github.com/batchmill/batchmill/storage"
)

// shardNotes is what a shard of a transform notes for reports.
type shardNotes struct {
	shard   journal.Shard
	rejects journal.Rejects
	columns []*journal.Counter // of the first prediction columns; nil where one is a vector or no number
	bins    int
	values  []float32
}

// notedColumns is of how many prediction columns the distribution is noted: more, such as SHAP values, are read elsewhere.
const notedColumns = 4

func newShardNotes(shards int, p algorithms.MultiPredictor) *shardNotes {
	n := &shardNotes{bins: journal.Bins(shards)}
	fields := p.Fields()
	for _, f := range fields[:min(len(fields), notedColumns)] {
		var c *journal.Counter
		if dataset.Width(f.Type) == 1 && dataset.Numeric(f.Type) {
			c = journal.NewCounter(f.Name)
		}
		n.columns = append(n.columns, c)
	}
	return n
}

// begin returns what ends the notes.
func (n *shardNotes) begin(ctx context.Context, shard sharding.Shard, by workedBy) func(*sharding.Receipt) (json.RawMessage, error) {
	n.shard = journal.Shard{
		Object: shard.Runs[0].Object.URI, Objects: len(shard.Runs), Worker: by.name, Attempt: attempt(ctx), Began: by.now().UTC(),
	}
	return func(r *sharding.Receipt) (json.RawMessage, error) {
		s := &n.shard
		s.Ended, s.Shard, s.Rows, s.Rejected, s.Rejects = by.now().UTC(), r.Shard, r.Rows, r.Rejected, n.rejects
		for _, f := range r.Fragments {
			s.Bytes += f.Size
		}
		for _, c := range n.columns {
			if c != nil {
				s.Values = append(s.Values, c.Values(n.bins))
			}
		}
		return json.Marshal(s)
	}
}

// predicted counts predictions.
func (n *shardNotes) predicted(scores []dataset.Column) error {
	for i, c := range n.columns {
		if c == nil {
			continue
		}
		rows := scores[i].Len()
		if cap(n.values) < rows {
			n.values = make([]float32, rows)
		}
		if err := dataset.Floats(scores[i], n.values[:rows]); err != nil {
			return err
		}
		c.Add(n.values[:rows])
	}
	return nil
}

// rejected counts a bad record.
func (n *shardNotes) rejected(e *dataset.RecordError) {
	place := e.Object
	switch {
	case e.Line > 0:
		place = fmt.Sprintf("%s line %d", place, e.Line)
	case e.Row > 0 && e.Instance == 0:
		place = fmt.Sprintf("%s row %d", place, e.Row)
	}
	if e.Instance > 0 {
		place = fmt.Sprintf("%s instance %d", place, e.Instance)
	}
	n.rejects.Add(e.Column, e.Reason, place)
}

// keepJournal keeps what the shards have noted beyond the receipts.
func (a *Activities) keepJournal(ctx context.Context, plan *sharding.Plan, receipts *sharding.Receipts) error {
	fold := journal.NewFold(plan.ShardCount)
	err := receipts.Each(ctx, func(r *sharding.Receipt) error { return addNotes(fold, r) })
	if err != nil {
		return err
	}
	data, err := json.Marshal(fold.Journal())
	if err != nil {
		return err
	}
	uri := a.state.Join(protocol.JournalObject(jobs.TransformKind, plan.Job)...)
	_, err = storage.WriteAll(ctx, a.store, uri, data, storage.PutOptions{ContentType: "application/json"})
	return err
}

// addNotes takes a receipt in; those of workers before this version have no notes.
func addNotes(fold *journal.Fold, r *sharding.Receipt) error {
	if len(r.Notes) == 0 {
		return nil
	}
	var s journal.Shard
	if err := json.Unmarshal(r.Notes, &s); err != nil {
		return fmt.Errorf("activities: notes of shard %d: %w", r.Shard, err)
	}
	fold.Add(s)
	return nil
}

// ReadJournal is what is kept of how a transform job's shards went, or, while it runs, what they have noted so far. Its own folder is
// below the output path. Without either, the error is ErrNoJournal.
func ReadJournal(ctx context.Context, store storage.Store, state storage.URI, outputPath, job string) (*journal.Journal, error) {
	kept, err := readKeptJournal(ctx, store, state, job)
	if kept != nil || err != nil {
		return kept, err
	}
	base, err := root(outputPath, job)
	if err != nil {
		return nil, err
	}
	j, err := readRunningJournal(ctx, store, base)
	if j != nil || err != nil {
		return j, err
	}
	if kept, err = readKeptJournal(ctx, store, state, job); kept == nil && err == nil { // it may have ended meanwhile
		err = fmt.Errorf("transform job %s: %w", job, ErrNoJournal)
	}
	return kept, err
}

// ErrNoJournal says that a job kept no record of its shards.
var ErrNoJournal = errors.New("there is no record of its shards: it has not planned them yet, ended before its commit, or ran before such records were kept")

func readKeptJournal(ctx context.Context, store storage.Store, state storage.URI, job string) (*journal.Journal, error) {
	uri := state.Join(protocol.JournalObject(jobs.TransformKind, job)...)
	data, _, err := storage.ReadAll(ctx, store, uri)
	if absent(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	j := new(journal.Journal)
	if err := json.Unmarshal(data, j); err != nil {
		return nil, fmt.Errorf("activities: %s: %w", uri, err)
	}
	if j.Version != journal.Version {
		return nil, fmt.Errorf("activities: %s has version %d, this program knows %d", uri, j.Version, journal.Version)
	}
	return j, nil
}

// readRunningJournal is nil where there is no plan.
func readRunningJournal(ctx context.Context, store storage.Store, base storage.URI) (*journal.Journal, error) {
	head, digest, err := sharding.ReadHead(ctx, store, sharding.PlanURI(base))
	if absent(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	fold := journal.NewFold(head.ShardCount)
	var bad error
	err = sharding.EachDone(ctx, store, base, digest, func(r *sharding.Receipt) {
		if err := addNotes(fold, r); err != nil {
			bad = err
		}
	})
	if err = errors.Join(err, bad); err != nil {
		return nil, err
	}
	return fold.Journal(), nil
}

func absent(err error) bool {
	return errors.Is(err, storage.ErrNotFound) || errors.Is(err, storage.ErrNoBucket)
}
