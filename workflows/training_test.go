package workflows_test

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"

	"github.com/batchmill/batchmill/activities/protocol"
	"github.com/batchmill/batchmill/jobs"
)

func secondary(d jobs.TrainingJobDescription) []jobs.SecondaryStatus {
	var all []jobs.SecondaryStatus
	for _, tr := range d.SecondaryStatusTransitions {
		all = append(all, tr.Status)
	}
	return all
}

func TestTrainingGoesThroughItsStatuses(t *testing.T) {
	t.Parallel()
	s := newStage()
	env := s.environment(trainingID)
	env.ExecuteWorkflow(jobs.TrainingKind.Name, jobs.Document(trainingDocument))
	require.NoError(t, env.GetWorkflowError())
	d := savedAs[jobs.TrainingJobDescription](t, s)
	require.Equal(t, jobs.TrainingJobStatusCompleted, d.TrainingJobStatus)
	require.Equal(t, []jobs.SecondaryStatus{"Starting", "Downloading", "Training", "Uploading", "Completed"}, secondary(d))
	require.Equal(t, "s3://b/out/j/output/model.tar.gz", d.ModelArtifacts.S3ModelArtifacts)
	require.Len(t, d.FinalMetricDataList, 1)
	require.Equal(t, "train:rmse", d.FinalMetricDataList[0].MetricName)
}

// The real activity answers a cancel with the model so far. The test environment does not wait for that answer (it ignores
// WaitForCancellation), so that the model is kept is tested on a real server, in package e2e.
func trainUntilStopped(ctx context.Context, _ protocol.TrainRef) (protocol.Trained, error) {
	untilCancelled(ctx)
	return protocol.Trained{StagedURI: "s3://b/m", Rounds: 2, Stopped: true}, nil
}

func TestTrainingStop(t *testing.T) {
	t.Parallel()
	s := newStage()
	s.train = trainUntilStopped
	env := s.environment(trainingID)
	cancelDuring(env, protocol.Train)
	env.ExecuteWorkflow(jobs.TrainingKind.Name, jobs.Document(trainingDocument))
	require.True(t, temporal.IsCanceledError(env.GetWorkflowError()))
	d := savedAs[jobs.TrainingJobDescription](t, s)
	require.Equal(t, jobs.TrainingJobStatusStopped, d.TrainingJobStatus)
	require.Equal(t, jobs.SecondaryStatusStopped, d.SecondaryStatus)
}

func TestTrainingMaxRuntimeIsStoppedNotFailed(t *testing.T) {
	t.Parallel()
	s := newStage()
	s.train = trainUntilStopped
	env := s.environment(trainingID)
	// The clock does not skip ahead while an activity runs, so this limit passes in real time.
	env.ExecuteWorkflow(jobs.TrainingKind.Name, jobs.Document(strings.Replace(trainingDocument, "3600", "1", 1)))
	require.NoError(t, env.GetWorkflowError())
	d := savedAs[jobs.TrainingJobDescription](t, s)
	require.Equal(t, jobs.TrainingJobStatusStopped, d.TrainingJobStatus)
	require.Equal(t, jobs.SecondaryStatusMaxRuntimeExceeded, d.SecondaryStatus)
	require.GreaterOrEqual(t, d.TrainingTimeInSeconds, 1)
}

func TestTrainingFailure(t *testing.T) {
	t.Parallel()
	s := newStage()
	s.planning = func(context.Context, protocol.Job) (protocol.TrainPlanned, error) {
		return protocol.TrainPlanned{}, clientError("Hyperparameter eta: 2 is not in [0, 1]")
	}
	env := s.environment(trainingID)
	env.ExecuteWorkflow(jobs.TrainingKind.Name, jobs.Document(trainingDocument))
	requireFailure(t, env.GetWorkflowError(), jobs.ClientError, "eta")
	d := savedAs[jobs.TrainingJobDescription](t, s)
	require.Equal(t, "ClientError: Hyperparameter eta: 2 is not in [0, 1]", d.FailureReason)
	require.Equal(t, jobs.TrainingJobStatusFailed, d.TrainingJobStatus)
}

func TestSplitScansUntilDecided(t *testing.T) {
	t.Parallel()
	s := newStage()
	s.plan = func(context.Context, protocol.Job) (protocol.Planned, error) {
		return protocol.Planned{Shards: 3, PerTask: 1, Scan: true}, nil
	}
	passes := 0
	s.decide = func(context.Context, protocol.PlanRef) (bool, error) { passes++; return passes == 2, nil }
	env := s.environment(splitID)
	env.ExecuteWorkflow(jobs.SplitKind.Name, jobs.Document(splitDocument(`{"Type":"Stratified","Column":"y"}`)))
	require.NoError(t, env.GetWorkflowError())
	require.Equal(t, 6, s.called(protocol.ScanShards))
	require.Equal(t, 3, s.called(protocol.SplitShards))
	require.Equal(t, jobs.SplitJobStatusCompleted, savedAs[jobs.SplitJobDescription](t, s).SplitJobStatus)
}

// A model that was cut short without a stop or a limit is not a completed job.
func TestTrainingCutShortIsNotCompleted(t *testing.T) {
	t.Parallel()
	s := newStage()
	s.train = func(context.Context, protocol.TrainRef) (protocol.Trained, error) {
		return protocol.Trained{StagedURI: "s3://b/m", Rounds: 2, Stopped: true}, nil
	}
	env := s.environment(trainingID)
	env.ExecuteWorkflow(jobs.TrainingKind.Name, jobs.Document(trainingDocument))
	requireFailure(t, env.GetWorkflowError(), jobs.InternalServerError, "without being asked")
	require.Equal(t, jobs.TrainingJobStatusFailed, savedAs[jobs.TrainingJobDescription](t, s).TrainingJobStatus)
	require.Equal(t, 0, s.called(protocol.PublishModel))
}

// trialOn runs a training job as the first trial of tuning job t. It returns the environment and what t was told by signals.
func (s *stage) trialOn(t *testing.T, setUp func(*testsuite.TestWorkflowEnvironment)) (*testsuite.TestWorkflowEnvironment, []protocol.TrialReport) {
	t.Helper()
	var told []protocol.TrialReport
	env := s.environment(trainingID)
	env.OnSignalExternalWorkflow(anything, jobs.TuningKind.WorkflowID("t"), "", protocol.SignalTrial, anything).
		Return(func(_, _, _, _ string, r any) error { told = append(told, r.(protocol.TrialReport)); return nil })
	if setUp != nil {
		setUp(env)
	}
	env.ExecuteWorkflow(jobs.TrainingKind.Name, jobs.Document(trainingDocument),
		&protocol.Tuned{Parent: jobs.TuningKind.WorkflowID("t"), Trial: 1, Objective: "train:rmse"})
	return env, told
}

// TestTrialReportsItsEnd: a good end is told by the result, by a signal too where the tuning job has asked for one; others are
// told by a signal.
func TestTrialReportsItsEnd(t *testing.T) {
	t.Parallel()
	s := newStage()
	env, told := s.trialOn(t, nil)
	require.NoError(t, env.GetWorkflowError())
	var report protocol.TrialReport
	require.NoError(t, env.GetWorkflowResult(&report))
	require.Equal(t, 1, report.Trial)
	require.Equal(t, jobs.TrainingJobStatusCompleted, report.Status)
	require.Equal(t, 0.5, *report.Value)
	require.Equal(t, 3, report.Rounds)
	require.Empty(t, told)
	d := savedAs[jobs.TrainingJobDescription](t, s)
	require.Equal(t, []jobs.SecondaryStatus{"Starting", "Downloading", "Training", "Uploading", "Completed"}, secondary(d))

	env, told = newStage().trialOn(t, func(env *testsuite.TestWorkflowEnvironment) {
		env.RegisterDelayedCallback(func() { env.SignalWorkflow(protocol.SignalCarried, nil) }, 0)
	})
	require.NoError(t, env.GetWorkflowError())
	require.NoError(t, env.GetWorkflowResult(&report))
	require.Len(t, told, 1)
	require.Equal(t, report.Status, told[0].Status)
	require.Equal(t, report.Value, told[0].Value)

	s = newStage()
	s.train = func(context.Context, protocol.TrainRef) (protocol.Trained, error) {
		return protocol.Trained{}, clientError("label is constant")
	}
	env, told = s.trialOn(t, nil)
	requireFailure(t, env.GetWorkflowError(), jobs.ClientError, "label is constant")
	require.Len(t, told, 1)
	require.Equal(t, jobs.TrainingJobStatusFailed, told[0].Status)
	require.Equal(t, "ClientError: label is constant", told[0].Reason)
}

// TestTrialTriesAgainByItself: what fails within the workflow's task is left to an activity of its own, unless it is for good.
func TestTrialTriesAgainByItself(t *testing.T) {
	t.Parallel()
	s := newStage()
	attempts := 0
	s.planning = func(context.Context, protocol.Job) (protocol.TrainPlanned, error) {
		if attempts++; attempts < 3 {
			return protocol.TrainPlanned{}, temporal.NewApplicationError("the store is down", string(jobs.InternalServerError))
		}
		return protocol.TrainPlanned{Algorithm: "xgboost"}, nil
	}
	env, _ := s.trialOn(t, nil)
	require.NoError(t, env.GetWorkflowError())
	require.Equal(t, 3, attempts)

	s = newStage()
	s.planning = func(context.Context, protocol.Job) (protocol.TrainPlanned, error) {
		return protocol.TrainPlanned{}, clientError("no such bucket")
	}
	env, told := s.trialOn(t, nil)
	requireFailure(t, env.GetWorkflowError(), jobs.ClientError, "no such bucket")
	require.Equal(t, 1, s.called(protocol.PlanTraining))
	require.Len(t, told, 1)
}
