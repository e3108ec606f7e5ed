package activities

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"golang.org/x/sync/errgroup"

	"github.com/batchmill/batchmill/activities/protocol"
	"github.com/batchmill/batchmill/activities/sharding"
	"github.com/batchmill/batchmill/jobs"
	"github.com/batchmill/batchmill/storage"
)

// A series is a chain of transform jobs none of which takes an object again. Each job that commits adds one numbered entry that lists
// what it took. The entry is put under the condition that its number is free, before anything of the output is visible: of jobs
// that were planned from the same chain, one gets on and the others fail.

// seriesEntry is what one job of a series took.
type seriesEntry struct {
	Job      string
	Plan     string // digest: a job's entry is its own on a retry, and no other's of the same name
	Manifest string
	Inputs   []seriesInput
	Left     bool `json:",omitempty"` // the job failed after all, and took nothing
}

// seriesInput is an object by name and content: one that was written anew is taken again.
type seriesInput struct{ URI, ETag string }

// series is a series as a job's planning found it.
type series struct {
	entries int
	taken   map[seriesInput]bool
}

// readSeries reads the chain.
func (a *Activities) readSeries(ctx context.Context, name string) (*series, error) {
	entries, err := a.seriesEntries(ctx, name)
	if err != nil {
		return nil, err
	}
	s := &series{entries: len(entries), taken: map[seriesInput]bool{}}
	for _, entry := range entries {
		for _, in := range entry.Inputs {
			s.taken[in] = true
		}
	}
	return s, nil
}

// seriesEntries reads all entries in order.
func (a *Activities) seriesEntries(ctx context.Context, name string) ([]*seriesEntry, error) {
	var found []storage.URI
	err := a.store.List(ctx, a.state.Join(protocol.SeriesFolder(name)...), func(info storage.Info) error {
		found = append(found, info.URI)
		return nil
	})
	if errors.Is(err, storage.ErrNoBucket) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("activities: list series: %w", err)
	}
	entries := make([]*seriesEntry, len(found))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(planParallel)
	for i, uri := range found {
		g.Go(func() (err error) {
			entries[i], err = a.seriesEntry(ctx, uri)
			return err
		})
	}
	return entries, g.Wait()
}

func (a *Activities) seriesEntry(ctx context.Context, uri storage.URI) (*seriesEntry, error) {
	data, _, err := storage.ReadAll(ctx, a.store, uri)
	if err != nil {
		return nil, fmt.Errorf("activities: read series: %w", err)
	}
	entry := new(seriesEntry)
	if err := json.Unmarshal(data, entry); err != nil {
		return nil, fmt.Errorf("activities: series entry %s: %w", uri, err)
	}
	return entry, nil
}

func (a *Activities) seriesURI(name string, number int) storage.URI {
	return a.state.Join(protocol.SeriesEntry(name, number)...)
}

// choose leaves the objects that are this job's to take: those no earlier job took or, in a backfill, those of a range.
func (s *series) choose(inputs []input, redo jobs.SeriesRange) []input {
	var chosen []input
	for _, in := range inputs {
		fresh := !s.taken[seriesInput{in.URI.String(), in.ETag}]
		if redo.Given() {
			fresh = redo.Holds(in.Rel)
		}
		if fresh {
			chosen = append(chosen, in)
		}
	}
	return chosen
}

// claimSeries enters a job into its series, or finds that an earlier attempt did.
func (a *Activities) claimSeries(ctx context.Context, plan *sharding.Plan, digest string) error {
	var params transformParams
	if err := json.Unmarshal(plan.Params, &params); err != nil {
		return fmt.Errorf("activities: plan parameters: %w", err)
	}
	if params.Series == "" || len(plan.Inputs) == 0 {
		return nil
	}
	root, err := storage.ParseURI(plan.Root)
	if err != nil {
		return err
	}
	entry := seriesEntry{Job: plan.Job, Plan: digest, Manifest: sharding.ManifestURI(root).String()}
	for _, in := range plan.Inputs {
		entry.Inputs = append(entry.Inputs, seriesInput{in.URI, in.ETag})
	}
	for number := params.SeriesEntry; ; number++ {
		there, err := a.enterSeries(ctx, a.seriesURI(params.Series, number), entry)
		switch {
		case err != nil || there == nil:
			return err
		case there.Plan == digest && !there.Left:
			return nil // entered by an earlier attempt
		case there.Plan == digest:
			return clientf("series %s: the job was cleaned up meanwhile", params.Series)
		case !there.Left:
			return clientf("series %s: job %q took objects after this job was planned; nothing of this job's output is visible. Start it again under another name: it takes what is left",
				params.Series, there.Job)
		}
	}
}

// enterSeries writes an entry under a number, or returns the one that is there.
func (a *Activities) enterSeries(ctx context.Context, uri storage.URI, entry seriesEntry) (*seriesEntry, error) {
	data, err := json.Marshal(entry)
	if err != nil {
		return nil, err
	}
	_, err = storage.WriteAll(ctx, a.store, uri, data, storage.PutOptions{IfNoneMatch: true, ContentType: "application/json"})
	if errors.Is(err, storage.ErrPrecondition) {
		return a.seriesEntry(ctx, uri)
	}
	return nil, err
}

// leaveSeries takes a job that did not commit out of its series. Its entry stays, without objects: later jobs may have entered
// behind it.
func (a *Activities) leaveSeries(ctx context.Context, ref protocol.PlanRef) error {
	if ref.Kind != jobs.TransformKind.Name || ref.Digest == "" {
		return nil
	}
	doc, err := jobs.ParseTransformJob(ref.Job.Document)
	if err != nil {
		return err
	}
	settings, err := jobs.TransformSettings(doc.Environment)
	if err != nil || settings.Series == "" {
		return err
	}
	entries, err := a.seriesEntries(ctx, settings.Series)
	if err != nil {
		return err
	}
	for number, entry := range entries {
		if entry.Plan != ref.Digest {
			continue
		}
		entry.Inputs, entry.Left = nil, true
		data, err := json.Marshal(entry)
		if err != nil {
			return err
		}
		_, err = storage.WriteAll(ctx, a.store, a.seriesURI(settings.Series, number), data, storage.PutOptions{ContentType: "application/json"})
		return err
	}
	return nil
}
