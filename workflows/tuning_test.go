package workflows_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"

	"github.com/batchmill/batchmill/activities/protocol"
	"github.com/batchmill/batchmill/jobs"
	"github.com/batchmill/batchmill/workflows"
)

// tuningStage is the world of a tuning job: a search that hands out trials by number, and a training job that is a stand-in.
type tuningStage struct {
	*stage
	most     int
	mu       sync.Mutex
	steps    []protocol.TuningStep
	started  int
	done     func(protocol.TuningStep) string
	training func(ctx workflow.Context, trial int) (*protocol.TrialReport, error)
}

func newTuningStage(most int) *tuningStage {
	return &tuningStage{stage: newStage(), most: most, training: func(ctx workflow.Context, trial int) (*protocol.TrialReport, error) {
		return ended(trial, jobs.TrainingJobStatusCompleted, float64(trial)), workflow.Sleep(ctx, time.Minute)
	}}
}

// ended is the report of a training job that has ended.
func ended(trial int, status jobs.TrainingJobStatus, value float64) *protocol.TrialReport {
	return &protocol.TrialReport{Trial: trial, Status: status, Value: &value}
}

func (s *tuningStage) advance(_ context.Context, step protocol.TuningStep) (protocol.TuningMoves, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.steps = append(s.steps, step)
	var moves protocol.TuningMoves
	for range step.Slots {
		if s.started < s.most {
			s.started++
			moves.Start = append(moves.Start, protocol.Trial{Number: s.started, Values: map[string]string{"eta": "0.1"}})
		}
	}
	if s.done != nil {
		moves.Done = s.done(step)
	}
	if moves.Done == "" && s.started == s.most {
		moves.Done = protocol.DoneExhausted
	}
	return moves, nil
}

const tuningDocument = `{"HyperParameterTuningJobName":"t","HyperParameterTuningJobConfig":{"Strategy":"Random",
 "HyperParameterTuningJobObjective":{"Type":"Minimize","MetricName":"validation:rmse"},
 "ResourceLimits":{"MaxNumberOfTrainingJobs":%d,"MaxParallelTrainingJobs":3,"MaxRuntimeInSeconds":%d},
 "ParameterRanges":{"ContinuousParameterRanges":[{"Name":"eta","MinValue":"0.1","MaxValue":"0.5"}]}},
 "TrainingJobDefinition":{"StaticHyperParameters":{"num_round":"3"},"AlgorithmSpecification":{"TrainingImage":"xgboost:1","TrainingInputMode":"File"},
 "InputDataConfig":[{"ChannelName":"train","DataSource":{"S3DataSource":{"S3DataType":"S3Prefix","S3Uri":"s3://b/in/"}}}],
 "OutputDataConfig":{"S3OutputPath":"s3://b/out/"}}}`

func (s *tuningStage) document(seconds int) jobs.Document {
	return jobs.Document(fmt.Sprintf(tuningDocument, s.most, seconds))
}

// tuning makes an environment in which a tuning job runs under its own ID, with training jobs that are stand-ins.
func (s *tuningStage) tuning() *testsuite.TestWorkflowEnvironment {
	env := s.stage.environmentWith(jobs.TuningKind.WorkflowID("t"), func(r workflows.Registrar) {
		r.RegisterWorkflowWithOptions((&workflows.Workflows{Region: "us-east-1", Account: "000000000000"}).HyperParameterTuningJob, workflow.RegisterOptions{Name: jobs.TuningKind.Name})
		r.RegisterWorkflowWithOptions(func(ctx workflow.Context, _ jobs.Document, tuned *protocol.Tuned) (*protocol.TrialReport, error) {
			return s.training(ctx, tuned.Trial)
		}, workflow.RegisterOptions{Name: jobs.TrainingKind.Name})
	})
	add := func(name string, f any) { env.RegisterActivityWithOptions(f, activity.RegisterOptions{Name: name}) }
	add(protocol.PlanTuning, func(_ context.Context, ref protocol.TuningRef) (*protocol.TuningPlanned, error) {
		return &protocol.TuningPlanned{Document: ref.Job.Document, Most: s.most, Curves: "s3://state/tuning/t/curves/"}, nil
	})
	add(protocol.AdvanceTuning, s.advance)
	add(protocol.CloseTuning, func(context.Context, protocol.CloseRef) (int, error) { return s.started, nil })
	add(protocol.CheckTrials, func(context.Context, protocol.TrialsRef) ([]protocol.TrialReport, error) { return nil, nil })
	return env
}

func (s *tuningStage) described(t *testing.T) jobs.HyperParameterTuningJobDescription {
	t.Helper()
	return savedAs[jobs.HyperParameterTuningJobDescription](t, s.stage)
}

// TestTuningNeverWaitsForABatch: a slot is filled the moment it is free, and no more trials run at once than may.
func TestTuningNeverWaitsForABatch(t *testing.T) {
	t.Parallel()
	s := newTuningStage(9)
	var starts []time.Duration
	var begun time.Time
	running, most := 0, 0
	s.training = func(ctx workflow.Context, trial int) (*protocol.TrialReport, error) {
		if begun.IsZero() {
			begun = workflow.Now(ctx)
		}
		starts = append(starts, workflow.Now(ctx).Sub(begun).Round(time.Minute))
		running++
		most = max(most, running)
		length := time.Minute
		if trial == 1 {
			length = time.Hour // the others go on meanwhile
		}
		err := workflow.Sleep(ctx, length)
		running--
		return ended(trial, jobs.TrainingJobStatusCompleted, 1), err
	}
	env := s.tuning()
	env.ExecuteWorkflow(jobs.TuningKind.Name, s.document(86400))
	require.NoError(t, env.GetWorkflowError())
	require.Equal(t, 3, most)
	require.Equal(t, []time.Duration{0, 0, 0, time.Minute, time.Minute, 2 * time.Minute, 2 * time.Minute, 3 * time.Minute, 3 * time.Minute}, starts)
	d := s.described(t)
	require.Equal(t, jobs.TuningJobStatusCompleted, d.HyperParameterTuningJobStatus)
	require.Equal(t, jobs.TrainingJobStatusCounters{Completed: 9}, d.TrainingJobStatusCounters)
	require.Equal(t, jobs.ObjectiveStatusCounters{Succeeded: 9}, d.ObjectiveStatusCounters)
	seen := map[int]int{}
	for i, step := range s.steps {
		require.Equal(t, i+1, step.Seq)
		for _, r := range step.Reports {
			seen[r.Trial]++
		}
	}
	require.Len(t, seen, 9)
	for trial, n := range seen {
		require.Equal(t, 1, n, "trial %d is reported once", trial)
	}
}

// TestTuningFailures: single failures do not fail the job, five at the start do.
func TestTuningFailures(t *testing.T) {
	t.Parallel()
	const gaveUp = "No training job succeeded after %d attempts. Please take a look at the training job failures to get more details."
	const noMetric = "No objective metrics found after running %d training jobs. Please ensure that the training algorithm is emitting the objective metric."
	for _, c := range []struct {
		name   string
		most   int
		fails  func(trial int) bool
		silent bool // they complete, but without the metric
		reason string
		failed int
	}{
		{"the first five", 20, func(int) bool { return true }, false, fmt.Sprintf(gaveUp, 5), 5},
		{"all of three", 3, func(int) bool { return true }, false, fmt.Sprintf(gaveUp, 3), 3},
		{"all but one of the first five", 9, func(n int) bool { return n != 4 }, false, "", 8},
		{"single ones", 9, func(n int) bool { return n%3 == 0 }, false, "", 3},
		{"no metric", 20, func(int) bool { return false }, true, fmt.Sprintf(noMetric, 5), 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := newTuningStage(c.most)
			s.training = func(ctx workflow.Context, trial int) (*protocol.TrialReport, error) {
				_ = workflow.Sleep(ctx, time.Duration(trial)*time.Minute)
				if c.fails(trial) {
					return nil, temporal.NewNonRetryableApplicationError("bad data", string(jobs.ClientError), nil)
				}
				d := ended(trial, jobs.TrainingJobStatusCompleted, 1)
				if c.silent {
					d.Value = nil
				}
				return d, ctx.Err()
			}
			env := s.tuning()
			env.ExecuteWorkflow(jobs.TuningKind.Name, s.document(86400))
			d := s.described(t)
			if c.reason == "" {
				require.NoError(t, env.GetWorkflowError())
				require.Equal(t, jobs.TrainingJobStatusCounters{Completed: c.most - c.failed, NonRetryableError: c.failed}, d.TrainingJobStatusCounters)
				return
			}
			requireFailure(t, env.GetWorkflowError(), jobs.ClientError, c.reason)
			require.Equal(t, c.reason, d.FailureReason)
			require.Equal(t, jobs.TuningJobStatusFailed, d.HyperParameterTuningJobStatus)
			require.GreaterOrEqual(t, d.TrainingJobStatusCounters.NonRetryableError, c.failed)
			require.Less(t, s.started, 20, "it gave up")
		})
	}
}

// TestTuningEnds: a stop, the end of its time and a criterion stop the training jobs that run; only a stop is a stop.
func TestTuningEnds(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		setUp  func(*tuningStage, *testsuite.TestWorkflowEnvironment)
		status jobs.HyperParameterTuningJobStatus
	}{
		{"stop", func(_ *tuningStage, env *testsuite.TestWorkflowEnvironment) {
			env.RegisterDelayedCallback(env.CancelWorkflow, 10*time.Minute)
		}, jobs.TuningJobStatusStopped},
		{"time", func(*tuningStage, *testsuite.TestWorkflowEnvironment) {}, jobs.TuningJobStatusCompleted},
		{"target", func(s *tuningStage, _ *testsuite.TestWorkflowEnvironment) {
			s.done = func(step protocol.TuningStep) string {
				if len(step.Reports) > 0 {
					return protocol.DoneTarget
				}
				return ""
			}
		}, jobs.TuningJobStatusCompleted},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := newTuningStage(20)
			s.training = func(ctx workflow.Context, trial int) (*protocol.TrialReport, error) {
				if trial == 2 && workflow.Sleep(ctx, 5*time.Minute) == nil {
					return ended(trial, jobs.TrainingJobStatusCompleted, 3), nil
				}
				_ = workflow.Sleep(ctx, 100*time.Hour)
				return nil, ctx.Err()
			}
			env := s.tuning()
			c.setUp(s, env)
			env.ExecuteWorkflow(jobs.TuningKind.Name, s.document(1800))
			if c.status == jobs.TuningJobStatusStopped {
				require.True(t, temporal.IsCanceledError(env.GetWorkflowError()))
			} else {
				require.NoError(t, env.GetWorkflowError())
			}
			d := s.described(t)
			require.Equal(t, c.status, d.HyperParameterTuningJobStatus)
			require.Equal(t, 1, d.TrainingJobStatusCounters.Completed)
			require.Equal(t, s.started-1, d.TrainingJobStatusCounters.Stopped)
			// The test environment ends a cancelled child at once; that a real one keeps its value is tested in package e2e.
			require.Zero(t, d.ObjectiveStatusCounters.Pending)
			require.Zero(t, d.TrainingJobStatusCounters.InProgress)
			require.LessOrEqual(t, d.ConsumedResources.RuntimeInSeconds, 1801)
		})
	}
}

// TestTuningReportsOnce: a training job's signal and its own end are one report, whichever comes first.
func TestTuningReportsOnce(t *testing.T) {
	t.Parallel()
	s := newTuningStage(4)
	s.training = func(ctx workflow.Context, trial int) (*protocol.TrialReport, error) {
		_ = workflow.Sleep(ctx, time.Minute)
		value := float64(10 + trial)
		r := protocol.TrialReport{Trial: trial, Status: jobs.TrainingJobStatusCompleted, Value: &value}
		for range 2 {
			err := workflow.SignalExternalWorkflow(ctx, jobs.TuningKind.WorkflowID("t"), "", protocol.SignalTrial, r).Get(ctx, nil)
			if err != nil {
				return nil, err
			}
		}
		return ended(trial, jobs.TrainingJobStatusCompleted, 1), workflow.Sleep(ctx, time.Minute)
	}
	env := s.tuning()
	env.ExecuteWorkflow(jobs.TuningKind.Name, s.document(86400))
	require.NoError(t, env.GetWorkflowError())
	require.Equal(t, 4, s.described(t).TrainingJobStatusCounters.Completed)
	reports := 0
	for _, step := range s.steps {
		for _, r := range step.Reports {
			reports++
			require.Equal(t, float64(10+r.Trial), *r.Value, "the signal's")
		}
	}
	require.Equal(t, 4, reports)
}

// TestTuningContinuesAsNew: a new run takes over what runs, and hears of it by signals.
func TestTuningContinuesAsNew(t *testing.T) {
	t.Parallel()
	s := newTuningStage(6)
	s.training = func(ctx workflow.Context, trial int) (*protocol.TrialReport, error) {
		if trial == 1 { // it ends before the others have started
			value := 1.0
			r := protocol.TrialReport{Trial: trial, Status: jobs.TrainingJobStatusCompleted, Value: &value}
			return ended(trial, jobs.TrainingJobStatusCompleted, 1), workflow.SignalExternalWorkflow(ctx, jobs.TuningKind.WorkflowID("t"), "", protocol.SignalTrial, r).Get(ctx, nil)
		}
		return ended(trial, jobs.TrainingJobStatusCompleted, float64(trial)), workflow.Sleep(ctx, time.Minute)
	}
	env := s.tuning()
	env.SetContinueAsNewSuggested(true)
	env.ExecuteWorkflow(jobs.TuningKind.Name, s.document(86400))
	var again *workflow.ContinueAsNewError
	require.ErrorAs(t, env.GetWorkflowError(), &again)
	var resume workflows.TuningResume
	var doc jobs.Document
	require.NoError(t, decodeArguments(again, &doc, &resume))
	require.Len(t, resume.State.Running, 2)
	require.Len(t, resume.State.News, 1, "what a training job reported meanwhile is not lost")
	require.Equal(t, 1, resume.State.Seq)

	env = s.tuning()
	env.OnSignalExternalWorkflow(anything, anything, "", protocol.SignalCarried, anything).Return(nil)
	for trial := 2; trial <= 3; trial++ {
		value := float64(trial)
		env.RegisterDelayedCallback(func() {
			env.SignalWorkflow(protocol.SignalTrial, protocol.TrialReport{Trial: trial, Status: jobs.TrainingJobStatusCompleted, Value: &value})
		}, time.Duration(trial)*time.Minute)
	}
	env.ExecuteWorkflow(jobs.TuningKind.Name, doc, &resume)
	require.NoError(t, env.GetWorkflowError())
	d := s.described(t)
	require.Equal(t, jobs.TrainingJobStatusCounters{Completed: 6}, d.TrainingJobStatusCounters)
	require.Equal(t, 6, s.started)
}

// TestTuningLooksAfterCarried: a training job that ended without a word is found.
func TestTuningLooksAfterCarried(t *testing.T) {
	t.Parallel()
	s := newTuningStage(3)
	s.started = 3
	env := s.tuning()
	env.OnSignalExternalWorkflow(anything, anything, "", protocol.SignalCarried, anything).Return(nil)
	env.OnActivity(protocol.CheckTrials, anything, anything).Return(func(_ context.Context, ref protocol.TrialsRef) ([]protocol.TrialReport, error) {
		return []protocol.TrialReport{{Trial: ref.Trials[0].Number, Status: jobs.TrainingJobStatusFailed, Reason: "InternalServerError: gone"}}, nil
	})
	env.ExecuteWorkflow(jobs.TuningKind.Name, s.document(86400), s.resumed(t, env))
	require.NoError(t, env.GetWorkflowError())
	require.Equal(t, jobs.TrainingJobStatusCounters{Completed: 1, RetryableError: 2}, s.described(t).TrainingJobStatusCounters)
	require.True(t, strings.HasPrefix(s.steps[0].Reports[0].Reason, "InternalServerError"))
}

// TestTuningTakesOver: a new run asks what it did not start to report by signals, and looks at once after what cannot be asked.
func TestTuningTakesOver(t *testing.T) {
	t.Parallel()
	s := newTuningStage(3)
	s.started = 3
	env := s.tuning()
	asked := map[string]bool{}
	env.OnSignalExternalWorkflow(anything, anything, "", protocol.SignalCarried, anything).Return(func(_, id, _, _ string, _ any) error {
		asked[id] = true
		if id == jobs.TrainingKind.WorkflowID(jobs.ChildName("t", 2)) {
			return errors.New("it has ended")
		}
		env.RegisterDelayedCallback(func() {
			env.SignalWorkflow(protocol.SignalTrial, ended(3, jobs.TrainingJobStatusCompleted, 2))
		}, time.Second)
		return nil
	})
	looked := 0
	env.OnActivity(protocol.CheckTrials, anything, anything).Return(func(_ context.Context, ref protocol.TrialsRef) ([]protocol.TrialReport, error) {
		looked++
		require.Equal(t, []protocol.TrialRef{{Number: 2, Objective: "validation:rmse"}}, ref.Trials)
		return []protocol.TrialReport{*ended(2, jobs.TrainingJobStatusCompleted, 1)}, nil
	})
	begun := env.Now()
	env.ExecuteWorkflow(jobs.TuningKind.Name, s.document(86400), s.resumed(t, env))
	require.NoError(t, env.GetWorkflowError())
	require.Len(t, asked, 2)
	require.Equal(t, 1, looked)
	require.Less(t, env.Now().Sub(begun), 20*time.Second, "before the next look")
	require.Equal(t, jobs.TrainingJobStatusCounters{Completed: 3}, s.described(t).TrainingJobStatusCounters)
}

// resumed is the state of a tuning job of three training jobs, one of which has ended, as it continues as new.
func (s *tuningStage) resumed(t *testing.T, env *testsuite.TestWorkflowEnvironment) *workflows.TuningResume {
	t.Helper()
	description, err := json.Marshal(jobs.HyperParameterTuningJobDescription{
		HyperParameterTuningJobStatus: jobs.TuningJobStatusInProgress, CreationTime: jobs.At(env.Now()),
		TrainingJobStatusCounters: jobs.TrainingJobStatusCounters{Completed: 1, InProgress: 2}, ObjectiveStatusCounters: jobs.ObjectiveStatusCounters{Succeeded: 1, Pending: 2},
	})
	require.NoError(t, err)
	return &workflows.TuningResume{Description: description, State: workflows.TuningState{
		Document: s.document(86400), Planned: true, Most: 3, Seq: 2, Done: protocol.DoneExhausted,
		Running: []workflows.RunningTrial{{Number: 2}, {Number: 3}},
	}}
}
