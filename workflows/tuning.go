package workflows

import (
	"encoding/json"
	"fmt"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/batchmill/batchmill/activities/protocol"
	"github.com/batchmill/batchmill/jobs"
)

// HyperParameterTuningJob searches hyperparameters: training jobs run as children, and the moment one ends the search makes
// its next move. The search itself lies in the store; this workflow holds what runs, and counts.
func (w *Workflows) HyperParameterTuningJob(ctx workflow.Context, doc jobs.Document, resume *TuningResume) (*jobs.HyperParameterTuningJobDescription, error) {
	kind := jobs.TuningKind
	job, err := prepare(ctx, kind, doc)
	if err != nil {
		return nil, err
	}
	parsed, err := jobs.ParseHyperParameterTuningJob(job.Document)
	if err != nil {
		return nil, clientError(err)
	}
	arn := jobs.ARN(kind.IDPrefix, w.Region, w.Account, job.Name)
	if !canonical(ctx, kind, job.Name) {
		d := new(jobs.HyperParameterTuningJobDescription)
		return d, delegate(ctx, kind, job, arn, d)
	}
	d := jobs.DescribeTuning(*parsed, arn, workflow.GetInfo(ctx).WorkflowStartTime)
	track := &tracker{kind: kind, job: job, status: func() string { return string(d.HyperParameterTuningJobStatus) }}
	track.describe = func() any { d.Progress = track.snapshot(); return &d }
	t := &tuningJob{tracker: track, d: &d, again: w.HyperParameterTuningJob}
	if resume != nil {
		if err := json.Unmarshal(resume.Description, &d); err != nil {
			return nil, clientError(err)
		}
		t.state = resume.State
	}
	if err := t.run(ctx, resume == nil); err != nil {
		return nil, err
	}
	return &d, nil
}

// TuningResume is what a run hands on when it continues as new; absent at a job's start.
type TuningResume struct {
	State       TuningState
	Description jobs.Document
}

// TuningState is what a tuning job's workflow knows: small, whatever the number of trials.
type TuningState struct {
	Document jobs.Document // the job as it is carried out
	Planned  bool
	Curves   string
	Most     int // training jobs there will be at most
	Seq      int // steps of the search taken
	Running  []RunningTrial
	News     []protocol.TrialReport `json:",omitempty"` // which the search has not been told of
	Done     string                 `json:",omitempty"` // why no training job will start any more
	Failure  string                 `json:",omitempty"` // why the job fails
	Class    jobs.Class             `json:",omitempty"` // of the failure; none where the contract's text has none
	Stopped  bool                   `json:",omitempty"` // asked to stop

	ParentBest *jobs.HyperParameterTrainingJobSummary `json:",omitempty"`
}

// RunningTrial is a training job that has not ended.
type RunningTrial struct {
	Number     int
	Definition int  `json:",omitempty"`
	Paused     bool `json:",omitempty"`
	// Carried tells that another run of this workflow started it, so that its end shows in a signal alone.
	Carried bool `json:",omitempty"`

	starting, cancelled bool
}

// tuningJob is one tuning job on its way.
type tuningJob struct {
	*tracker
	d      *jobs.HyperParameterTuningJobDescription
	job    *jobs.HyperParameterTuningJob // as it is carried out
	state  TuningState
	again  any  // the workflow function
	sealed bool // a step failed for good: the search hears no more
	// stepped tells that this run has taken a step.
	stepped bool

	reports   workflow.ReceiveChannel
	sending   int       // signals, cancels and starts under way
	published time.Time // when the description was last published
	dirty     bool      // it has changed since
	timer     bool      // a timer will publish it
}

func (t *tuningJob) run(ctx workflow.Context, first bool) error {
	if err := t.start(ctx); err != nil {
		return err
	}
	// What is under way is brought to an end by this code, in order, also after a stop.
	dctx, cancel := workflow.NewDisconnectedContext(ctx)
	defer cancel()
	if err := t.plan(ctx, dctx); err != nil {
		return t.refuse(ctx, dctx, err)
	}
	t.watch(ctx, dctx, first)
	for {
		t.hear(dctx)
		if t.over() {
			return t.conclude(dctx)
		}
		if t.mayRenew(ctx) {
			return t.renew(dctx)
		}
		if t.due() && !t.long(dctx) {
			t.step(dctx)
		}
		t.show(dctx)
		t.publishSoon(dctx)
		// A step may have left nothing to wait for.
		err := workflow.Await(dctx, func() bool {
			return t.reports.Len() > 0 || t.over() || t.mayRenew(ctx) || t.due() && !t.long(dctx)
		})
		if err != nil {
			return err
		}
	}
}

// plan checks the job and writes the search's plan, once.
func (t *tuningJob) plan(ctx, dctx workflow.Context) error {
	if !t.state.Planned {
		t.progress = jobs.Progress{Stage: "Planning"}
		var planned protocol.TuningPlanned
		ref := protocol.TuningRef{Job: t.tracker.job, ARN: t.d.HyperParameterTuningJobArn}
		if err := workflow.ExecuteActivity(light(ctx, "check the job and plan the search"), protocol.PlanTuning, ref).Get(ctx, &planned); err != nil {
			return err
		}
		t.state.Planned, t.state.Document, t.state.Most = true, planned.Document, planned.Most
		t.state.Curves, t.state.ParentBest = planned.Curves, planned.ParentBest
	}
	job, err := jobs.ParseHyperParameterTuningJob(t.state.Document)
	if err != nil {
		return clientError(err)
	}
	t.job = job
	described := jobs.DescribeTuning(*job, t.d.HyperParameterTuningJobArn, t.d.CreationTime.Time)
	t.d.HyperParameterTuningJob = described.HyperParameterTuningJob
	t.offerOverallBest()
	t.measure("Tuning")
	t.dirty = true
	return t.publishNow(dctx)
}

// watch lets what happens reach the job: reports, the end of its time, a stop.
func (t *tuningJob) watch(ctx, dctx workflow.Context, first bool) {
	if !first {
		for _, r := range t.state.Running {
			t.takeOver(dctx, r.Number)
		}
	}
	t.reports = workflow.GetSignalChannel(dctx, protocol.SignalTrial)
	workflow.Go(dctx, t.lookAfterCarried)
	if limit := t.job.HyperParameterTuningJobConfig.ResourceLimits.MaxRuntimeInSeconds; limit > 0 {
		workflow.Go(dctx, func(ctx workflow.Context) {
			left := time.Duration(limit)*time.Second - workflow.Now(ctx).Sub(t.d.CreationTime.Time)
			if workflow.Sleep(ctx, max(left, 0)) == nil && !t.over() {
				t.end(ctx, doneRuntime)
			}
		})
	}
	workflow.Go(dctx, func(c workflow.Context) {
		ctx.Done().Receive(c, nil)
		t.state.Stopped = true
		_ = t.d.Transition(jobs.TuningJobStatusStopping, workflow.Now(c)) // it may be stopping already
		t.measure("Stopping")
		t.dirty = true
		t.end(c, doneStopped)
	})
	if t.state.Done != "" && t.state.Done != protocol.DoneExhausted {
		t.stopAll(dctx)
	}
}

// hear takes in all reports that have come. It is the run itself that receives them, so that none can be lost on the way to
// it when it continues as new.
func (t *tuningJob) hear(ctx workflow.Context) {
	var r protocol.TrialReport
	for t.reports.ReceiveAsync(&r) {
		t.report(ctx, r)
		r = protocol.TrialReport{}
	}
}

// Why a search ends, beside what the search itself says.
const (
	doneRuntime = "Runtime" // MaxRuntimeInSeconds has passed
	doneStopped = "Stopped"
	doneFailed  = "Failed"
)

// end lets no training job start any more and stops those that run.
func (t *tuningJob) end(ctx workflow.Context, why string) {
	t.state.Done = why
	t.stopAll(ctx)
}

// over tells whether all training jobs have ended, none will start, and the search knows.
func (t *tuningJob) over() bool {
	return t.state.Done != "" && len(t.state.Running) == 0 && (len(t.state.News) == 0 || t.sealed)
}

// due tells whether there is something to tell the search.
func (t *tuningJob) due() bool {
	return !t.sealed && (len(t.state.News) > 0 || t.state.Seq == 0 && t.state.Done == "")
}

// slots is how many training jobs may start or go on.
func (t *tuningJob) slots() int {
	if t.state.Done != "" {
		return 0
	}
	free := t.job.HyperParameterTuningJobConfig.ResourceLimits.MaxParallelTrainingJobs
	for _, r := range t.state.Running {
		if !r.Paused {
			free--
		}
	}
	return free
}

// searchRetries are for a store that is away for a while: a search in the middle of its work is worth waiting for.
var searchRetries = temporal.RetryPolicy{
	InitialInterval: 200 * time.Millisecond, BackoffCoefficient: 2, MaximumInterval: 30 * time.Second, MaximumAttempts: 60,
	NonRetryableErrorTypes: retries.NonRetryableErrorTypes,
}

// step tells the search what has happened and makes its moves. It is a local activity: its answer comes with the same
// workflow task, so a child starts tens of milliseconds after another has ended.
func (t *tuningJob) step(ctx workflow.Context) {
	step := protocol.TuningStep{
		Job: t.tracker.job.Name, Seq: t.state.Seq + 1, At: jobs.At(workflow.Now(ctx)), Reports: t.state.News, Slots: t.slots(),
	}
	ctx = workflow.WithLocalActivityOptions(ctx, workflow.LocalActivityOptions{
		StartToCloseTimeout: time.Minute, RetryPolicy: &searchRetries,
		Summary: fmt.Sprintf("step %d of the search", step.Seq),
	})
	t.state.News, t.stepped = nil, true
	var moves protocol.TuningMoves
	if err := workflow.ExecuteLocalActivity(ctx, protocol.AdvanceTuning, step).Get(ctx, &moves); err != nil {
		t.sealed = true
		t.fail(ctx, jobs.ClassOf(cause(err)), cause(err).Error())
		return
	}
	t.state.Seq = step.Seq
	t.note(ctx, moves)
	for _, trial := range moves.Start {
		t.begin(ctx, trial)
	}
	for _, trial := range moves.Resume {
		t.goOn(ctx, trial.Number, protocol.GoOn{Until: trial.Until})
	}
	for _, number := range moves.Finish {
		t.goOn(ctx, number, protocol.GoOn{Finish: true})
	}
	if t.state.Done != "" || moves.Done == "" {
		return
	}
	if moves.Done == protocol.DoneExhausted {
		t.state.Done = moves.Done
	} else {
		t.end(ctx, moves.Done)
	}
}

// note takes what the search says of its course into the description.
func (t *tuningJob) note(ctx workflow.Context, moves protocol.TuningMoves) {
	if moves.Best != nil {
		t.d.BestTrainingJob = moves.Best
	}
	t.offerOverallBest()
	details := t.d.TuningJobCompletionDetails
	if details == nil {
		details = new(jobs.HyperParameterTuningJobCompletionDetails)
	}
	details.NumberOfTrainingJobsObjectiveNotImproving = moves.NotImproving
	if moves.Converged && details.ConvergenceDetectedTime.IsZero() {
		details.ConvergenceDetectedTime = jobs.At(workflow.Now(ctx))
	}
	t.d.TuningJobCompletionDetails = details
	t.measure(t.progress.Stage)
	t.dirty = true
}

// offerOverallBest sets the best training job among the search's own and its parents', where these count as its own.
func (t *tuningJob) offerOverallBest() {
	if w := t.job.WarmStartConfig; w == nil || w.WarmStartType != jobs.WarmStartIdentical {
		return
	}
	best, parent := t.d.BestTrainingJob, t.state.ParentBest
	if parent != nil && best != nil {
		mine, _ := best.Value()
		its, _ := parent.Value()
		if jobs.Better(t.job.Objective(t.job.Definitions()[0]).Type, its, mine) {
			best = parent
		}
	} else if best == nil {
		best = parent
	}
	t.d.OverallBestTrainingJob = best
}

// measure brings the progress up to date.
func (t *tuningJob) measure(stage string) {
	counters := t.d.TrainingJobStatusCounters
	paused := 0
	for _, r := range t.state.Running {
		if r.Paused {
			paused++
		}
	}
	t.progress = jobs.Progress{Stage: stage, Done: int64(counters.Ended()), Total: int64(t.state.Most), Unit: "training jobs"}
	t.progress.Message = fmt.Sprintf("%d running", counters.InProgress-paused)
	if paused > 0 {
		t.progress.Message += fmt.Sprintf(", %d paused", paused)
	}
	if best := t.d.BestTrainingJob; best != nil {
		if value, ok := best.Value(); ok {
			t.progress.Metrics = map[string]float64{"best " + best.FinalHyperParameterTuningJobObjectiveMetric.MetricName: value}
		}
	}
}
