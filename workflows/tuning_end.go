package workflows

import (
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/batchmill/batchmill/activities/protocol"
	"github.com/batchmill/batchmill/jobs"
)

// publishEvery bounds how often the description is published: each time takes events, and children may end every few
// milliseconds.
const publishEvery = time.Second

// publishSoon publishes the description now, or once publishEvery has passed since the last time.
func (t *tuningJob) publishSoon(ctx workflow.Context) {
	if !t.dirty || t.timer {
		return
	}
	wait := publishEvery - workflow.Now(ctx).Sub(t.published)
	if wait <= 0 {
		t.logPublish(ctx)
		return
	}
	t.timer = true
	workflow.Go(ctx, func(ctx workflow.Context) {
		_ = workflow.Sleep(ctx, wait)
		t.timer = false
		if t.dirty {
			t.logPublish(ctx)
		}
	})
}

func (t *tuningJob) logPublish(ctx workflow.Context) {
	if err := t.publishNow(ctx); err != nil {
		workflow.GetLogger(ctx).Warn("could not publish the description", "error", err)
	}
}

func (t *tuningJob) publishNow(ctx workflow.Context) error {
	t.dirty, t.published = false, workflow.Now(ctx)
	t.d.LastModifiedTime = jobs.At(t.published)
	return t.publish(ctx)
}

// long tells whether the history is long, after a step at least. No other is taken then: where training jobs end all the
// time, there would never be a moment with nothing under way.
func (t *tuningJob) long(ctx workflow.Context) bool {
	return t.stepped && workflow.GetInfo(ctx).GetContinueAsNewSuggested()
}

// mayRenew tells whether the history is long, and nothing is under way that a new run would not hear of: neither what was
// sent, nor a stop.
func (t *tuningJob) mayRenew(ctx workflow.Context) bool {
	return t.long(ctx) && t.sending == 0 && (ctx.Err() == nil || t.state.Stopped)
}

// renew continues as a new run with a short history. Training jobs run on meanwhile.
func (t *tuningJob) renew(ctx workflow.Context) error {
	description, err := jobs.Encode(t.describe())
	if err != nil {
		return err
	}
	return workflow.NewContinueAsNewError(ctx, t.again, t.tracker.job.Document, &TuningResume{State: t.state, Description: description})
}

// refuse ends a job that could not be planned, or was stopped before it was.
func (t *tuningJob) refuse(ctx, dctx workflow.Context, err error) error {
	t.progress = jobs.Progress{}
	if temporal.IsCanceledError(err) && ctx.Err() != nil {
		_ = t.d.Transition(jobs.TuningJobStatusStopped, workflow.Now(dctx))
	} else {
		_ = t.d.Fail(cause(err), workflow.Now(dctx))
		t.progress.Message = cause(err).Error()
	}
	if e := t.finish(dctx); e != nil {
		workflow.GetLogger(dctx).Warn("could not keep the description", "error", e)
	}
	if t.d.HyperParameterTuningJobStatus == jobs.TuningJobStatusStopped {
		return temporal.NewCanceledError()
	}
	return failed(err)
}

// conclude ends the job once all its training jobs have.
func (t *tuningJob) conclude(ctx workflow.Context) error {
	if t.state.Failure == "" {
		t.giveUp(ctx)
	}
	t.measure("")
	t.progress.Message = ""
	err := workflow.ExecuteActivity(light(ctx, "put the search's records together"), protocol.CloseTuning, protocol.CloseRef{Job: t.tracker.job.Name}).Get(ctx, nil)
	if err != nil {
		workflow.GetLogger(ctx).Warn("could not put the records together", "error", err)
	}
	now := workflow.Now(ctx)
	switch {
	case t.state.Failure != "":
		err = t.d.Fail(t.failure(), now)
		if t.state.Class == "" {
			t.d.FailureReason = t.state.Failure
		}
		t.progress.Message = t.state.Failure
	case t.state.Stopped:
		err = t.d.Transition(jobs.TuningJobStatusStopped, now)
	default:
		err = t.d.Transition(jobs.TuningJobStatusCompleted, now)
	}
	if err != nil {
		return err
	}
	if err := t.finish(ctx); err != nil {
		return err
	}
	switch {
	case t.state.Failure != "":
		return failed(temporal.NewApplicationError(t.state.Failure, string(jobs.ClassOf(t.failure()))))
	case t.state.Stopped:
		return temporal.NewCanceledError()
	}
	return nil
}

// failure is why the job fails, as an error of its class.
func (t *tuningJob) failure() error {
	class := t.state.Class
	if class == "" {
		class = jobs.ClientError
	}
	return jobs.Failf(class, "%s", t.state.Failure)
}
