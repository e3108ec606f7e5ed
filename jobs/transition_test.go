package jobs

import (
	"encoding/json"
	"errors"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var created = time.Date(2026, 11, 21, 8, 0, 0, 0, time.UTC)

// step is one transition, so many milliseconds after the job was created.
type step struct {
	ms      int
	to      SecondaryStatus
	message string
}

func runSteps(t *testing.T, steps ...step) TrainingJobDescription {
	t.Helper()
	job, err := ParseTrainingJob([]byte(trainingJSON))
	require.NoError(t, err)
	d := DescribeTraining(*job, ARN(TrainingKind.IDPrefix, "us-east-1", "123456789012", job.TrainingJobName), created)
	for _, s := range steps {
		require.NoError(t, d.Transition(s.to, s.message, created.Add(time.Duration(s.ms)*time.Millisecond)))
	}
	return d
}

// The course of the contract's recorded job (3.2), with its 159.44 seconds of training.
func TestTransitionsOfACompletedJob(t *testing.T) {
	t.Parallel()
	d := runSteps(t,
		step{1000, SecondaryStatusStarting, MessageLaunching},
		step{2000, SecondaryStatusStarting, MessagePreparing},
		step{10_000, SecondaryStatusDownloading, ""},
		step{20_000, SecondaryStatusTraining, ""},
		step{160_000, SecondaryStatusUploading, ""},
		step{169_440, SecondaryStatusCompleted, ""},
	)
	text, err := json.Marshal(d.SecondaryStatusTransitions)
	require.NoError(t, err)
	assert.JSONEq(t, `[
		{"Status": "Starting", "StartTime": 1795248000.000, "EndTime": 1795248010.000, "StatusMessage": "Preparing the instances for training"},
		{"Status": "Downloading", "StartTime": 1795248010.000, "EndTime": 1795248020.000, "StatusMessage": "Downloading input data"},
		{"Status": "Training", "StartTime": 1795248020.000, "EndTime": 1795248160.000, "StatusMessage": "Training image download completed. Training in progress."},
		{"Status": "Uploading", "StartTime": 1795248160.000, "EndTime": 1795248169.440, "StatusMessage": "Uploading generated training model"},
		{"Status": "Completed", "StartTime": 1795248169.440, "EndTime": 1795248169.440, "StatusMessage": "Training job completed"}
	]`, string(text))
	assert.Equal(t, TrainingJobStatusCompleted, d.TrainingJobStatus)
	assert.Equal(t, 159, d.TrainingTimeInSeconds)
	assert.Equal(t, 159, d.BillableTimeInSeconds)
	assert.Equal(t, d.TrainingEndTime, d.LastModifiedTime)
	var refused *TransitionError
	require.ErrorAs(t, d.Transition(SecondaryStatusTraining, "", created), &refused)
	assert.Equal(t, &TransitionError{"Completed", "Training"}, refused)
}

func TestTransitions(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name      string
		steps     []step
		status    TrainingJobStatus
		secondary SecondaryStatus
		message   string
		entries   int
		seconds   int
	}{
		{"created", nil, "InProgress", "Starting", "Starting the training job", 1, 0},
		{"training", []step{{0, "Training", ""}, {5000, "Training", "Round 5 of 10"}}, "InProgress", "Training", "Round 5 of 10", 2, 0},
		{"stopping", []step{{0, "Training", ""}, {1000, "Stopping", ""}}, "Stopping", "Stopping", "Stopping the training job", 3, 0},
		{"stopped after its upload", []step{{0, "Training", ""}, {1000, "Stopping", ""}, {2000, "Uploading", ""}, {3000, "Stopped", ""}}, "Stopped", "Stopped", "Training job stopped", 5, 3},
		{"too long", []step{{0, "Training", ""}, {9000, "MaxRuntimeExceeded", ""}}, "Stopped", "MaxRuntimeExceeded", "Training job runtime exceeded MaxRuntimeInSeconds provided", 3, 9},
		{"restarted", []step{{0, "Downloading", ""}, {1000, "Restarting", "x"}, {2000, "Starting", ""}, {3000, "Training", ""}}, "InProgress", "Training", "Training image download completed. Training in progress.", 5, 0},
		{"failed before it started", []step{{1000, "Failed", ""}}, "Failed", "Failed", "Training job failed", 2, 0},
	} {
		d := runSteps(t, c.steps...)
		last := d.SecondaryStatusTransitions[len(d.SecondaryStatusTransitions)-1]
		assert.Equal(t, c.status, d.TrainingJobStatus, c.name)
		assert.Equal(t, c.secondary, d.SecondaryStatus, c.name)
		assert.Equal(t, c.secondary, last.Status, c.name)
		assert.Equal(t, c.message, last.StatusMessage, c.name)
		assert.Len(t, d.SecondaryStatusTransitions, c.entries, c.name)
		assert.Equal(t, c.seconds, d.TrainingTimeInSeconds, c.name)
		assert.Equal(t, d.TrainingJobStatus.Terminal(), !d.TrainingEndTime.IsZero(), c.name)
		assert.Equal(t, d.TrainingJobStatus.Terminal(), !last.EndTime.IsZero(), c.name)
	}
}

func TestMeasured(t *testing.T) {
	t.Parallel()
	d := runSteps(t, step{0, SecondaryStatusDownloading, ""})
	assert.Equal(t, 31, d.Measured(created.Add(31900*time.Millisecond)).TrainingTimeInSeconds)
	assert.Zero(t, d.TrainingTimeInSeconds)
}

func TestDescribeTraining(t *testing.T) {
	t.Parallel()
	d := runSteps(t)
	d.FinalMetricDataList = append(FinalMetrics(map[string]float64{"b": 2, "a": 1, "nan": math.NaN()}, created), MetricData{"inf", math.Inf(1), At(created)})
	d.Progress = &Progress{Stage: "Training", Done: 5, Total: 10, Unit: "rounds", Metrics: map[string]float64{"x": math.NaN(), "y": 1}}
	text, err := json.Marshal(d)
	require.NoError(t, err)
	var got map[string]any
	require.NoError(t, json.Unmarshal(text, &got))
	assert.Equal(t, "housing-1", got["TrainingJobName"])
	assert.Equal(t, "arn:aws:sagemaker:us-east-1:123456789012:training-job/housing-1", got["TrainingJobArn"])
	assert.NotContains(t, got, "Tags")
	assert.NotContains(t, got, "TrainingEndTime")
	for _, name := range []string{"EnableNetworkIsolation", "EnableInterContainerTrafficEncryption", "EnableManagedSpotTraining"} {
		assert.Equal(t, false, got[name], name)
	}
	assert.Contains(t, string(text), `"KmsKeyId":""`)
	assert.Contains(t, string(text), `"CompressionType":"None","RecordWrapperType":"None"`)
	assert.Contains(t, string(text), `"FinalMetricDataList":[{"MetricName":"a","Value":1,"Timestamp":1795248000.000},{"MetricName":"b","Value":2,"Timestamp":1795248000.000}]`)
	assert.Contains(t, string(text), `"Metrics":{"y":1}`)
	assert.NotContains(t, string(text), `"InputMode"`)

	var back TrainingJobDescription
	require.NoError(t, json.Unmarshal(text, &back))
	again, err := json.Marshal(back)
	require.NoError(t, err)
	assert.JSONEq(t, string(text), string(again))
}

// Defaults of a description must not show up in the document it was made from.
func TestDescribeLeavesTheDocumentAlone(t *testing.T) {
	t.Parallel()
	job, err := ParseTrainingJob([]byte(trainingJSON))
	require.NoError(t, err)
	DescribeTraining(*job, "", created)
	split, err := ParseSplitJob([]byte(splitJSON))
	require.NoError(t, err)
	DescribeSplit(*split, "", created)
	model, err := ParseModel([]byte(modelJSON))
	require.NoError(t, err)
	DescribeModel(*model, "", created)
	for text, doc := range map[string]any{trainingJSON: job, splitJSON: split, modelJSON: model} {
		echo, err := json.Marshal(doc)
		require.NoError(t, err)
		assert.JSONEq(t, text, string(echo))
	}
}

func TestTransformAndSplitCourse(t *testing.T) {
	t.Parallel()
	job, err := ParseTransformJob([]byte(transformJSON))
	require.NoError(t, err)
	d := DescribeTransform(*job, "arn", created)
	assert.Equal(t, DataProcessing{InputFilter: "$[1:]", OutputFilter: "$", JoinSource: "Input"}, d.DataProcessing)
	assert.Equal(t, "None", d.TransformInput.CompressionType)
	require.NoError(t, d.Transition(TransformJobStatusInProgress, created.Add(time.Second)))
	require.NoError(t, d.Transition(TransformJobStatusStopping, created.Add(2*time.Second)))
	assert.Error(t, d.Transition(TransformJobStatusInProgress, created))
	require.NoError(t, d.Transition(TransformJobStatusStopped, created.Add(3*time.Second)))
	assert.Error(t, d.Fail(errors.New("late"), created))
	assert.Equal(t, TransformJobSummary{TransformJobName: "score-1", TransformJobArn: "arn", CreationTime: At(created),
		TransformEndTime: At(created.Add(3 * time.Second)), LastModifiedTime: At(created.Add(3 * time.Second)),
		TransformJobStatus: "Stopped"}, d.Summary())
	assert.Equal(t, At(created.Add(time.Second)), d.TransformStartTime)

	split, err := ParseSplitJob([]byte(splitJSON))
	require.NoError(t, err)
	s := DescribeSplit(*split, "arn", created)
	require.NoError(t, s.Fail(Failf(ClientError, "no such bucket"), created.Add(time.Second)))
	assert.Equal(t, "ClientError: no such bucket", s.Summary().FailureReason)
	assert.Equal(t, SplitJobStatusFailed, s.SplitJobStatus)
}
