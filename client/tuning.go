package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/batchmill/batchmill/activities/protocol"
	"github.com/batchmill/batchmill/jobs"
	"github.com/batchmill/batchmill/storage"
)

// Trial is one training job of a tuning job: its summary, and how far it came.
type Trial = protocol.TrialEntry

// Trials reads a tuning job's trials from the store, as the search has recorded them. Reading again asks only for what is
// new. Not for concurrent use.
type Trials struct {
	client *Client
	name   string
	steps  int // read
	all    []Trial
	closed bool
}

// Trials makes a reader of a tuning job's trials.
func (c *Client) Trials(name string) *Trials { return &Trials{client: c, name: name} }

// Read returns all trials by number. There are none before the search has begun, or if there is no such tuning job.
func (t *Trials) Read(ctx context.Context) ([]Trial, error) {
	err := t.read(ctx)
	if errors.Is(err, storage.ErrNoBucket) {
		err = nil
	}
	return slices.Clone(t.all), err
}

// read takes in the steps that are new, then looks for the record of the whole search. That is written before those of the
// steps are removed, so where it is missing no step was.
func (t *Trials) read(ctx context.Context) error {
	if t.closed {
		return nil
	}
	if t.steps == 0 {
		if err := t.readState(ctx); err != nil {
			return err
		}
	}
	if err := t.readSteps(ctx); err != nil {
		return err
	}
	var whole protocol.Trials
	err := t.client.readJSON(ctx, t.place(protocol.TuningTrials), &whole)
	if errors.Is(err, storage.ErrNotFound) {
		return nil
	}
	if err == nil {
		t.all, t.closed = whole.Trials, true
	}
	return err
}

// tuningRecord is a step as the search keeps it.
type tuningRecord struct {
	Step  protocol.TuningStep
	Moves protocol.TuningMoves
}

// stepsAtOnce is how many steps are asked for at the same time, where there are many.
const stepsAtOnce = 16

// readSteps takes in what followed the last step read. It begins with one: a search that is followed has few new ones.
func (t *Trials) readSteps(ctx context.Context) error {
	for n := 1; ; n = min(2*n, stepsAtOnce) {
		steps, err := t.nextSteps(ctx, n)
		for _, s := range steps {
			t.add(s.Step, s.Moves)
			t.steps++
		}
		if err != nil || len(steps) < n {
			return err
		}
	}
}

// nextSteps reads the next n steps, or as many as there are.
func (t *Trials) nextSteps(ctx context.Context, n int) ([]tuningRecord, error) {
	found := make([]*tuningRecord, n)
	group, ctx := errgroup.WithContext(ctx)
	for i := range found {
		group.Go(func() error {
			var r tuningRecord
			err := t.client.readJSON(ctx, t.place(protocol.TuningSteps, protocol.NumberedObject(t.steps+1+i)), &r)
			if errors.Is(err, storage.ErrNotFound) {
				return nil
			}
			found[i] = &r
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	var steps []tuningRecord
	for _, r := range found {
		if r == nil {
			break
		}
		steps = append(steps, *r)
	}
	return steps, nil
}

// readState takes the newest state of the search, so that only the steps after it need to be read one by one.
func (t *Trials) readState(ctx context.Context) error {
	newest := 0
	err := t.client.store.List(ctx, t.place(protocol.TuningStates, ""), func(i storage.Info) error {
		n, err := strconv.Atoi(strings.TrimSuffix(i.URI.Base(), ".json"))
		newest = max(newest, n)
		return err
	})
	if err != nil || newest == 0 {
		return err
	}
	var state protocol.Trials // the search holds more
	err = t.client.readJSON(ctx, t.place(protocol.TuningStates, protocol.NumberedObject(newest)), &state)
	if errors.Is(err, storage.ErrNotFound) { // replaced meanwhile; the steps say the same
		return nil
	}
	if err == nil {
		t.steps, t.all = newest, state.Trials
	}
	return err
}

func (t *Trials) place(elems ...string) storage.URI {
	folder := protocol.TuningFolder(t.name)
	return t.client.state.Join(append(folder[:len(folder)-1:len(folder)-1], elems...)...)
}

func (c *Client) readJSON(ctx context.Context, uri storage.URI, to any) error {
	data, _, err := storage.ReadAll(ctx, c.store, uri)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(data, to); err != nil {
		return fmt.Errorf("client: %s: %w", uri, err)
	}
	return nil
}

// add takes a step in.
func (t *Trials) add(step protocol.TuningStep, moves protocol.TuningMoves) {
	for i, r := range step.Reports {
		if r.Trial < 1 || r.Trial > len(t.all) || t.all[r.Trial-1].Summary.TrainingJobStatus.Terminal() {
			continue
		}
		r.AddTo(&t.all[r.Trial-1], moves.Objectives[i])
	}
	for _, start := range moves.Start {
		name := jobs.ChildName(t.name, start.Number)
		t.all = append(t.all, start.Entry(name, t.client.arn(jobs.TrainingKind, name), step.At))
	}
}

// tuningLog writes the training jobs that have ended, by number, each with its value and hyperparameters.
func (j *Job) tuningLog(ctx context.Context, w io.Writer) error {
	trials, err := j.client.ListTrials(ctx, j.Name, TrialOptions{SortBy: "Name"})
	if err != nil {
		return err
	}
	for _, t := range trials {
		if !t.TrainingJobStatus.Terminal() {
			break // those behind it would change places in the log when it ends
		}
		value := "no value"
		if v, ok := t.Value(); ok {
			value = fmt.Sprintf("%s:%g", t.FinalHyperParameterTuningJobObjectiveMetric.MetricName, v)
		}
		values, err := json.Marshal(t.TunedHyperParameters)
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", t.TrainingJobName, t.TrainingJobStatus, value, values); err != nil {
			return err
		}
	}
	return nil
}

// TrialOptions select and order the training jobs of a tuning job. The zero value lists all of them, oldest first.
type TrialOptions struct {
	SortBy     string // one of jobs.TrialOrders; CreationTime if empty
	Descending bool
	Status     string // of the training jobs
}

// ListTrials is ListTrainingJobsForHyperParameterTuningJob. An unknown tuning job is a *jobs.NotFoundError.
func (c *Client) ListTrials(ctx context.Context, tuningJob string, o TrialOptions) ([]jobs.HyperParameterTrainingJobSummary, error) {
	if _, err := c.Job(jobs.TuningKind, tuningJob).Describe(ctx); err != nil {
		return nil, err
	}
	trials, err := c.Trials(tuningJob).Read(ctx)
	if err != nil {
		return nil, err
	}
	list := []jobs.HyperParameterTrainingJobSummary{}
	for _, t := range trials {
		if o.Status == "" || string(t.Summary.TrainingJobStatus) == o.Status {
			list = append(list, t.Summary)
		}
	}
	return jobs.SortTrials(list, orElse(o.SortBy, "CreationTime"), o.Descending)
}
