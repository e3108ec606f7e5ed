package e2e_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	sdk "go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"

	"github.com/batchmill/batchmill/examples"
	"github.com/batchmill/batchmill/jobs"
)

// exampleStack is a stack on which the examples have run up to the registered model.
func exampleStack(t *testing.T) *stack {
	t.Helper()
	s := newStack(t)
	s.worker(t)
	file := func(name string) string {
		path := filepath.Join(t.TempDir(), name)
		require.NoError(t, os.WriteFile(path, examples.Document(name), 0o600))
		return path
	}
	housing := filepath.Join(t.TempDir(), "housing.csv")
	require.NoError(t, os.WriteFile(housing, examples.Housing, 0o600))
	s.cli(t, "cp", housing, "s3://demo/raw/").ok(t)
	s.cli(t, "split", file("split.yaml")).ok(t)
	s.cli(t, "train", file("train.json")).ok(t)
	s.cli(t, "model", "create", file("model.yaml")).ok(t)
	return s
}

// TestExamples runs the documents of examples/ in each way a job can be started: the command line with JSON and YAML, the Go
// client in the example program, Temporal's own client and command line, and a schedule.
func TestExamples(t *testing.T) {
	t.Parallel()
	s := exampleStack(t)
	t.Run("command line", func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "transform.yaml")
		require.NoError(t, os.WriteFile(file, examples.Document("transform.yaml"), 0o600))
		var d jobs.TransformJobDescription
		out := s.cli(t, "transform", file, "--name", "by-cli", "-o", "json").ok(t)
		require.NoError(t, json.Unmarshal([]byte(out), &d))
		require.Equal(t, jobs.TransformJobStatusCompleted, d.TransformJobStatus)
		s.cli(t, "verify", d.Manifest).ok(t)
		started := cliWith(t, s.environ(), string(s.example(t, "detached")), "transform", "-", "--detach").ok(t)
		require.Contains(t, started, "detached")
		finish[jobs.TransformJobDescription](t, s.Job(jobs.TransformKind, "detached"))
	})
	t.Run("Go program", func(t *testing.T) {
		program := exec.Command("go", "run", "github.com/batchmill/batchmill/examples/start-from-go")
		program.Env = append(cleanEnv(), s.environ()...)
		out, err := program.CombinedOutput()
		require.NoError(t, err, "%s", out)
		require.Contains(t, string(out), `"TransformJobStatus":"Completed"`)
	})
	t.Run("Temporal's client and the UI's form", func(t *testing.T) { s.testForm(t) })
	t.Run("Temporal's command line", func(t *testing.T) { s.testTemporalCommand(t) })
	t.Run("schedule", func(t *testing.T) { s.testSchedule(t) })
	t.Run("histories", func(t *testing.T) { s.testHistories(t) })
}

// example is the transform document under another name and output path.
func (s *stack) example(t *testing.T, name string) []byte {
	t.Helper()
	doc := bytes.ReplaceAll(examples.Document("transform.json"), []byte("housing-test"), []byte(name))
	return bytes.ReplaceAll(doc, []byte("s3://demo/predictions/"), []byte("s3://demo/predictions-"+name+"/"))
}

// testForm starts a job as the Temporal UI's form does: any workflow ID, the document as a plain JSON object. The job runs
// under its own ID; a second one of the name is refused.
func (s *stack) testForm(t *testing.T) {
	var doc map[string]any
	require.NoError(t, json.Unmarshal(s.example(t, "by-form"), &doc))
	run, err := s.Temporal().ExecuteWorkflow(t.Context(), sdk.StartWorkflowOptions{ID: "what the form made up", TaskQueue: "batchmill"}, "TransformJob", doc)
	require.NoError(t, err)
	var d jobs.TransformJobDescription
	require.NoError(t, run.Get(t.Context(), &d))
	require.Equal(t, "by-form", d.TransformJobName)
	require.Equal(t, jobs.TransformJobStatusCompleted, d.TransformJobStatus)
	found := finish[jobs.TransformJobDescription](t, s.Job(jobs.TransformKind, "by-form"))
	require.Equal(t, d.Manifest, found.Manifest)
	s.cli(t, "verify", d.Manifest).ok(t)

	run, err = s.Temporal().ExecuteWorkflow(t.Context(), sdk.StartWorkflowOptions{ID: "the same again", TaskQueue: "batchmill"}, "TransformJob", doc)
	require.NoError(t, err)
	require.ErrorContains(t, run.Get(t.Context(), nil), "transform-job/by-form")

	doc["ModellName"] = "x"
	run, err = s.Temporal().ExecuteWorkflow(t.Context(), sdk.StartWorkflowOptions{ID: "wrong", TaskQueue: "batchmill"}, "TransformJob", doc)
	require.NoError(t, err)
	require.ErrorContains(t, run.Get(t.Context(), nil), "ModellName")
}

// testTemporalCommand starts a job as `temporal workflow start --input-file` does: the file's bytes as a json/plain payload.
func (s *stack) testTemporalCommand(t *testing.T) {
	file := converter.NewRawValue(&commonpb.Payload{
		Metadata: map[string][]byte{converter.MetadataEncoding: []byte(converter.MetadataEncodingJSON)},
		Data:     s.example(t, "by-temporal"),
	})
	run, err := s.Temporal().ExecuteWorkflow(t.Context(), sdk.StartWorkflowOptions{ID: "transform-job/by-temporal", TaskQueue: "batchmill"}, "TransformJob", file)
	require.NoError(t, err)
	var d jobs.TransformJobDescription
	require.NoError(t, run.Get(t.Context(), &d))
	require.Equal(t, jobs.TransformJobStatusCompleted, d.TransformJobStatus)
}

// testSchedule: two Mondays are two jobs with names and outputs of their own.
func (s *stack) testSchedule(t *testing.T) {
	file := filepath.Join(t.TempDir(), "weekly.json")
	require.NoError(t, os.WriteFile(file, examples.Document("weekly.json"), 0o600))
	s.cli(t, "schedule", "create", "weekly", file, "--cron", "0 6 * * MON", "--time-zone", "Europe/Berlin", "--paused").ok(t)
	require.Contains(t, s.cli(t, "schedule", "describe", "weekly").ok(t), "paused")
	s.cli(t, "schedule", "backfill", "weekly", "--from", "2026-11-01", "--to", "2026-11-10").ok(t)
	for _, c := range []struct{ name, date string }{{"housing-2026-W45", "2026-11-02"}, {"housing-2026-W46", "2026-11-09"}} {
		d := s.appeared(t, c.name)
		require.Equal(t, "s3://demo/weekly/"+c.date+"/", d.TransformOutput.S3OutputPath)
		s.cli(t, "verify", fmt.Sprintf("s3://demo/weekly/%s/_batchmill/%s/manifest.json", c.date, c.name)).ok(t)
		require.Len(t, records(t, s.get(t, d.TransformOutput.S3OutputPath+"housing.csv.out")), bytes.Count(examples.Housing, []byte("\n"))-1)
	}
	s.cli(t, "schedule", "trigger", "weekly").ok(t)
	year, week := time.Now().UTC().ISOWeek()
	s.appeared(t, fmt.Sprintf("housing-%d-W%02d", year, week))

	s.cli(t, "schedule", "resume", "weekly").ok(t)
	require.Contains(t, s.cli(t, "schedule", "describe", "weekly").ok(t), "running")
	s.cli(t, "schedule", "pause", "weekly", "--note", "stock taking").ok(t)
	require.Contains(t, s.cli(t, "schedule", "describe", "weekly").ok(t), "stock taking")
	require.Equal(t, 1, s.cli(t, "schedule", "create", "weekly", file, "--cron", "@daily").code, "the name is taken")
	s.cli(t, "schedule", "delete", "weekly").ok(t)
	requireOneLine(t, s, s.cli(t, "schedule", "describe", "weekly"), 1, "weekly")

	fixed := strings.ReplaceAll(string(examples.Document("weekly.json")), "{{.ISOWeek}}", "always")
	require.NoError(t, os.WriteFile(file, []byte(fixed), 0o600))
	requireOneLine(t, s, s.cli(t, "schedule", "create", "fixed", file, "--cron", "@daily"), 1, "housing-always")
}

// appeared waits for a job that somebody else starts, and for its end.
func (s *stack) appeared(t *testing.T, name string) jobs.TransformJobDescription {
	t.Helper()
	job := s.Job(jobs.TransformKind, name)
	await(t, name, func() bool { _, err := job.Describe(t.Context()); return err == nil })
	return finish[jobs.TransformJobDescription](t, job)
}
