package client

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/converter"

	"github.com/batchmill/batchmill/activities/protocol"
	"github.com/batchmill/batchmill/jobs"
	"github.com/batchmill/batchmill/storage"
)

// pollEvery is how often a followed job is asked for its progress.
const pollEvery = 300 * time.Millisecond

// FailedError says that a job did not complete.
type FailedError struct {
	Kind   jobs.Kind
	Name   string
	Status string // Failed or Stopped
	Reason string // FailureReason
}

func (e *FailedError) Error() string {
	s := fmt.Sprintf("%s %s: %s", e.Kind.Name, e.Name, e.Status)
	if e.Reason != "" {
		s += ": " + e.Reason
	}
	return s
}

// Wait follows the job until it ends and returns its description; a job that did not complete is a *FailedError besides.
// progress, if not nil, is called with each new state of affairs. Ending ctx ends the waiting, not the job.
func (j *Job) Wait(ctx context.Context, progress func(jobs.Progress)) (jobs.Document, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	ended := j.ended(ctx)
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for {
		d, err := j.Describe(ctx)
		if err != nil && !errors.Is(err, ErrTemporal) {
			return nil, err
		}
		if err == nil {
			status, reason := Status(j.Kind, d)
			if Terminal(status) {
				if status != "Completed" {
					return d, &FailedError{j.Kind, j.Name, status, reason}
				}
				return d, nil
			}
			if progress != nil {
				if p, err := j.Progress(ctx); err == nil {
					progress(p)
				}
			}
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-ended:
			ended = nil
		case <-tick.C:
		}
	}
}

// ended is closed when Temporal says that the job's workflow is over, which is sooner than the next look, or when it cannot say.
func (j *Job) ended(ctx context.Context) <-chan struct{} {
	over := make(chan struct{})
	go func() {
		defer close(over)
		_ = j.client.temporal.GetWorkflow(ctx, j.Kind.WorkflowID(j.Name), "").Get(ctx, nil) // how it ended is for Describe to say
	}()
	return over
}

// Progress tells how far a running job is: what its workflow knows plus what its running activities last reported. It needs
// a worker.
func (j *Job) Progress(ctx context.Context) (jobs.Progress, error) {
	var p jobs.Progress
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	answer, err := j.client.temporal.QueryWorkflow(ctx, j.Kind.WorkflowID(j.Name), "", protocol.QueryProgress)
	if err != nil {
		return p, temporalError(err)
	}
	if err := answer.Get(&p); err != nil {
		return p, err
	}
	d, err := j.client.temporal.DescribeWorkflowExecution(ctx, j.Kind.WorkflowID(j.Name), "")
	if err != nil {
		return p, temporalError(err)
	}
	for _, a := range d.GetPendingActivities() {
		if a.GetLastFailure() != nil && p.Message == "" {
			p.Message = fmt.Sprintf("attempt %d: %s", a.GetAttempt(), a.GetLastFailure().GetMessage())
		}
		var beat protocol.Beat
		if a.GetState() != enumspb.PENDING_ACTIVITY_STATE_STARTED ||
			converter.GetDefaultDataConverter().FromPayloads(a.GetHeartbeatDetails(), &beat) != nil {
			continue
		}
		addBeat(&p, a.GetActivityType().GetName(), beat)
	}
	return p, nil
}

func addBeat(p *jobs.Progress, activity string, b protocol.Beat) {
	switch activity {
	case protocol.Train:
		p.Done, p.Total, p.Unit, p.Metrics = b.Done, b.Total, "rounds", b.Metrics
	case protocol.TransformShards, protocol.SplitShards, protocol.ScanShards:
		p.Done += b.Done
		p.Rows += b.Done
		p.Rejected += b.Rejected
	}
}

// Logs writes the job's log: for a training job the lines of its rounds, as far as they are stored; for a tuning job a line
// for each of its training jobs.
func (j *Job) Logs(ctx context.Context, w io.Writer) error {
	if j.Kind == jobs.TuningKind {
		return j.tuningLog(ctx, w)
	}
	d, err := j.Describe(ctx)
	if err != nil {
		return err
	}
	root, err := outputRoot(j.Kind, d)
	if err != nil {
		return err
	}
	return j.client.store.List(ctx, root.Join(protocol.LogFolder, ""), func(info storage.Info) error {
		r, _, err := j.client.store.Get(ctx, info.URI, storage.GetOptions{})
		if err != nil {
			return err
		}
		_, err = io.Copy(w, r)
		return errors.Join(err, r.Close())
	})
}
