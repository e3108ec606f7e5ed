package workflows

import (
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/batchmill/batchmill/activities/protocol"
	"github.com/batchmill/batchmill/jobs"
)

// TrainingJob trains a model: Starting, Downloading (the input is listed, pinned and looked through), Training, Uploading,
// Completed. A stop, or MaxRuntimeInSeconds, ends training after the round at hand and keeps the model so far. tuned is given
// by the tuning job that starts it as one of its own. It returns its description, as one of a tuning job's a
// protocol.TrialReport instead.
func (w *Workflows) TrainingJob(ctx workflow.Context, doc jobs.Document, tuned *protocol.Tuned) (any, error) {
	kind := jobs.TrainingKind
	job, err := prepare(ctx, kind, doc)
	if err != nil {
		return nil, err
	}
	parsed, err := jobs.ParseTrainingJob(job.Document)
	if err != nil {
		return nil, clientError(err)
	}
	arn := jobs.ARN(kind.IDPrefix, w.Region, w.Account, job.Name)
	if !canonical(ctx, kind, job.Name) {
		d := new(jobs.TrainingJobDescription)
		return d, delegate(ctx, kind, job, arn, d)
	}
	d := jobs.DescribeTraining(*parsed, arn, workflow.GetInfo(ctx).WorkflowStartTime)
	track := &tracker{kind: kind, job: job, status: func() string { return string(d.TrainingJobStatus) }}
	track.describe = func() any { d.Progress = track.snapshot(); return &d }
	run := &trainingJob{d: &d, tracker: track, tuned: tuned}
	if tuned == nil {
		if err := run.start(ctx); err != nil {
			return nil, err
		}
		return &d, run.run(ctx)
	}
	d.TuningJobArn = tuned.JobARN
	if err := run.announce(ctx); err != nil {
		return nil, err
	}
	if err := run.run(ctx); err != nil {
		return nil, err
	}
	return run.report, nil
}

// trainingJob is one training on its way.
type trainingJob struct {
	*tracker
	d       *jobs.TrainingJobDescription
	planned protocol.TrainPlanned
	overran bool                  // MaxRuntimeInSeconds passed
	tuned   *protocol.Tuned       // nil outside a tuning job
	begun   bool                  // training, up to a rung at least
	paused  time.Duration         // spent waiting at rungs, which MaxRuntimeInSeconds leaves out
	report  *protocol.TrialReport // on its end, as one of a tuning job's
}

func (t *trainingJob) run(ctx workflow.Context) error {
	trained, err := t.work(ctx)
	if err == nil {
		return t.upload(ctx, trained)
	}
	return t.end(ctx, err)
}

// work plans and trains.
func (t *trainingJob) work(ctx workflow.Context) (protocol.Trained, error) {
	var trained protocol.Trained
	if err := t.enter(ctx, jobs.SecondaryStatusDownloading); err != nil {
		return trained, err
	}
	if err := t.do(ctx, "check and list the channels", protocol.PlanTraining, t.job, &t.planned); err != nil {
		return trained, err
	}
	if err := t.enter(ctx, jobs.SecondaryStatusTraining); err != nil {
		return trained, err
	}
	for {
		trained, err := t.train(ctx)
		if err != nil || !trained.Paused {
			return trained, err
		}
		again, err := t.pause(ctx, trained)
		if err != nil || !again {
			trained.Stopped = err != nil // at a rung there is a model already: a stop keeps it
			return trained, nil
		}
	}
}

// train trains to the end, or up to the next rung.
func (t *trainingJob) train(ctx workflow.Context) (protocol.Trained, error) {
	var trained protocol.Trained
	if err := t.waits(ctx); err != nil {
		return trained, err
	}
	limited, release := t.limit(ctx)
	defer release()
	ref := protocol.TrainRef{Job: t.job, PlanURI: t.planned.PlanURI, Digest: t.planned.Digest, Tuned: t.tuned}
	ref.Fresh, t.begun = !t.begun && t.d.CheckpointConfig == nil, true
	err := workflow.ExecuteActivity(compute(limited, t.planned.Algorithm), protocol.Train, ref).Get(limited, &trained)
	return trained, err
}

// limit bounds training by MaxRuntimeInSeconds, counted from the start of Downloading.
func (t *trainingJob) limit(ctx workflow.Context) (workflow.Context, func()) {
	limited, cancel := workflow.WithCancel(ctx)
	left := time.Duration(t.d.StoppingCondition.MaxRuntimeInSeconds)*time.Second - workflow.Now(ctx).Sub(t.d.TrainingStartTime.Time) + t.paused
	workflow.Go(limited, func(ctx workflow.Context) {
		if workflow.Sleep(ctx, max(left, 0)) == nil {
			t.overran = true
			cancel()
		}
	})
	return limited, cancel
}

// enter records a secondary status and shows it.
func (t *trainingJob) enter(ctx workflow.Context, s jobs.SecondaryStatus) error {
	return t.enterSaying(ctx, s, "")
}

// enterSaying is enter with a message that is not the status' own.
func (t *trainingJob) enterSaying(ctx workflow.Context, s jobs.SecondaryStatus, message string) error {
	if err := t.d.Transition(s, message, workflow.Now(ctx)); err != nil {
		return err
	}
	t.progress.Stage = string(s)
	if t.tuned != nil {
		return nil // see waits
	}
	return t.publish(ctx)
}

// waits publishes where a trial stands before it waits for something: most of what it does takes milliseconds. Other training
// jobs have published it by then.
func (t *trainingJob) waits(ctx workflow.Context) error {
	if t.tuned == nil {
		return nil
	}
	return t.publish(ctx)
}

// do runs an activity that mostly takes milliseconds: by itself, so that Temporal's UI shows it, but for trials. There may be
// thousands of those, one beginning when another has ended.
func (t *trainingJob) do(ctx workflow.Context, summary, activity string, in, out any) error {
	if t.tuned == nil {
		return byItself(ctx, summary, activity, in, out)
	}
	return promptly(ctx, summary, activity, in, out, func() error { return t.waits(ctx) })
}

// upload publishes the model and ends the job. It is not interrupted by a stop.
func (t *trainingJob) upload(ctx workflow.Context, trained protocol.Trained) error {
	stop := ctx.Err() != nil
	ctx, cancel := workflow.NewDisconnectedContext(ctx)
	defer cancel()
	final, message := jobs.SecondaryStatusCompleted, ""
	switch {
	case trained.Hopeless:
		final, message = jobs.SecondaryStatusStopped, jobs.MessageEarlyStopped
	case trained.Paused && !stop:
		final = jobs.SecondaryStatusStopped // its tuning job goes on with others
	case trained.Stopped && t.overran:
		final = jobs.SecondaryStatusMaxRuntimeExceeded
	case trained.Stopped && stop:
		final = jobs.SecondaryStatusStopped
	case trained.Stopped:
		// A model cut short that nobody asked for must never pass for a whole one.
		return t.end(ctx, temporal.NewApplicationError("training ended early without being asked to", string(jobs.InternalServerError)))
	}
	if final != jobs.SecondaryStatusCompleted {
		if err := t.enter(ctx, jobs.SecondaryStatusStopping); err != nil {
			return err
		}
	}
	if err := t.enter(ctx, jobs.SecondaryStatusUploading); err != nil {
		return err
	}
	var published protocol.Published
	err := t.do(ctx, "upload the model", protocol.PublishModel, protocol.PublishRef{
		Job: t.job, PlanURI: t.planned.PlanURI, StagedURI: trained.StagedURI,
	}, &published)
	if err != nil {
		return t.end(ctx, err)
	}
	t.d.ModelArtifacts = &jobs.ModelArtifacts{S3ModelArtifacts: published.ArtifactURI}
	t.d.FinalMetricDataList = jobs.FinalMetrics(trained.Metrics, workflow.Now(ctx))
	t.progress.Metrics, t.progress.Done, t.progress.Unit = trained.Metrics, int64(trained.Rounds), "rounds"
	if err := t.d.Transition(final, message, workflow.Now(ctx)); err != nil {
		return err
	}
	t.progress.Stage = string(final)
	cancelled := final == jobs.SecondaryStatusStopped && stop
	if err := t.conclude(ctx, trained, !cancelled); err != nil {
		return err
	}
	if cancelled {
		return temporal.NewCanceledError()
	}
	return nil
}

// end is for a job that failed, or was stopped before there was a model.
func (t *trainingJob) end(ctx workflow.Context, err error) error {
	wasStopped := temporal.IsCanceledError(err)
	ctx, cancel := workflow.NewDisconnectedContext(ctx)
	defer cancel()
	if wasStopped {
		if err := t.enter(ctx, jobs.SecondaryStatusStopping); err != nil {
			return err
		}
	}
	ref := protocol.PlanRef{Job: t.job, Kind: t.kind.Name, PlanURI: t.planned.PlanURI, Digest: t.planned.Digest}
	if e := workflow.ExecuteActivity(light(ctx, "remove what was staged"), protocol.CleanUp, ref).Get(ctx, nil); e != nil {
		workflow.GetLogger(ctx).Warn("could not clean up", "error", e)
	}
	switch {
	case wasStopped && t.overran:
		_ = t.d.Transition(jobs.SecondaryStatusMaxRuntimeExceeded, "", workflow.Now(ctx))
	case wasStopped:
		_ = t.d.Transition(jobs.SecondaryStatusStopped, "", workflow.Now(ctx))
	default:
		_ = t.d.Fail(cause(err), workflow.Now(ctx))
		t.progress.Message = cause(err).Error()
	}
	t.progress.Stage = ""
	if e := t.conclude(ctx, protocol.Trained{}, wasStopped && t.overran); e != nil {
		workflow.GetLogger(ctx).Warn("could not keep the description", "error", e)
	}
	switch {
	case wasStopped && t.overran:
		return nil // stopped by its own document, not by a cancel
	case wasStopped:
		return temporal.NewCanceledError()
	}
	return failed(err)
}
