package e2e_test

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/api/temporalproto"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/batchmill/batchmill/jobs"
	"github.com/batchmill/batchmill/workflows"
)

// testHistories replays what the server recorded of this run's jobs against the workflow code as it is: one job of each kind
// that completed, two that were stopped, one that failed, one that was started under another ID, a search by Hyperband with a
// trial of it that paused, and a search that failed. With -update the recordings
// become those that the replay test of package workflows guards against later changes.
func (s *stack) testHistories(t *testing.T) {
	stopped := s.begin(t, jobs.TrainingKind, s.longTraining(t, "stopped", endless))
	await(t, "rounds", func() bool {
		p, err := stopped.Progress(t.Context())
		return err == nil && p.Done > 0
	})
	require.NoError(t, stopped.Stop(t.Context()))
	fail[jobs.TrainingJobDescription](t, stopped)
	many := s.many(t, 200, rowsOfShard)
	halfway := s.begin(t, jobs.TransformKind, many.transform("halfway"))
	many.reach(t, halfway, 10)
	require.NoError(t, halfway.Stop(t.Context()))
	fail[jobs.TransformJobDescription](t, halfway)
	require.True(t, temporal.IsCanceledError(s.Temporal().GetWorkflow(t.Context(), "transform-job/halfway", "").Get(t.Context(), nil)))
	fail[jobs.TransformJobDescription](t, s.begin(t, jobs.TransformKind, transformDocument("failed", "housing", "text/csv", "s3://demo/nothing/", "s3://demo/out/", "")))
	b := s.bucket(t, "kill")
	stratified := splitDocument("stratified", "text/csv;header=present", "s3://demo/raw/", b+"split/")
	stratified["SplitStrategy"] = object{"Type": "Stratified", "Column": "ocean_proximity", "Seed": 1}
	s.split(t, stratified)

	halving := s.tuningDocument(t, "recorded", "Hyperband", 6, 2, map[string]string{"num_round": "9"})
	config(halving)["StrategyConfig"] = object{"HyperbandStrategyConfig": object{"MinResource": 1, "MaxResource": 9}}
	finish[jobs.HyperParameterTuningJobDescription](t, s.begin(t, jobs.TuningKind, halving))
	hopeless := s.tuningDocument(t, "recorded-failure", "Random", 3, 1, map[string]string{"num_round": "2", "objective": "multi:softmax"})
	fail[jobs.HyperParameterTuningJobDescription](t, s.begin(t, jobs.TuningKind, hopeless))

	replayer := worker.NewWorkflowReplayer()
	(&workflows.Workflows{Region: "us-east-1", Account: "000000000000"}).Register(replayer)
	for name, id := range map[string]string{
		"split-completed":      "split-job/housing-split",
		"split-stratified":     "split-job/stratified",
		"training-completed":   "training-job/housing-xgboost",
		"training-stopped":     "training-job/stopped",
		"training-trial":       "training-job/" + jobs.ChildName("recorded", 1),
		"tuning-completed":     "hyper-parameter-tuning-job/recorded",
		"tuning-failed":        "hyper-parameter-tuning-job/recorded-failure",
		"transform-completed":  "transform-job/by-cli",
		"transform-failed":     "transform-job/failed",
		"transform-stopped":    "transform-job/halfway",
		"transform-other-id":   "what the form made up",
		"transform-wrong-name": "the same again",
	} {
		history := s.history(t, id)
		if *update {
			write(t, name, history) // before it is replayed: that changes search attributes in it
		}
		require.NoError(t, replayer.ReplayWorkflowHistoryWithOptions(nil, history, worker.ReplayWorkflowHistoryOptions{
			OriginalExecution: workflow.Execution{ID: id},
		}), name)
	}
}

func (s *stack) history(t *testing.T, workflowID string) *historypb.History {
	t.Helper()
	h := new(historypb.History)
	events := s.Temporal().GetWorkflowHistory(t.Context(), workflowID, "", false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for events.HasNext() {
		e, err := events.Next()
		require.NoError(t, err)
		h.Events = append(h.Events, e)
	}
	return h
}

// What a recording says of the process that made it: its identity, and the name of its sticky task queue.
var (
	identity = regexp.MustCompile(`"identity": *"[^"]*"`)
	sticky   = regexp.MustCompile(`"name": *"[^":]*:[0-9a-f-]{36}"`)
)

// write stores a history for the replay test of package workflows.
func write(t *testing.T, name string, h *historypb.History) {
	t.Helper()
	content, err := temporalproto.CustomJSONMarshalOptions{Indent: " "}.Marshal(h)
	require.NoError(t, err)
	content = identity.ReplaceAll(content, []byte(`"identity": "worker"`))
	content = sticky.ReplaceAll(content, []byte(`"name": "worker:sticky"`))
	dir := filepath.Join("..", "..", "workflows", "testdata", "histories")
	require.NoError(t, os.MkdirAll(dir, 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(dir, name+".json"), append(content, '\n'), 0o644))
}
