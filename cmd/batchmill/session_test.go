//go:build !slim

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/batchmill/batchmill/examples"
	"github.com/batchmill/batchmill/jobs"
)

// session is a user at a terminal beside a running `batchmill dev`. The verbs find the stack through the process's
// environment, so there is one session at a time.
type session struct {
	t   *testing.T
	dir string
}

// run executes a command line and returns what it printed.
func (s session) run(want int, input string, args ...string) (out, errOut string) {
	s.t.Helper()
	var o, e bytes.Buffer
	a := &app{in: strings.NewReader(input), out: &o, errOut: &e}
	code := a.run(s.t.Context(), args)
	require.Equal(s.t, want, code, "batchmill %s\n%s%s", strings.Join(args, " "), o.String(), e.String())
	return o.String(), e.String()
}

func (s session) ok(args ...string) string {
	s.t.Helper()
	out, _ := s.run(exitOK, "", args...)
	return out
}

func (s session) file(name string, content []byte) string {
	path := filepath.Join(s.dir, name)
	require.NoError(s.t, os.WriteFile(path, content, 0o600))
	return path
}

// startDev runs `batchmill dev` in this process until the test ends, and checks that it then stops in time.
func startDev(t *testing.T) session {
	t.Helper()
	s := session{t, t.TempDir()}
	ready := filepath.Join(s.dir, "ready.json")
	ctx, cancel := context.WithCancel(context.Background())
	code := make(chan int, 1)
	var out, errOut bytes.Buffer
	go func() {
		a := &app{in: strings.NewReader(""), out: &out, errOut: &errOut}
		code <- a.run(ctx, []string{"dev", "--dir", filepath.Join(s.dir, "data"), "--temporal-port", "-1", "--ui-port", "-1",
			"--s3-port", "-1", "--ready-file", ready})
	}()
	t.Cleanup(func() {
		cancel()
		select {
		case c := <-code:
			require.Equal(t, exitOK, c, errOut.String())
			require.Contains(t, out.String(), "Web UI")
		case <-time.After(10 * time.Second):
			t.Error("dev did not stop within 10 s")
		}
	})
	require.Eventually(t, func() bool { _, err := os.Stat(ready); return err == nil }, 30*time.Second, 20*time.Millisecond)
	return s
}

// A whole session: every verb against a running stack, on the real table.
func TestSession(t *testing.T) {
	s := startDev(t)
	env := s.ok("env", "--dir", filepath.Join(s.dir, "data"))
	require.Contains(t, env, "export AWS_ENDPOINT_URL_S3='http://127.0.0.1:")
	_, errOut := s.run(exitFailed, "", "env", "--dir", filepath.Join(s.dir, "nothing"))
	require.Contains(t, errOut, "no stack runs on folder")

	table := s.file("housing.csv", examples.Housing)
	s.ok("cp", table, "s3://demo/raw/")
	split := s.ok("split", s.file("split.json", examples.Document("split.json")))
	require.Contains(t, split, "Completed")
	require.Regexp(t, `Rows +16,512`, split)
	train, progress := s.run(exitOK, string(examples.Document("train.yaml")), "train", "-")
	require.Contains(t, train, "s3://demo/models/housing-xgboost/output/model.tar.gz")
	require.Contains(t, progress, "train housing-xgboost: ")
	require.Contains(t, s.ok("logs", "train", "housing-xgboost", "--follow"), "validation-rmse:")
	s.ok("model", "create", "--name", "housing", "--from-training", "housing-xgboost")
	require.Contains(t, s.ok("list", "model"), "housing")
	require.Contains(t, s.ok("model", "describe", "housing"), "xgboost")

	transform := s.file("transform.json", examples.Document("transform.json"))
	var d jobs.TransformJobDescription
	require.NoError(t, json.Unmarshal([]byte(s.ok("transform", transform, "-o", "json")), &d))
	require.Equal(t, jobs.TransformJobStatusCompleted, d.TransformJobStatus)
	require.Contains(t, s.ok("verify", d.Manifest), "ok: ")
	s.rescores(d.Manifest)
	page := s.ok("report", "transform", d.TransformJobName, "-o", "-", "--charts", filepath.Join(s.dir, "charts"))
	require.Contains(t, page, "Slowest shards")
	require.Contains(t, page, "shard 0: ")
	require.FileExists(t, filepath.Join(s.dir, "charts", "throughput.png"))
	_, errOut = s.run(exitFailed, "", "transform", transform)
	require.Contains(t, errOut, "already exists")
	require.Contains(t, s.ok("transform", transform, "--name", "housing-later", "--detach"), "started transform housing-later")
	require.Eventually(t, func() bool { // Temporal's lists lag behind a little
		return strings.Contains(s.ok("list", "transform", "--name-contains", "later"), "housing-later")
	}, 10*time.Second, 50*time.Millisecond)
	_, errOut = s.run(exitFailed, "", "stop", "train", "housing-xgboost")
	require.Contains(t, errOut, "Completed")
	_, errOut = s.run(exitFailed, "", "describe", "train", "nobody")
	require.Contains(t, errOut, "not found")
	_, errOut = s.run(exitUsage, `{"SplitJobName": "x", "Nonsense": 1}`, "split", "-")
	require.Contains(t, errOut, "onsense")

	// A job that fails is exit code 1, with the reason.
	_, errOut = s.run(exitFailed, strings.ReplaceAll(string(examples.Document("split.json")), "s3://demo/raw/", "s3://demo/none/"),
		"split", "-", "--name", "empty")
	require.Contains(t, errOut, "s3://demo/none/")

	s.copies(table)
	s.schedules()
	s.tamper(d.Manifest)
	s.ok("model", "delete", "housing")
}

// copies moves files and objects about.
func (s session) copies(table string) {
	down := filepath.Join(s.dir, "down")
	s.ok("cp", "--recursive", "s3://demo/raw/", down)
	got, err := os.ReadFile(filepath.Join(down, "housing.csv"))
	require.NoError(s.t, err)
	require.True(s.t, bytes.Equal(examples.Housing, got))
	s.ok("cp", "s3://demo/raw/housing.csv", "s3://copies/a/b.csv")
	s.ok("cp", "-r", down, "s3://copies/tree/")
	require.Equal(s.t, string(examples.Housing), s.ok("cp", "s3://copies/tree/housing.csv", "-"))
	s.run(exitOK, "from a pipe", "cp", "-", "s3://copies/pipe")
	require.Equal(s.t, "from a pipe", s.ok("cp", "s3://copies/pipe", "-"))
	_, errOut := s.run(exitUsage, "", "cp", table, table+"2")
	require.Contains(s.t, errOut, "must be an s3:// URI")
	_, errOut = s.run(exitFailed, "", "cp", "s3://demo/nothing", "-")
	require.Contains(s.t, errOut, "does not exist")
	_, errOut = s.run(exitFailed, "", "cp", "-r", "s3://demo/nothing/", s.dir)
	require.Contains(s.t, errOut, "nothing lies below")
}

// schedules makes one, fires it, and takes it through its states.
func (s session) schedules() {
	weekly := s.file("weekly.yaml", examples.Document("weekly.yaml"))
	require.Contains(s.t, s.ok("schedule", "create", "weekly", weekly, "--cron", "0 6 * * MON", "--time-zone", "Europe/Berlin"), "next run Mon")
	s.run(exitFailed, "", "schedule", "create", "weekly", weekly, "--cron", "0 6 * * MON")
	s.run(exitUsage, "", "schedule", "create", "never", weekly)
	require.Contains(s.t, s.ok("schedule", "describe", "weekly"), "Europe/Berlin")
	s.ok("schedule", "pause", "weekly", "--note", "holidays")
	require.Contains(s.t, s.ok("schedule", "describe", "weekly"), "holidays")
	s.ok("schedule", "resume", "weekly")
	s.ok("schedule", "trigger", "weekly")
	require.Eventually(s.t, func() bool {
		return regexp.MustCompile(`housing-\d+-W\d+ +Completed`).MatchString(s.ok("list", "transform"))
	}, 20*time.Second, 50*time.Millisecond)
	require.Contains(s.t, s.ok("schedule", "list"), "weekly")
	s.ok("schedule", "delete", "weekly")
	_, errOut := s.run(exitFailed, "", "schedule", "describe", "weekly")
	require.Contains(s.t, errOut, "no such schedule")
}

// rescores predicts rows again, by a number, a share and all of them.
func (s session) rescores(manifest string) {
	for share, want := range map[string]string{"all": `Predicted again +1,\d\d\d rows`, "5%": `Predicted again +\d`, "300": `Predicted again +\d`} {
		out := s.ok("verify", manifest, "--inputs", "--rescore", share)
		require.Regexp(s.t, want, out)
		require.Contains(s.t, out, "ok: every row that was predicted again came out the same")
	}
	var report struct{ Rescored, Rows int64 }
	require.NoError(s.t, json.Unmarshal([]byte(s.ok("verify", manifest, "--rescore", "all", "-o", "json")), &report))
	require.Equal(s.t, report.Rows, report.Rescored)
	for _, share := range []string{"0", "0%", "101%", "some", "-1"} {
		_, errOut := s.run(exitUsage, "", "verify", manifest, "--rescore", share)
		require.Contains(s.t, errOut, "must be a number of rows from 1, a percentage above 0% and up to 100%, or all")
	}
	_, errOut := s.run(exitFailed, "", "verify", "s3://demo/split/_batchmill/housing-split/manifest.json", "--rescore", "all")
	require.Contains(s.t, errOut, "the manifest does not say how its rows were predicted")
}

// tamper changes committed output and expects verify to see it.
func (s session) tamper(manifest string) {
	s.run(exitOK, "stray", "cp", "-", "s3://demo/predictions/stray.out")
	out, _ := s.run(exitFailed, "", "verify", manifest)
	require.Contains(s.t, out, "stray.out: extra:")
	key := regexp.MustCompile(`s3://demo/predictions/[^"]*\.parquet`).FindString(s.ok("cp", manifest, "-"))
	require.NotEmpty(s.t, key)
	s.run(exitOK, "not what was written", "cp", "-", key)
	out, _ = s.run(exitFailed, "", "verify", manifest)
	require.Contains(s.t, out, key+": size: 20 bytes")
	_, errOut := s.run(exitFailed, "", "verify", "s3://demo/nothing/manifest.json")
	require.Contains(s.t, errOut, "does not exist")
	_, errOut = s.run(exitFailed, "", "verify", "s3://demo/predictions/")
	require.Contains(s.t, errOut, "s3://demo/predictions/_batchmill/NAME/manifest.json")
}

// The quickstart beats the baseline by far and leaves nothing running.
func TestQuickstart(t *testing.T) {
	s := session{t, t.TempDir()}
	for range 2 { // a second run on the same folder does not meet the first
		out := s.ok("quickstart", "--dir", s.dir, "--temporal-port", "-1", "--ui-port", "-1", "--s3-port", "-1")
		m := regexp.MustCompile(`Test RMSE +([\d,]+) USD, against ([\d,]+)`).FindStringSubmatch(out)
		require.NotNil(t, m, out)
		require.Less(t, len(m[1]), len(m[2]), "tens of thousands against more than a hundred thousand")
		require.Contains(t, out, "in 4 shards")
	}
}
