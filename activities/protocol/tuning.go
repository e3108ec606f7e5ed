package protocol

import (
	"encoding/json"
	"math"

	"github.com/batchmill/batchmill/jobs"
)

// Activities of a tuning job.
const (
	PlanTuning    = "PlanTuning"
	AdvanceTuning = "AdvanceTuning"
	CheckTrials   = "CheckTrials"
	CloseTuning   = "CloseTuning"
)

// Signals between a tuning job and its training jobs. They are sent to workflow IDs, not to runs, so that they reach a
// tuning job that has continued as new meanwhile.
const (
	SignalTrial   = "trial"   // TrialReport, to the tuning job
	SignalGoOn    = "go-on"   // GoOn, to a training job that is paused
	SignalCarried = "carried" // nil, to a training job that runs: the tuning job has continued as new, and hears of its end by a signal only
)

// Tuned ties a training job to the tuning job that started it: the second argument of its workflow, nil for others.
type Tuned struct {
	JobARN    string // of the tuning job
	Parent    string // its workflow ID, for signals
	Trial     int    // from 1
	Objective string // name of the metric
	Goal      string // jobs.Minimize or jobs.Maximize
	Curves    string `json:",omitempty"` // s3:// prefix of the trials' curves, for early stopping; empty without it
	Until     int    `json:",omitempty"` // rounds after which to pause; 0: train to the end
}

// GoOn tells a paused training job what becomes of it.
type GoOn struct {
	Until  int  `json:",omitempty"` // rounds after which to pause again
	Finish bool `json:",omitempty"` // end with the model so far
}

// TrialReport says that a training job pauses, or has ended.
type TrialReport struct {
	Trial        int
	Status       jobs.TrainingJobStatus `json:",omitempty"` // its last one; empty while it pauses
	Rounds       int                    `json:",omitempty"`
	Value        *float64               `json:",omitempty"` // of the objective; nil without a finite one
	EarlyStopped bool                   `json:",omitempty"` // as hopeless
	Forecast     *float64               `json:",omitempty"` // of the value it would have come to, had it not been stopped early
	Reason       string                 `json:",omitempty"` // FailureReason
	Started      jobs.Time              `json:",omitzero"`
	EndedAt      jobs.Time              `json:",omitzero"`
}

// Paused tells whether the training job waits to be told how to go on.
func (r TrialReport) Paused() bool { return r.Status == "" }

// ReportOf is the report on a training job that has ended.
func ReportOf(d *jobs.TrainingJobDescription, trial int, objective string) *TrialReport {
	r := &TrialReport{
		Trial: trial, Status: d.TrainingJobStatus, Reason: d.FailureReason,
		Started: d.TrainingStartTime, EndedAt: d.TrainingEndTime,
	}
	if d.Progress != nil {
		r.Rounds = int(d.Progress.Done)
	}
	for _, m := range d.FinalMetricDataList {
		if m.MetricName == objective {
			value := m.Value
			r.Value = &value
		}
	}
	return r
}

// AddTo takes a report into a trial's entry. objective is the metric's name.
func (r TrialReport) AddTo(t *TrialEntry, objective string) {
	t.Rounds = max(t.Rounds, r.Rounds)
	if r.Paused() {
		return
	}
	t.EarlyStopped = r.EarlyStopped
	s := &t.Summary
	s.TrainingJobStatus, s.FailureReason, s.TrainingStartTime, s.TrainingEndTime = r.Status, r.Reason, r.Started, r.EndedAt
	value := 0.0
	if r.Value != nil {
		value = *r.Value
	}
	s.SetValue(objective, value, r.Value != nil)
}

// TuningRef asks to plan a tuning job.
type TuningRef struct {
	Job Job
	ARN string
}

// TuningPlanned is what planning a tuning job reports.
type TuningPlanned struct {
	Document jobs.Document // the job with what Autotune filled in and the algorithm's metrics
	Most     int           // training jobs there will be at most
	Curves   string        // s3:// prefix of the trials' curves
	// Parents' best training job, where the warm start says that it counts as the search's own.
	ParentBest *jobs.HyperParameterTrainingJobSummary `json:",omitempty"`
}

// TuningStep asks a search for its next moves. Steps are numbered from 1: the same step always has the same answer, however
// often it is asked for.
type TuningStep struct {
	Job     string
	Seq     int
	At      jobs.Time // the creation time of the training jobs that follow
	Reports []TrialReport
	Slots   int // training jobs that may start or go on now
}

// TuningMoves are what follows from a step.
type TuningMoves struct {
	Start  []Trial `json:",omitempty"`
	Resume []Trial `json:",omitempty"` // paused ones; only Number and Until are set
	Finish []int   `json:",omitempty"` // paused ones, by number
	// Done says why no training job will start any more, empty while some may.
	Done         string                                 `json:",omitempty"`
	Objectives   []string                               `json:",omitempty"` // the metric of each of the step's reports
	Best         *jobs.HyperParameterTrainingJobSummary `json:",omitempty"` // where the step has found a better one
	NotImproving int                                    `json:",omitempty"` // training jobs since the best one improved by 1 %
	Converged    bool                                   `json:",omitempty"`
}

// Why a search ends.
const (
	DoneExhausted    = "Exhausted"    // as many training jobs as there may be, or no point left; those that run go on
	DoneTarget       = "Target"       // TargetObjectiveMetricValue is reached
	DoneNotImproving = "NotImproving" // MaxNumberOfTrainingJobsNotImproving is reached
	DoneConverged    = "Converged"
)

// Trial is one point of a search.
type Trial struct {
	Number     int               // from 1
	Definition int               `json:",omitempty"` // index among the job's definitions
	Name       string            `json:",omitempty"` // of the definition, where it has one
	Values     map[string]string `json:",omitempty"`
	Until      int               `json:",omitempty"`
}

// Entry is the trial as it starts.
func (t Trial) Entry(name, arn string, at jobs.Time) TrialEntry {
	return TrialEntry{Summary: jobs.HyperParameterTrainingJobSummary{
		TrainingJobDefinitionName: t.Name, TrainingJobName: name, TrainingJobArn: arn, CreationTime: at,
		TrainingJobStatus: jobs.TrainingJobStatusInProgress, TunedHyperParameters: t.Values, ObjectiveStatus: jobs.ObjectivePending,
	}}
}

// Trials are all trials of a search, by number, as they are kept once it has ended.
type Trials struct {
	Trials []TrialEntry
}

// TrialEntry is one trial.
type TrialEntry struct {
	Summary      jobs.HyperParameterTrainingJobSummary
	Rounds       int  `json:",omitempty"` // it was last known to have trained
	EarlyStopped bool `json:",omitempty"` // as hopeless
}

// TrialsRef asks which of a tuning job's training jobs have ended.
type TrialsRef struct {
	Job    string
	Trials []TrialRef
}

// TrialRef is one of them.
type TrialRef struct {
	Number    int
	Objective string // name of the metric
}

// CloseRef asks to put a finished search's records together.
type CloseRef struct{ Job string }

// Metrics are values by name. JSON has no NaN and no infinity, so such values are left out of it.
type Metrics map[string]float64

// MarshalJSON leaves out what JSON cannot hold. Its order of names is encoding/json's.
//
//workflowcheck:ignore
func (m Metrics) MarshalJSON() ([]byte, error) {
	finite := make(map[string]float64, len(m))
	for name, v := range m {
		if !math.IsNaN(v) && !math.IsInf(v, 0) {
			finite[name] = v
		}
	}
	return json.Marshal(finite)
}
