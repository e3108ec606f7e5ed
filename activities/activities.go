// Package activities holds every side effect of a job: listing and planning, shards, training, commit, registration. An
// activity is resumable (a cursor or a checkpoint, never from zero), heartbeats its progress, honours cancel, and lets no
// panic out. It joins the rooms below it (storage, dataset, algorithms), which do not know each other.
package activities

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"runtime/debug"
	"time"

	"github.com/batchmill/batchmill/activities/budget"
	"github.com/batchmill/batchmill/activities/protocol"
	"github.com/batchmill/batchmill/algorithms"
	"github.com/batchmill/batchmill/jobs"
	"github.com/batchmill/batchmill/storage"
)

// Activities carries what activities share on one worker.
type Activities struct {
	store    storage.Store
	state    storage.URI
	registry *algorithms.Registry
	threads  int
	budget   *budget.Budget
	units    int64 // target size of units of line formats, in bytes; 0 means dataset's
	models   *modelCache
	plans    *planCache
	turn     time.Duration // how long a range of shards goes on while others may be waiting
	searches *searchCache
	curves   curveCache
	now      func() time.Time // for what a plan fixes of time, and what shards note
	name     string           // of this process, in what shards note

	elsewhere Elsewhere
	searching chan struct{} // held while a shard is searched
}

// Options for New.
type Options struct {
	Store    storage.Store
	State    storage.URI          // where models and descriptions of finished jobs are kept
	Registry *algorithms.Registry // the algorithms jobs may name
	Threads  int                  // cores a training may use; 0 means all
	// Budget is the memory that shards and models share; nil: without bound.
	Budget *budget.Budget
	// Elsewhere makes trials of what workers may have died of; nil: in this process.
	Elsewhere Elsewhere
}

// New makes the activities of one worker.
func New(o Options) *Activities {
	return &Activities{
		store: o.Store, state: o.State, registry: o.Registry, threads: o.Threads, budget: o.Budget,
		models: &modelCache{budget: o.Budget}, plans: new(planCache), searches: new(searchCache), now: time.Now, name: processName(),
		turn: turn, elsewhere: o.Elsewhere, searching: make(chan struct{}, 1),
	}
}

// processName is what Temporal calls a worker by default, without the task queue.
func processName() string {
	host, _ := os.Hostname() // without one the number alone must do
	return fmt.Sprintf("%d@%s", os.Getpid(), host)
}

// turn is a compromise: a job that comes late waits for about one turn, and a turn costs three events of a history.
const turn = 10 * time.Second

// Registrar is the part of a Temporal worker that activities are put on.
type Registrar interface {
	Add(name string, activity any)
}

// RegisterLight puts on the worker what is mostly waiting: planning, commit, clean-up.
func (a *Activities) RegisterLight(r Registrar) {
	r.Add(protocol.PlanTransform, guard(a.PlanTransform))
	r.Add(protocol.PlanSplit, guard(a.PlanSplit))
	r.Add(protocol.DecideSplit, guard(a.DecideSplit))
	r.Add(protocol.PlanTraining, guard(a.PlanTraining))
	r.Add(protocol.Commit, guard(a.Commit))
	r.Add(protocol.Withdraw, guard(a.Withdraw))
	r.Add(protocol.CleanUp, guard(a.CleanUp))
	r.Add(protocol.PublishModel, guard(a.PublishModel))
	r.Add(protocol.SaveDescription, guard(a.SaveDescription))
	r.Add(protocol.PlanTuning, guard(a.PlanTuning))
	r.Add(protocol.AdvanceTuning, guard(a.AdvanceTuning))
	r.Add(protocol.CheckTrials, guard(a.CheckTrials))
	r.Add(protocol.CloseTuning, guard(a.CloseTuning))
}

// RegisterCompute puts on the worker what keeps cores busy.
func (a *Activities) RegisterCompute(r Registrar) {
	r.Add(protocol.TransformShards, guard(a.patiently(a.TransformShards)))
	r.Add(protocol.ScanShards, guard(a.patiently(a.ScanShards)))
	r.Add(protocol.SplitShards, guard(a.patiently(a.SplitShards)))
	r.Add(protocol.Train, guard(a.Train))
}

// guard turns an activity's errors into Temporal's, and a panic into an error: a bad shape fails one job, not a worker.
func guard[In, Out any](f func(context.Context, In) (Out, error)) func(context.Context, In) (Out, error) {
	return func(ctx context.Context, in In) (out Out, err error) {
		defer func() {
			if p := recover(); p != nil {
				slog.Error("activity panicked", "panic", p, "stack", string(debug.Stack()))
				err = jobs.Failf(jobs.AlgorithmError, "panic: %v", p)
			}
			if err != nil {
				err = temporalError(ctx, err)
			}
		}()
		return f(ctx, in)
	}
}

// root is the job's own folder below its output path.
func root(outputPath, job string) (storage.URI, error) {
	uri, err := storage.ParseURI(outputPath)
	if err != nil {
		return uri, jobs.Failf(jobs.ClientError, "s3OutputPath: %w", err)
	}
	return uri.Join(protocol.JobFolder(job)...), nil
}

func clientf(format string, args ...any) error {
	return &jobs.Failure{Class: jobs.ClientError, Err: fmt.Errorf(format, args...)}
}
