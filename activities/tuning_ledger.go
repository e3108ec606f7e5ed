package activities

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/batchmill/batchmill/activities/protocol"
	"github.com/batchmill/batchmill/jobs"
	"github.com/batchmill/batchmill/storage"
	"github.com/batchmill/batchmill/tuning"
)

// A tuning job's records in the store: the plan, one small object for each step, and the search as it was after some of
// them. A step's object is written once (If-None-Match), so two workers that take the same step agree on its moves; a
// worker that never saw the search takes the newest state and repeats the steps after it.

// Steps between two states of a search, the more the longer it is, so that all states together stay linear in its length. To
// repeat a step whose points follow from the seed costs reading it, to repeat a step of a model means to choose again.
const (
	stateEvery      = 64
	stateShare      = 8 // at least every eighth of the steps so far
	modelStateEvery = 8
	modelStateShare = 16
)

// tuningPlan is what all steps of a search agree on.
type tuningPlan struct {
	Document jobs.Document
	ARN      string
	Seed     uint64
	// Warm holds what the parents observed, by definition.
	Warm map[string][]tuning.Observation `json:",omitempty"`
	// ParentBest is the parents' best training job where it counts as the search's own.
	ParentBest *jobs.HyperParameterTrainingJobSummary `json:",omitempty"`
}

// tuningRecord is a step as it is kept.
type tuningRecord struct {
	Step  protocol.TuningStep
	Moves protocol.TuningMoves
}

// searchCache keeps the searches a worker is busy with.
type searchCache struct {
	mu    sync.Mutex
	live  map[string]*liveSearch
	order []string
}

// searchesKept bounds the searches a worker holds.
const searchesKept = 64

// liveSearch is a search in memory; nil before it is read, and after it may differ from what the store holds.
type liveSearch struct {
	mu     sync.Mutex
	search *search
}

func (c *searchCache) get(job string) *liveSearch {
	c.mu.Lock()
	defer c.mu.Unlock()
	if l := c.live[job]; l != nil {
		return l
	}
	if c.live == nil {
		c.live = map[string]*liveSearch{}
	}
	l := new(liveSearch)
	c.live[job] = l
	if c.order = append(c.order, job); len(c.order) > searchesKept {
		delete(c.live, c.order[0])
		c.order = c.order[1:]
	}
	return l
}

func (c *searchCache) forget(job string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.live, job)
}

// tuningPlace is a place in the tuning job's folder.
func (a *Activities) tuningPlace(job string, elems ...string) storage.URI {
	folder := protocol.TuningFolder(job)
	return a.state.Join(append(folder[:len(folder)-1:len(folder)-1], elems...)...)
}

// AdvanceTuning takes the search's next step. It may be called again with the same step, here or elsewhere, at any time.
func (a *Activities) AdvanceTuning(ctx context.Context, step protocol.TuningStep) (protocol.TuningMoves, error) {
	live := a.searches.get(step.Job)
	live.mu.Lock()
	defer live.mu.Unlock()
	if live.search == nil || live.search.Seq != step.Seq-1 {
		live.search = nil
		taken, err := a.takenStep(ctx, step)
		if taken != nil || err != nil {
			return orEmptyMoves(taken), err
		}
		if live.search, err = a.readSearch(ctx, step.Job, step.Seq-1); err != nil {
			return protocol.TuningMoves{}, err
		}
	}
	s := live.search
	live.search = nil // until the step is in the store
	moves, err := s.advance(step)
	if err != nil {
		return moves, err
	}
	record, err := json.Marshal(tuningRecord{step, moves})
	if err != nil {
		return moves, err
	}
	at := a.tuningPlace(step.Job, protocol.TuningSteps, protocol.NumberedObject(step.Seq))
	_, err = storage.WriteAll(ctx, a.store, at, record, storage.PutOptions{IfNoneMatch: true})
	if errors.Is(err, storage.ErrPrecondition) { // another worker was faster, or our answer was lost
		taken, err := a.takenStep(ctx, step)
		return orEmptyMoves(taken), err
	}
	if err != nil {
		return moves, err
	}
	if err := a.keepState(ctx, step.Job, s); err != nil {
		return moves, err
	}
	live.search = s
	return moves, nil
}

func orEmptyMoves(m *protocol.TuningMoves) protocol.TuningMoves {
	if m == nil {
		return protocol.TuningMoves{}
	}
	return *m
}

// takenStep is the answer that the step has had already, nil if it was never taken.
func (a *Activities) takenStep(ctx context.Context, step protocol.TuningStep) (*protocol.TuningMoves, error) {
	var r tuningRecord
	err := a.readJSON(ctx, a.tuningPlace(step.Job, protocol.TuningSteps, protocol.NumberedObject(step.Seq)), &r)
	if errors.Is(err, storage.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return &r.Moves, nil
}

func (a *Activities) readJSON(ctx context.Context, uri storage.URI, to any) error {
	data, _, err := storage.ReadAll(ctx, a.store, uri)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(data, to); err != nil {
		return fmt.Errorf("activities: %s: %w", uri, err)
	}
	return nil
}

func (a *Activities) writeJSON(ctx context.Context, uri storage.URI, v any, o storage.PutOptions) error {
	data, err := json.Marshal(v)
	if err != nil {
		return err
	}
	_, err = storage.WriteAll(ctx, a.store, uri, data, o)
	return err
}

// keepState keeps the search as it is, where it is due, and removes the last state but one: the last may be being read.
func (a *Activities) keepState(ctx context.Context, job string, s *search) error {
	every := max(stateEvery, s.Seq/stateShare)
	if s.job.HyperParameterTuningJobConfig.Strategy == jobs.StrategyBayesian {
		every = max(modelStateEvery, s.Seq/modelStateShare)
	}
	if s.Seq < s.Kept[0]+every {
		return nil
	}
	old := s.Kept[1]
	s.Kept = [2]int{s.Seq, s.Kept[0]}
	if err := a.writeJSON(ctx, a.tuningPlace(job, protocol.TuningStates, protocol.NumberedObject(s.Seq)), s, storage.PutOptions{}); err != nil {
		return err
	}
	if old == 0 {
		return nil
	}
	return a.store.Delete(ctx, a.tuningPlace(job, protocol.TuningStates, protocol.NumberedObject(old)))
}

// readSearch makes the search as it was after that step.
func (a *Activities) readSearch(ctx context.Context, job string, seq int) (*search, error) {
	var plan tuningPlan
	if err := a.readJSON(ctx, a.tuningPlace(job, protocol.TuningPlanObject), &plan); err != nil {
		return nil, fmt.Errorf("activities: plan of tuning job %s: %w", job, err)
	}
	s, err := a.newestState(ctx, job, seq, &plan)
	if err != nil {
		return nil, err
	}
	steps, err := a.readSteps(ctx, job, s.Seq+1, seq)
	for i := 0; i < len(steps) && err == nil; i++ {
		_, err = s.advance(steps[i].Step)
	}
	if err != nil {
		return nil, err
	}
	return s, nil
}

// stepsAtOnce is how many steps are read at the same time.
const stepsAtOnce = 16

// readSteps reads steps from..to.
func (a *Activities) readSteps(ctx context.Context, job string, from, to int) ([]tuningRecord, error) {
	steps := make([]tuningRecord, max(0, to-from+1))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(stepsAtOnce)
	for i := range steps {
		group.Go(func() error {
			err := a.readJSON(ctx, a.tuningPlace(job, protocol.TuningSteps, protocol.NumberedObject(from+i)), &steps[i])
			if err != nil {
				return fmt.Errorf("activities: step %d of tuning job %s: %w", from+i, job, err)
			}
			return nil
		})
	}
	return steps, group.Wait()
}

// newestState is the newest state that is not after that step; a new search if none is kept.
func (a *Activities) newestState(ctx context.Context, job string, seq int, plan *tuningPlan) (*search, error) {
	newest := 0
	err := a.store.List(ctx, a.tuningPlace(job, protocol.TuningStates, ""), func(i storage.Info) error {
		if n, err := strconv.Atoi(strings.TrimSuffix(i.URI.Base(), ".json")); err == nil && n <= seq {
			newest = max(newest, n)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if newest == 0 {
		return newSearch(plan)
	}
	s := new(search)
	if err := a.readJSON(ctx, a.tuningPlace(job, protocol.TuningStates, protocol.NumberedObject(newest)), s); err != nil {
		return nil, err
	}
	return s, s.bind(plan)
}

// CloseTuning puts all trials of a search that has ended into one object, and removes the records of its steps.
func (a *Activities) CloseTuning(ctx context.Context, ref protocol.CloseRef) (int, error) {
	p, _ := startPulse(ctx)
	defer p.stop()
	defer a.searches.forget(ref.Job)
	at := a.tuningPlace(ref.Job, protocol.TuningTrials)
	var trials protocol.Trials
	err := a.readJSON(ctx, at, &trials)
	switch {
	case errors.Is(err, storage.ErrNotFound):
		if trials, err = a.lastTrials(ctx, ref.Job); err != nil {
			return 0, err
		}
		if err := a.writeJSON(ctx, at, trials, storage.PutOptions{ContentType: "application/json"}); err != nil {
			return 0, err
		}
	case err != nil:
		return 0, err
	}
	for _, folder := range []string{protocol.TuningSteps, protocol.TuningStates, protocol.TuningCurves} {
		if err := a.removeBelow(ctx, a.tuningPlace(ref.Job, folder, "")); err != nil {
			return 0, err
		}
	}
	return len(trials.Trials), nil
}

// lastTrials are the trials after the last step taken.
func (a *Activities) lastTrials(ctx context.Context, job string) (protocol.Trials, error) {
	last := 0
	err := a.store.List(ctx, a.tuningPlace(job, protocol.TuningSteps, ""), func(i storage.Info) error {
		n, err := strconv.Atoi(strings.TrimSuffix(i.URI.Base(), ".json"))
		last = max(last, n)
		return err
	})
	if err != nil {
		return protocol.Trials{}, err
	}
	s, err := a.readSearch(ctx, job, last)
	if err != nil {
		return protocol.Trials{}, err
	}
	var out protocol.Trials
	for _, t := range s.Trials {
		out.Trials = append(out.Trials, t.TrialEntry)
	}
	return out, nil
}

func (a *Activities) removeBelow(ctx context.Context, prefix storage.URI) error {
	var found []storage.URI
	err := a.store.List(ctx, prefix, func(i storage.Info) error { found = append(found, i.URI); return nil })
	if err != nil {
		return err
	}
	return a.store.Delete(ctx, found...)
}
