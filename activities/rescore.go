package activities

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"runtime"
	"sync"

	"github.com/zeebo/xxh3"
	"golang.org/x/sync/errgroup"

	"github.com/batchmill/batchmill/activities/sharding"
	"github.com/batchmill/batchmill/jobs"
	"github.com/batchmill/batchmill/storage"
)

// RescoreOptions says how much of a transform's output Rescore predicts again.
type RescoreOptions struct {
	// Share is how much of the rows, above 0 and up to 1. Which ones depends on their places alone.
	Share float64
	// Known are objects that are known to be bad, by URI: they are not looked at.
	Known map[string]bool
	// Progress, if not nil, is told how many rows have been read, and will be; never twice at once.
	Progress func(done, total int64)
}

// Rescored is what Rescore found.
type Rescored struct {
	Rows     int64 // predicted again and compared
	Problems []sharding.Problem
}

// ErrNotRescorable is a manifest that does not say how rows were predicted: no transform's, or of an earlier version.
var ErrNotRescorable = errors.New("the manifest does not say how its rows were predicted: it is no transform job's, or was written by an earlier version")

// rescoreBlock is how many rows stand side by side in a sample: whoever scores them takes many at once.
const rescoreBlock = 256

// Rescore reads inputs of a committed transform again, predicts a share of their rows with the job's model and compares what the job would
// write for them with what its output holds: byte for byte, or value for value in typed formats. The first difference in an object is a
// problem that names the record and the row; a model or an input that is no longer what it was is a problem, too.
func (a *Activities) Rescore(ctx context.Context, m *sharding.Manifest, o RescoreOptions) (*Rescored, error) {
	params, err := scoredWith(m)
	if err != nil {
		return nil, err
	}
	predictor, err := a.predictor(ctx, params)
	if failure := (*jobs.Failure)(nil); errors.As(err, &failure) && failure.Class == jobs.ClientError {
		return &Rescored{Problems: []sharding.Problem{{URI: params.Model.URI, Kind: sharding.Unusable, Detail: failure.Error()}}}, nil
	}
	if err != nil {
		return nil, err
	}
	rejected, err := a.readRejects(ctx, m)
	if err != nil {
		return nil, err
	}
	r := &rescore{a: a, o: o, scoring: &scoring{params: params, predictor: predictor, shards: 1}, rejected: rejected}
	return r.run(ctx, m)
}

// scoredWith reads how a manifest's rows were predicted.
func scoredWith(m *sharding.Manifest) (params transformParams, err error) {
	var details struct{ Transform json.RawMessage }
	if len(m.Details) > 0 {
		err = json.Unmarshal(m.Details, &details)
	}
	if err != nil || len(details.Transform) == 0 || len(m.Outputs) < len(m.Inputs) {
		return params, ErrNotRescorable
	}
	err = json.Unmarshal(details.Transform, &params)
	params.Max = jobs.Rejected{Percent: 100} // the job was allowed them
	return params, err
}

// rescore predicts rows of a job's outputs again.
type rescore struct {
	a        *Activities
	o        RescoreOptions
	scoring  *scoring
	rejected map[string]map[rejectedAt]bool // by object

	mu          sync.Mutex
	done, total int64 // rows read
	rows        int64 // compared
}

// run looks at all objects of which rows are chosen.
func (r *rescore) run(ctx context.Context, m *sharding.Manifest) (*Rescored, error) {
	chosen := r.choose(m)
	found := make([]*sharding.Problem, len(chosen))
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(runtime.GOMAXPROCS(0))
	for i, c := range chosen {
		g.Go(func() (err error) {
			found[i], err = r.object(gctx, c)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, fmt.Errorf("rescore: %w", err)
	}
	all := &Rescored{Rows: r.rows}
	for _, p := range found {
		if p != nil {
			all.Problems = append(all.Problems, *p)
		}
	}
	return all, nil
}

// chosenRows are an object with the rows of it that are predicted again.
type chosenRows struct {
	in    sharding.ManifestInput
	out   sharding.ManifestOutput
	share float64
	end   int64 // behind the last row
}

// holds says whether a row is chosen.
func (c *chosenRows) holds(row int64) bool { return row < c.end && c.takes(row/rescoreBlock) }

// takes says whether a block of rows is chosen.
func (c *chosenRows) takes(block int64) bool {
	const bits = 53 // of a float64
	return float64(xxh3.HashString(fmt.Sprintf("%s\x00%d", c.in.URI, block))>>(64-bits)) < c.share*(1<<bits)
}

// choose lists the objects of which rows are chosen. There always are some.
func (r *rescore) choose(m *sharding.Manifest) (chosen []*chosenRows) {
	var first *chosenRows
	for i, in := range m.Inputs {
		c := &chosenRows{in: in, out: m.Outputs[i], share: r.o.Share}
		if in.Rows == 0 || r.o.Known[c.out.URI] || r.o.Known[in.URI] {
			continue
		}
		if first == nil {
			first = c
		}
		for block := (in.Rows - 1) / rescoreBlock; block >= 0 && c.end == 0; block-- {
			if c.takes(block) {
				c.end = min(in.Rows, (block+1)*rescoreBlock)
			}
		}
		if c.end > 0 {
			chosen = append(chosen, c)
			r.total += c.end
		}
	}
	if len(chosen) == 0 && first != nil {
		first.share, first.end = 1, min(first.in.Rows, rescoreBlock)
		chosen, r.total = []*chosenRows{first}, first.end
	}
	return chosen
}

// object compares one output. Of several differences the first is the problem.
func (r *rescore) object(ctx context.Context, c *chosenRows) (*sharding.Problem, error) {
	in := sharding.Input{URI: c.in.URI, Size: c.in.Size, ETag: c.in.ETag}
	input, err := in.Object(r.a.store)
	if err != nil {
		return nil, err
	}
	w := &shardWork{Staging: sharding.NewStaging("", 0), read: func(int64) {}}
	defer w.Close()
	w.Fragment(fragmentOutput, sharding.Lines) // which rows are counted for
	w.Fragment(fragmentRejects, sharding.Lines)
	one := &rescoring{chosenRows: c, t: r.scoring.shard(w, nil), pinned: in, input: input, gone: r.rejected[c.in.URI], passed: r.passed}
	one.t.rejects = json.NewEncoder(io.Discard)
	err = caught(func() error { return one.run(ctx, r.a) })
	r.mu.Lock()
	r.rows += one.compared
	r.mu.Unlock()
	var differs *differsError
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case errors.As(err, &differs):
		return &sharding.Problem{URI: c.out.URI, Kind: sharding.Differs, Detail: differs.text}, nil
	case errors.Is(err, storage.ErrPrecondition) || errors.Is(err, storage.ErrNotFound):
		return &sharding.Problem{URI: c.in.URI, Kind: sharding.Stale, Detail: "it, or its output, was removed or replaced since"}, nil
	case err != nil && classify(err) != jobs.InternalServerError:
		return &sharding.Problem{URI: c.out.URI, Kind: sharding.Differs, Detail: "cannot be predicted again: " + err.Error()}, nil
	}
	return nil, err
}

// passed counts rows that were read.
func (r *rescore) passed(rows int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.done = min(r.done+rows, r.total)
	if r.o.Progress != nil {
		r.o.Progress(r.done, r.total)
	}
}

// rejectedAt is where a record stands that was rejected: its row of the object, or the line of its document and its place there.
type rejectedAt struct{ row, line, instance int64 }

// readRejects reads which records the job has rejected.
func (a *Activities) readRejects(ctx context.Context, m *sharding.Manifest) (map[string]map[rejectedAt]bool, error) {
	rejected := make(map[string]map[rejectedAt]bool)
	for _, out := range m.Outputs[len(m.Inputs):] {
		uri, err := storage.ParseURI(out.URI)
		if err != nil {
			return nil, err
		}
		if uri.Base() != rejectsFile || m.Rejected == 0 {
			continue
		}
		stream, _, err := a.store.Get(ctx, uri, storage.GetOptions{})
		if err != nil {
			return nil, err
		}
		defer stream.Close()
		for lines := json.NewDecoder(stream); lines.More(); {
			var row rejectedRow
			if err := lines.Decode(&row); err != nil {
				return nil, fmt.Errorf("%s: %w", uri, err)
			}
			if rejected[row.Object] == nil {
				rejected[row.Object] = make(map[rejectedAt]bool)
			}
			rejected[row.Object][rejectedAt{row: row.Row}] = true
			rejected[row.Object][rejectedAt{line: row.Line, instance: row.Instance}] = true
		}
	}
	return rejected, nil
}
