package workflows

import (
	"go.temporal.io/sdk/workflow"

	"github.com/batchmill/batchmill/activities/protocol"
	"github.com/batchmill/batchmill/jobs"
)

// What a training job does as one of a tuning job's: it tells the tuning job of its end and of rungs, where it waits.

// conclude keeps the job's description and reports its end. The run of the tuning job that started this one hears of a good end by
// the workflow's result, which the server delivers anyway. Signals tell of other ends, and of all ends where that run has continued
// as new.
func (t *trainingJob) conclude(ctx workflow.Context, trained protocol.Trained, good bool) error {
	if t.tuned == nil {
		return t.finish(ctx)
	}
	t.report = protocol.ReportOf(t.d, t.tuned.Trial, t.tuned.Objective)
	t.report.Rounds, t.report.EarlyStopped, t.report.Forecast = int(t.progress.Done), trained.Hopeless, trained.Forecast
	if good {
		err := t.finishBy(ctx, t.do)
		if err != nil || workflow.GetSignalChannel(ctx, protocol.SignalCarried).ReceiveAsync(nil) {
			t.signalTuner(ctx, *t.report)(ctx)
		}
		return err
	}
	told := t.signalTuner(ctx, *t.report)
	err := t.finishBy(ctx, t.do)
	told(ctx) // a workflow that ends earlier takes the signal along
	return err
}

// signalTuner sends the tuning job a report. The returned function waits until it has arrived.
func (t *trainingJob) signalTuner(ctx workflow.Context, r protocol.TrialReport) (wait func(workflow.Context)) {
	sent := workflow.SignalExternalWorkflow(ctx, t.tuned.Parent, "", protocol.SignalTrial, r)
	return func(ctx workflow.Context) {
		if err := sent.Get(ctx, nil); err != nil { // the tuning job has ended, or looks for itself now and then
			workflow.GetLogger(ctx).Warn("could not report to the tuning job", "error", err)
		}
	}
}

// pause waits at a rung until the tuning job says how to go on: again is false where the model so far is the last. The error
// is a cancel.
func (t *trainingJob) pause(ctx workflow.Context, trained protocol.Trained) (again bool, err error) {
	since := workflow.Now(ctx)
	t.progress.Done, t.progress.Unit, t.progress.Metrics = int64(trained.Rounds), "rounds", trained.Metrics
	if err := t.enterSaying(ctx, jobs.SecondaryStatusInterrupted, jobs.MessagePaused); err != nil {
		return false, err
	}
	r := protocol.TrialReport{Trial: t.tuned.Trial, Rounds: trained.Rounds}
	if value, ok := trained.Metrics[t.tuned.Objective]; ok {
		r.Value = &value
	}
	if err := t.waits(ctx); err != nil {
		return false, err
	}
	t.signalTuner(ctx, r)(ctx)
	var told protocol.GoOn
	selector := workflow.NewSelector(ctx)
	selector.AddReceive(workflow.GetSignalChannel(ctx, protocol.SignalGoOn), func(c workflow.ReceiveChannel, _ bool) { c.Receive(ctx, &told) })
	selector.AddReceive(ctx.Done(), func(workflow.ReceiveChannel, bool) {})
	selector.Select(ctx)
	if ctx.Err() != nil {
		return false, ctx.Err()
	}
	if told.Finish {
		return false, nil
	}
	t.paused += workflow.Now(ctx).Sub(since)
	t.tuned.Until = told.Until
	return true, t.enter(ctx, jobs.SecondaryStatusTraining)
}
