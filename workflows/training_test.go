package workflows_test

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

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
