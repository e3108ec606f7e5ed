package workflows

import (
	"errors"
	"fmt"
	"slices"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/batchmill/batchmill/activities/protocol"
	"github.com/batchmill/batchmill/jobs"
)

// The training jobs of a tuning job. They outlive its runs (ParentClosePolicy ABANDON). The run that started one hears of its end by
// its result. A run that takes over asks those that go on to report by signals to the workflow ID, which reach whichever run is
// the present one. A net lies below: a look now and then at those that another run started.

// begin starts a training job.
func (t *tuningJob) begin(ctx workflow.Context, trial protocol.Trial) {
	d := t.job.Definitions()[trial.Definition]
	objective := t.job.Objective(d)
	name := t.childName(trial.Number)
	tuned := &protocol.Tuned{
		JobARN: t.d.HyperParameterTuningJobArn, Parent: workflow.GetInfo(ctx).WorkflowExecution.ID, Trial: trial.Number,
		Objective: objective.MetricName, Goal: objective.Type, Until: trial.Until,
	}
	if t.job.HyperParameterTuningJobConfig.TrainingJobEarlyStoppingType == "Auto" {
		tuned.Curves = t.state.Curves
	}
	t.state.Running = append(t.state.Running, RunningTrial{Number: trial.Number, Definition: trial.Definition, starting: true})
	t.d.Started()
	t.measure(t.progress.Stage)
	doc, err := jobs.Encode(t.job.Child(d, name, trial.Values))
	if err != nil {
		t.report(ctx, t.failedTrial(trial.Number, err))
		return
	}
	ctx = workflow.WithChildOptions(ctx, workflow.ChildWorkflowOptions{
		WorkflowID:            jobs.TrainingKind.WorkflowID(name),
		WorkflowIDReusePolicy: enumspb.WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE,
		ParentClosePolicy:     enumspb.PARENT_CLOSE_POLICY_ABANDON,
		StaticSummary:         fmt.Sprintf("trial %d of %s", trial.Number, t.tracker.job.Name),
		TypedSearchAttributes: announced(jobs.TrainingKind, name, string(jobs.TrainingJobStatusInProgress)),
	})
	child := workflow.ExecuteChildWorkflow(ctx, jobs.TrainingKind.Name, doc, tuned)
	t.sending++
	workflow.Go(ctx, func(ctx workflow.Context) { t.follow(ctx, child, trial.Number) })
}

func (t *tuningJob) childName(number int) string {
	return jobs.ChildName(t.tracker.job.Name, number)
}

// follow waits for a training job that this run has started.
func (t *tuningJob) follow(ctx workflow.Context, child workflow.ChildWorkflowFuture, number int) {
	err := child.GetChildWorkflowExecution().Get(ctx, nil)
	t.sending--
	running := t.find(number)
	if running == nil {
		return
	}
	running.starting = false
	var started *temporal.ChildWorkflowExecutionAlreadyStartedError
	if errors.As(err, &started) { // by an earlier life of this job, after a reset
		t.takeOver(ctx, number)
		return
	}
	var report protocol.TrialReport
	if err == nil {
		err = child.Get(ctx, &report)
	}
	if running = t.find(number); running == nil {
		return // it has reported its end
	}
	switch {
	case err == nil:
		t.report(ctx, report)
	case temporal.IsCanceledError(err):
		t.report(ctx, protocol.TrialReport{Trial: number, Status: jobs.TrainingJobStatusStopped, EndedAt: jobs.At(workflow.Now(ctx))})
	default:
		t.report(ctx, t.failedTrial(number, cause(err)))
	}
}

func (t *tuningJob) failedTrial(number int, err error) protocol.TrialReport {
	return protocol.TrialReport{Trial: number, Status: jobs.TrainingJobStatusFailed, Reason: jobs.FailureReason(err)}
}

// find is the running training job of that number, nil once it has ended. The pointer holds until one starts or ends.
func (t *tuningJob) find(number int) *RunningTrial {
	i := slices.IndexFunc(t.state.Running, func(r RunningTrial) bool { return r.Number == number })
	if i < 0 {
		return nil
	}
	return &t.state.Running[i]
}

func (t *tuningJob) objective(r *RunningTrial) *jobs.HyperParameterTuningJobObjective {
	return t.job.Objective(t.job.Definitions()[r.Definition])
}

// report takes in that a training job pauses or has ended. It may come twice.
func (t *tuningJob) report(ctx workflow.Context, r protocol.TrialReport) {
	running := t.find(r.Trial)
	if running == nil || r.Paused() && running.Paused {
		return
	}
	t.dirty = true
	t.state.News = append(t.state.News, r)
	if r.Paused() {
		running.Paused = true
		t.measure(t.progress.Stage)
		return
	}
	s := jobs.HyperParameterTrainingJobSummary{TrainingJobStatus: r.Status, FailureReason: r.Reason}
	if r.Value != nil {
		s.SetValue(t.objective(running).MetricName, *r.Value, true)
	} else {
		s.ObjectiveStatus = jobs.ObjectiveFailed
	}
	t.d.Ended(s)
	t.state.Running = slices.DeleteFunc(t.state.Running, func(x RunningTrial) bool { return x.Number == r.Trial })
	t.measure(t.progress.Stage)
	if t.d.TrainingJobStatusCounters.Ended() == attempts {
		t.giveUp(ctx)
	}
}

// attempts is how many training jobs may come to nothing before the tuning job gives up (contract 4.3).
const attempts = 5

// giveUp fails the job if no training job so far came to anything.
func (t *tuningJob) giveUp(ctx workflow.Context) {
	c := t.d.TrainingJobStatusCounters
	switch n := c.Ended(); {
	case t.d.ObjectiveStatusCounters.Succeeded > 0 || n == 0 || t.state.Stopped || t.state.Done == doneRuntime:
	case c.Failed() == n:
		t.fail(ctx, "", fmt.Sprintf("No training job succeeded after %d attempts. Please take a look at the training job failures to get more details.", n))
	default:
		t.fail(ctx, "", fmt.Sprintf("No objective metrics found after running %d training jobs. Please ensure that the training algorithm is emitting the objective metric.", n))
	}
}

// fail ends the job as failed, once the training jobs that run have stopped.
func (t *tuningJob) fail(ctx workflow.Context, class jobs.Class, text string) {
	if t.state.Failure == "" {
		t.state.Failure, t.state.Class = text, class
		t.end(ctx, doneFailed)
	}
}

// goOn tells a paused training job what becomes of it.
func (t *tuningJob) goOn(ctx workflow.Context, number int, how protocol.GoOn) {
	running := t.find(number)
	if running == nil {
		return
	}
	running.Paused = how.Finish
	t.send(ctx, func(ctx workflow.Context) error {
		return workflow.SignalExternalWorkflow(ctx, jobs.TrainingKind.WorkflowID(t.childName(number)), "", protocol.SignalGoOn, how).Get(ctx, nil)
	})
}

// send does something to another workflow. Its failing means that the other one has ended, which will be heard of.
func (t *tuningJob) send(ctx workflow.Context, f func(workflow.Context) error) {
	t.sending++
	workflow.Go(ctx, func(ctx workflow.Context) {
		if err := f(ctx); err != nil {
			workflow.GetLogger(ctx).Warn("a training job could not be reached", "error", err)
		}
		t.sending--
	})
}

// stopAll asks all training jobs that run to stop, each once. Their models so far are kept.
func (t *tuningJob) stopAll(ctx workflow.Context) {
	for i := range t.state.Running {
		r := &t.state.Running[i]
		if r.cancelled {
			continue
		}
		r.cancelled = true
		number := r.Number
		t.send(ctx, func(ctx workflow.Context) error {
			// What has not started yet cannot be reached.
			err := workflow.Await(ctx, func() bool { r := t.find(number); return r == nil || !r.starting })
			if err != nil || t.find(number) == nil {
				return err
			}
			return workflow.RequestCancelExternalWorkflow(ctx, jobs.TrainingKind.WorkflowID(t.childName(number)), "").Get(ctx, nil)
		})
	}
}

// takeOver sees to a training job that another run started. What would tell that run of its end does not reach this one, so it
// is asked to report by a signal; one that cannot be asked any more has ended.
func (t *tuningJob) takeOver(ctx workflow.Context, number int) {
	t.find(number).Carried = true
	t.send(ctx, func(ctx workflow.Context) error {
		id := jobs.TrainingKind.WorkflowID(t.childName(number))
		if workflow.SignalExternalWorkflow(ctx, id, "", protocol.SignalCarried, nil).Get(ctx, nil) == nil {
			return nil
		}
		return t.check(ctx, func(r RunningTrial) bool { return r.Number == number })
	})
}

// carriedEvery is how often training jobs that another run started are looked at.
const carriedEvery = 30 * time.Second

// lookAfterCarried finds training jobs that ended without a report: terminated from outside, say.
func (t *tuningJob) lookAfterCarried(ctx workflow.Context) {
	carried := func(r RunningTrial) bool { return r.Carried }
	for {
		err := workflow.Await(ctx, func() bool { return slices.ContainsFunc(t.state.Running, carried) })
		if err != nil || workflow.Sleep(ctx, carriedEvery) != nil {
			return
		}
		t.sending++
		if err := t.check(ctx, carried); err != nil {
			workflow.GetLogger(ctx).Warn("could not look after training jobs", "error", err)
		}
		t.sending--
	}
}

// check finds out which of those training jobs have ended.
func (t *tuningJob) check(ctx workflow.Context, those func(RunningTrial) bool) error {
	ref := protocol.TrialsRef{Job: t.tracker.job.Name}
	for i := range t.state.Running {
		if r := &t.state.Running[i]; those(*r) {
			ref.Trials = append(ref.Trials, protocol.TrialRef{Number: r.Number, Objective: t.objective(r).MetricName})
		}
	}
	if len(ref.Trials) == 0 {
		return nil
	}
	var ended []protocol.TrialReport
	err := workflow.ExecuteActivity(light(ctx, "look after training jobs"), protocol.CheckTrials, ref).Get(ctx, &ended)
	for _, r := range ended {
		t.report(ctx, r)
	}
	return err
}
