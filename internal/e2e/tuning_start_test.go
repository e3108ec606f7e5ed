package e2e_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	sdk "go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"

	"github.com/batchmill/batchmill/jobs"
)

// TestTuningStarts starts a tuning job in each way there is beside the command line: the Temporal UI's form (any workflow ID,
// the document as one JSON payload), Temporal's command line and a Go program under the job's own ID, and a weekly schedule.
func TestTuningStarts(t *testing.T) {
	t.Parallel()
	s := shared
	document := func(name string) object {
		return s.tuningDocument(t, name, "Sobol", 2, 2, map[string]string{"num_round": "2"})
	}
	requireDone := func(t *testing.T, name string) {
		t.Helper()
		job := s.Job(jobs.TuningKind, name)
		await(t, name, func() bool { _, err := job.Describe(t.Context()); return err == nil })
		d := finish[jobs.HyperParameterTuningJobDescription](t, job)
		require.Equal(t, name, d.HyperParameterTuningJobName)
		require.Equal(t, jobs.TrainingJobStatusCounters{Completed: 2}, d.TrainingJobStatusCounters)
		s.requireEachTrialOnce(t, name, 2)
	}
	t.Run("form", func(t *testing.T) {
		t.Parallel()
		doc := document("tune-by-form")
		start := func(id string) sdk.WorkflowRun {
			run, err := s.Temporal().ExecuteWorkflow(t.Context(), sdk.StartWorkflowOptions{ID: id, TaskQueue: "batchmill"}, jobs.TuningKind.Name, doc)
			require.NoError(t, err)
			return run
		}
		var d jobs.HyperParameterTuningJobDescription
		require.NoError(t, start("what a form makes up").Get(t.Context(), &d))
		require.Equal(t, jobs.TuningJobStatusCompleted, d.HyperParameterTuningJobStatus)
		requireDone(t, "tune-by-form")
		require.ErrorContains(t, start("the same search again").Get(t.Context(), nil), "A hyperparameter tuning job with the name, tune-by-form, already exists.")
		doc["Strategie"] = "x"
		require.ErrorContains(t, start("a wrong search").Get(t.Context(), nil), "Strategie")
	})
	t.Run("file", func(t *testing.T) {
		t.Parallel()
		file := converter.NewRawValue(&commonpb.Payload{
			Metadata: map[string][]byte{converter.MetadataEncoding: []byte(converter.MetadataEncodingJSON)},
			Data:     text(t, document("tune-by-file")),
		})
		options := sdk.StartWorkflowOptions{ID: jobs.TuningKind.WorkflowID("tune-by-file"), TaskQueue: "batchmill"}
		run, err := s.Temporal().ExecuteWorkflow(t.Context(), options, jobs.TuningKind.Name, file)
		require.NoError(t, err)
		var d jobs.HyperParameterTuningJobDescription
		require.NoError(t, run.Get(t.Context(), &d))
		requireDone(t, "tune-by-file")
	})
	t.Run("schedule", func(t *testing.T) {
		t.Parallel()
		doc := document("tune-{{.ISOWeek}}")
		file := filepath.Join(t.TempDir(), "weekly-tune.json")
		written, err := json.Marshal(doc)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(file, written, 0o600))
		s.cli(t, "schedule", "create", "weekly-tune", file, "--cron", "0 6 * * MON", "--paused").ok(t)
		s.cli(t, "schedule", "backfill", "weekly-tune", "--from", "2026-11-01", "--to", "2026-11-10").ok(t)
		requireDone(t, "tune-2026-W45")
		requireDone(t, "tune-2026-W46")
		s.cli(t, "schedule", "delete", "weekly-tune").ok(t)
	})
}
