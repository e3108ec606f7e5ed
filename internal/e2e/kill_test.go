package e2e_test

import (
	"bytes"
	"os"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/batchmill/batchmill/jobs"
	"github.com/batchmill/batchmill/storage"
)

// longTraining is a training that takes seconds: a checkpoint after each of many rounds.
func (s *stack) longTraining(t *testing.T, name string, rounds int) object {
	t.Helper()
	b := s.bucket(t, "kill")
	train, test := readTable(t, "california_housing", "california_train80.csv").sides()
	content := "text/csv;header=present;label=median_house_value"
	if len(s.list(t, b+"train/")) == 0 {
		s.put(t, b+"train/train.csv", train.csv(t))
		s.put(t, b+"validation/validation.csv", test.csv(t))
	}
	return trainDocument(name, map[string]string{
		"objective": "reg:squarederror", "num_round": strconv.Itoa(rounds), "eta": "0.05", "max_depth": "6", "subsample": "0.7", "seed": "3",
	}, b+"models/", channel("train", content, b+"train/"), channel("validation", content, b+"validation/"))
}

// requireSameModel compares two trainings' artifacts without printing them.
func (s *stack) requireSameModel(t *testing.T, one, other string) {
	t.Helper()
	a, b := s.get(t, "s3://kill/models/"+one+"/output/model.tar.gz"), s.get(t, "s3://kill/models/"+other+"/output/model.tar.gz")
	require.True(t, bytes.Equal(a, b), "%s and %s: %d and %d trees", one, other, trees(t, a), trees(t, b))
}

// checkpointed tells after how many rounds the job's newest checkpoint was taken; 0 without one.
func (s *stack) checkpointed(t *testing.T, name string) int {
	t.Helper()
	newest := 0
	for _, key := range s.list(t, "s3://kill/models/_batchmill/"+name+"/checkpoints/") {
		n, err := strconv.Atoi(key[strings.LastIndexByte(key, '.')+1:])
		require.NoError(t, err)
		newest = max(newest, n)
	}
	return newest
}

var roundOfLine = regexp.MustCompile(`\[(\d+)\]`)

// requireEachRoundOnce checks a training log: every round has one line, in order.
func requireEachRoundOnce(t *testing.T, log string, rounds int) {
	t.Helper()
	lines := strings.Split(strings.TrimSpace(log), "\n")
	require.Len(t, lines, rounds)
	for i, line := range lines {
		m := roundOfLine.FindStringSubmatch(line)
		require.NotNil(t, m, line)
		require.Equal(t, strconv.Itoa(i), m[1])
	}
}

func (s *stack) trainingLog(t *testing.T, name string) string {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, s.Job(jobs.TrainingKind, name).Logs(t.Context(), &b))
	return b.String()
}

// TestWorkerKilledInTraining: the job goes on from the checkpoint on another worker and leaves the same model.
func TestWorkerKilledInTraining(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	first := s.worker(t)
	const rounds = 250
	s.train(t, s.longTraining(t, "undisturbed", rounds))
	doc := setting(s.longTraining(t, "killed", rounds), "BATCHMILL_CHECKPOINT_SECONDS", "0")
	job := s.begin(t, jobs.TrainingKind, doc)
	await(t, "checkpoint", func() bool { return s.checkpointed(t, "killed") >= 20 })
	first.kill()
	reached := s.checkpointed(t, "killed")
	require.Less(t, reached, rounds, "killed in the middle")
	begun := s.modified(t, "s3://kill/models/_batchmill/killed/logs/")
	s.worker(t)
	finish[jobs.TrainingJobDescription](t, job)
	s.requireSameModel(t, "undisturbed", "killed")
	requireEachRoundOnce(t, s.trainingLog(t, "killed"), rounds)
	require.Equal(t, s.trainingLog(t, "undisturbed"), s.trainingLog(t, "killed"))
	ended := s.modified(t, "s3://kill/models/_batchmill/killed/logs/")
	for key, at := range begun {
		if n, err := strconv.Atoi(strings.TrimSuffix(key[strings.LastIndexByte(key, '/')+1:], ".log")); err == nil && n < reached {
			require.Equal(t, at, ended[key], "round %d, of %d in the checkpoint, was not trained again", n, reached)
		}
	}
	require.Empty(t, s.list(t, "s3://kill/models/_batchmill/killed/checkpoints/"))
}

// TestWorkerStopped: a worker that is told to end (Ctrl-C, a rolling update) hands its training over.
func TestWorkerStopped(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	first := s.worker(t)
	s.train(t, s.longTraining(t, "undisturbed", 250))
	job := s.begin(t, jobs.TrainingKind, setting(s.longTraining(t, "handed-over", 250), "BATCHMILL_CHECKPOINT_SECONDS", "0"))
	await(t, "checkpoint", func() bool { return s.checkpointed(t, "handed-over") >= 20 })
	first.stop()
	require.Equal(t, 0, first.code)
	require.Less(t, s.checkpointed(t, "handed-over"), 250, "stopped in the middle")
	s.worker(t)
	finish[jobs.TrainingJobDescription](t, job)
	s.requireSameModel(t, "undisturbed", "handed-over")
	requireEachRoundOnce(t, s.trainingLog(t, "handed-over"), 250)
}

// TestZombieWorker: a worker stands still until the server gives it up, and wakes while another one does its work.
func TestZombieWorker(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	first := s.worker(t)
	const rounds = 500
	s.train(t, s.longTraining(t, "undisturbed", rounds))
	job := s.begin(t, jobs.TrainingKind, setting(s.longTraining(t, "zombie", rounds), "BATCHMILL_CHECKPOINT_SECONDS", "0"))
	await(t, "checkpoint", func() bool { return s.checkpointed(t, "zombie") >= 10 })
	require.NoError(t, first.cmd.Process.Signal(syscall.SIGSTOP))
	stood := s.checkpointed(t, "zombie")
	s.worker(t)
	await(t, "the other worker", func() bool { return s.checkpointed(t, "zombie") > stood+5 })
	require.NoError(t, first.cmd.Process.Signal(syscall.SIGCONT))
	finish[jobs.TrainingJobDescription](t, job)
	s.requireSameModel(t, "undisturbed", "zombie")
	requireEachRoundOnce(t, s.trainingLog(t, "zombie"), rounds)
}

// modified tells when each object below a prefix was written.
func (s *stack) modified(t *testing.T, prefix string) map[string]time.Time {
	t.Helper()
	at := map[string]time.Time{}
	require.NoError(t, s.Store().List(t.Context(), uri(t, prefix), func(i storage.Info) error {
		at[i.URI.Key] = i.ModTime
		return nil
	}))
	return at
}

// TestWorkerKilledInTransform: shards that are done stay done; the bytes are those of the undisturbed run.
func TestWorkerKilledInTransform(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	first := s.worker(t, "--concurrency", "1")
	c := s.covertype(t)
	s.transform(t, c.transform("undisturbed"))
	want := s.output(t, c, "undisturbed")
	job := s.begin(t, jobs.TransformKind, setting(c.transform("killed"), "BATCHMILL_SHARDS", "1000"))
	receipts := c.path + "out-killed/_batchmill/killed/receipts/"
	await(t, "receipts", func() bool { return len(s.list(t, receipts)) > 3 })
	first.kill()
	done := s.list(t, receipts)
	require.Less(t, len(done), 51, "killed in the middle")
	require.Len(t, s.list(t, c.path+"out-killed/day"), 0, "nothing is visible before the commit")
	s.worker(t)
	d := finish[jobs.TransformJobDescription](t, job)
	requireSame(t, want, s.output(t, c, "killed"), "after the kill")
	s.cli(t, "verify", d.Manifest).ok(t)
}

// TestTemporalKilled: the Temporal server dies, takes the stack down, and is started again on the same folder; the worker
// that knew it works on.
func TestTemporalKilled(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	s.worker(t)
	s.train(t, s.longTraining(t, "undisturbed", 150))
	job := s.begin(t, jobs.TrainingKind, setting(s.longTraining(t, "killed", 150), "BATCHMILL_CHECKPOINT_SECONDS", "0"))
	await(t, "checkpoint", func() bool { return s.checkpointed(t, "killed") >= 10 })
	require.NoError(t, s.dev.child(t, "_temporal").Kill())
	<-s.dev.ended
	<-time.After(12 * time.Second) // the outage itself: long enough that the server gives the running attempt up
	require.Equal(t, 1, s.dev.code, "the stack says that a server died")
	log, err := os.ReadFile(s.dev.log)
	require.NoError(t, err)
	require.Contains(t, string(log), "temporal")
	s.restart(t)
	finish[jobs.TrainingJobDescription](t, job)
	s.requireSameModel(t, "undisturbed", "killed")
}

// TestTemporalSilent: the Temporal server stands still for 15 s, while the store answers. The attempt that the server gave
// up meanwhile is not taken for a stopped one: its rounds so far are not the model.
func TestTemporalSilent(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	s.worker(t)
	s.train(t, s.longTraining(t, "undisturbed", 400))
	job := s.begin(t, jobs.TrainingKind, setting(s.longTraining(t, "silent", 400), "BATCHMILL_CHECKPOINT_SECONDS", "0"))
	await(t, "checkpoint", func() bool { return s.checkpointed(t, "silent") >= 10 })
	server := s.dev.child(t, "_temporal")
	require.NoError(t, server.Signal(syscall.SIGSTOP))
	<-time.After(15 * time.Second) // the outage itself, not a wait for something
	require.NoError(t, server.Signal(syscall.SIGCONT))
	finish[jobs.TrainingJobDescription](t, job)
	s.requireSameModel(t, "undisturbed", "silent")
}

// TestStackKilled: the whole stack gets SIGKILL in the middle of a transform and is started again on the same folder.
func TestStackKilled(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	s.worker(t, "--concurrency", "1")
	c := s.covertype(t)
	s.transform(t, c.transform("undisturbed"))
	job := s.begin(t, jobs.TransformKind, setting(c.transform("killed"), "BATCHMILL_SHARDS", "1000"))
	await(t, "receipts", func() bool { return len(s.list(t, c.path+"out-killed/_batchmill/killed/receipts/")) > 3 })
	s.dev.kill()
	s.restart(t)
	finish[jobs.TransformJobDescription](t, job)
	requireSame(t, s.output(t, c, "undisturbed"), s.output(t, c, "killed"), "after the kill")
}

// TestS3Silent: the S3 server answers nothing for 20 s, as in a network that lost its way.
func TestS3Silent(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	s.worker(t, "--concurrency", "1")
	c := s.covertype(t)
	s.transform(t, c.transform("undisturbed"))
	job := s.begin(t, jobs.TransformKind, setting(c.transform("silent"), "BATCHMILL_SHARDS", "1000"))
	await(t, "receipts", func() bool { return len(s.list(t, c.path+"out-silent/_batchmill/silent/receipts/")) > 3 })
	server := s.dev.child(t, "_s3")
	require.NoError(t, server.Signal(syscall.SIGSTOP))
	<-time.After(20 * time.Second) // the outage itself, not a wait for something
	require.NoError(t, server.Signal(syscall.SIGCONT))
	finish[jobs.TransformJobDescription](t, job)
	requireSame(t, s.output(t, c, "undisturbed"), s.output(t, c, "silent"), "after the silence")
}

// TestS3Down: an S3 server of its own (`batchmill s3`) is killed in the middle of a transform and back after 20 s; meanwhile
// connections are refused.
func TestS3Down(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	server := s.ownS3(t)
	s.worker(t, "--concurrency", "1")
	c := s.covertype(t)
	s.transform(t, c.transform("undisturbed"))
	job := s.begin(t, jobs.TransformKind, setting(c.transform("down"), "BATCHMILL_SHARDS", "1000"))
	await(t, "receipts", func() bool { return len(s.list(t, c.path+"out-down/_batchmill/down/receipts/")) > 3 })
	server.kill()
	<-time.After(20 * time.Second) // the outage itself, not a wait for something
	s.ownS3(t)
	finish[jobs.TransformJobDescription](t, job)
	requireSame(t, s.output(t, c, "undisturbed"), s.output(t, c, "down"), "after the outage")
}
