package e2e_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/batchmill/batchmill/client"
	"github.com/batchmill/batchmill/jobs"
)

// trees counts the trees of an artifact.
func trees(t *testing.T, content []byte) int {
	t.Helper()
	var model struct {
		Learner struct {
			GradientBooster struct {
				Model struct {
					Trees []json.RawMessage `json:"trees"`
				} `json:"model"`
			} `json:"gradient_booster"`
		} `json:"learner"`
	}
	require.NoError(t, json.Unmarshal(artifact(t, content)["xgboost-model"], &model))
	return len(model.Learner.GradientBooster.Model.Trees)
}

// requireUsable scores a few rows with a model that was stopped early.
func (s *stack) requireUsable(t *testing.T, name, uri string) {
	t.Helper()
	s.model(t, name, uri)
	tab := readTable(t, "california_housing", "california_train80.csv").head(100)
	s.scored(t, name+"-use", name, "text/csv;header=present;label=median_house_value", tab)
}

const endless = 100000 // rounds, days of them

// TestStopTraining: the model of the rounds so far is kept, and loads.
func TestStopTraining(t *testing.T) {
	t.Parallel()
	job := shared.begin(t, jobs.TrainingKind, shared.longTraining(t, "stopped", endless))
	await(t, "rounds", func() bool {
		p, err := job.Progress(t.Context())
		return err == nil && p.Done >= 5
	})
	shared.cli(t, "stop", "train", "stopped").ok(t)
	d, failed := fail[jobs.TrainingJobDescription](t, job)
	require.Equal(t, "Stopped", failed.Status)
	require.Equal(t, jobs.SecondaryStatusStopped, d.SecondaryStatus)
	require.Equal(t, "s3://kill/models/stopped/output/model.tar.gz", d.ModelArtifacts.S3ModelArtifacts)
	n := trees(t, shared.get(t, d.ModelArtifacts.S3ModelArtifacts))
	require.GreaterOrEqual(t, n, 5)
	require.Less(t, n, endless)
	requireEachRoundOnce(t, shared.trainingLog(t, "stopped"), n)
	shared.requireUsable(t, "stopped", d.ModelArtifacts.S3ModelArtifacts)
	again := shared.cli(t, "stop", "train", "stopped")
	require.Equal(t, 1, again.code, "it has ended")
}

// TestMaxRuntime: a training that takes too long ends by its own document, with the model so far.
func TestMaxRuntime(t *testing.T) {
	t.Parallel()
	doc := shared.longTraining(t, "overran", endless)
	doc["StoppingCondition"] = object{"MaxRuntimeInSeconds": 3}
	d, failed := fail[jobs.TrainingJobDescription](t, shared.begin(t, jobs.TrainingKind, doc))
	require.Equal(t, "Stopped", failed.Status)
	require.Equal(t, jobs.SecondaryStatusMaxRuntimeExceeded, d.SecondaryStatus)
	require.Positive(t, trees(t, shared.get(t, d.ModelArtifacts.S3ModelArtifacts)))
	shared.requireUsable(t, "overran", d.ModelArtifacts.S3ModelArtifacts)
}

// TestStopTransform: nothing is left of a stopped transform.
func TestStopTransform(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	s.worker(t, "--concurrency", "1")
	c := s.covertype(t)
	job := s.begin(t, jobs.TransformKind, setting(c.transform("stopped"), "BATCHMILL_SHARDS", "1000"))
	await(t, "receipts", func() bool { return len(s.list(t, c.path+"out-stopped/_batchmill/stopped/receipts/")) > 3 })
	s.cli(t, "stop", "transform", "stopped").ok(t)
	d, failed := fail[jobs.TransformJobDescription](t, job)
	require.Equal(t, "Stopped", failed.Status)
	require.Empty(t, d.FailureReason)
	s.requireNothingVisible(t, c.path+"out-stopped/")
	await(t, "nothing staged", func() bool { return len(s.list(t, c.path+"out-stopped/")) == 0 })
}

// TestWithoutWorker: a job submitted while no worker runs is InProgress, is listed, can be stopped; a worker that comes later
// takes note. The Temporal server alone answers all that.
func TestWithoutWorker(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	b := s.bucket(t, "idle")
	wait := s.begin(t, jobs.TransformKind, transformDocument("waits", "none", "text/csv", b+"in/", b+"out/", ""))
	stop := s.begin(t, jobs.TransformKind, transformDocument("stops", "none", "text/csv", b+"in/", b+"out/", ""))
	for _, job := range []*client.Job{wait, stop} {
		d, err := job.Describe(t.Context())
		require.NoError(t, err)
		status, _ := client.Status(job.Kind, d)
		require.Equal(t, "InProgress", status)
		require.Contains(t, s.cli(t, "describe", "transform", job.Name).ok(t), "InProgress")
	}
	await(t, "list", func() bool { // Temporal's visibility follows a moment later
		listed, err := s.List(t.Context(), jobs.TransformKind, client.ListOptions{Status: "InProgress"})
		require.NoError(t, err)
		return len(listed) == 2
	})
	require.Contains(t, s.cli(t, "list", "transform").ok(t), "waits")
	s.cli(t, "stop", "transform", "stops").ok(t)
	require.Contains(t, s.cli(t, "describe", "transform", "stops").ok(t), "Stopping")
	s.worker(t)
	_, failed := fail[jobs.TransformJobDescription](t, stop)
	require.Equal(t, "Stopped", failed.Status)
	_, failed = fail[jobs.TransformJobDescription](t, wait)
	require.Equal(t, "Failed", failed.Status)
	require.Contains(t, failed.Reason, `ClientError: `)
	require.Contains(t, failed.Reason, `none`)
}
