package e2e_test

import (
	"flag"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/batchmill/batchmill/activities/protocol"
	"github.com/batchmill/batchmill/client"
	"github.com/batchmill/batchmill/jobs"
)

// manyShards is small in the ordinary test: `make soak-stop` and `make soak-shards` have more.
var manyShards = flag.Int("shards", 300, "shards of TestStopOfManyShards and TestManyShards")

const (
	rowsOfShard = 5
	stopWithin  = 5 * time.Second
	// Temporal asks for a new run from 4,096 events on; then the ranges that are out come back.
	mostEvents = 5000
	aLongJob   = 3 * time.Hour
)

// TestStopOfManyShards: a stop is answered, and nothing is left of the job, soon after, however many shards there are, whether
// few or most of them are done.
func TestStopOfManyShards(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	s.worker(t)
	s.worker(t)
	m := s.many(t, *manyShards, rowsOfShard)
	for _, percent := range []int{5, 60} {
		name := fmt.Sprintf("stopped-at-%d", percent)
		job := s.begin(t, jobs.TransformKind, m.transform(name))
		done := m.reach(t, job, percent)
		asked := time.Now()
		require.NoError(t, job.Stop(t.Context()))
		await(t, "an answer", func() bool { return status(t, job) != "InProgress" })
		answered := time.Since(asked)
		_, failed := fail[jobs.TransformJobDescription](t, job)
		stopped := time.Since(asked)
		require.Equal(t, "Stopped", failed.Status)
		s.requireNothingVisible(t, m.out(name))
		awaitFor(t, aLongJob, "nothing staged", func() bool { return len(s.list(t, m.out(name))) == 0 })
		t.Logf("%d shards, %d of them done: Stopping after %.2f s, Stopped after %.2f s, nothing staged after %.2f s",
			m.shards, done, answered.Seconds(), stopped.Seconds(), time.Since(asked).Seconds())
		if given("shards") {
			require.Less(t, answered, stopWithin)
			require.Less(t, stopped, stopWithin)
		}
	}
}

// status is what the job's description says.
func status(t *testing.T, job *client.Job) string {
	t.Helper()
	d, err := job.Describe(t.Context())
	require.NoError(t, err)
	status, _ := client.Status(job.Kind, d)
	return status
}

// reach waits until so many percent of the shards are done, for as long as it takes, and returns how many are.
func (m *many) reach(t *testing.T, job *client.Job, percent int) (done int) {
	t.Helper()
	awaitFor(t, aLongJob, "shards", func() bool {
		require.Equal(t, "InProgress", status(t, job))
		if p, err := job.Progress(t.Context()); err == nil && p.Shards != nil {
			done = p.Shards.Done
		}
		return 100*done >= percent*m.shards
	})
	return done
}

// TestManyShards: a job of many shards goes through on a real server: every row, short histories. With -v it tells what it took.
func TestManyShards(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	s.worker(t)
	s.worker(t)
	m := s.many(t, *manyShards, rowsOfShard)
	memory := s.watchMemory(t)
	begun := time.Now()
	job := s.begin(t, jobs.TransformKind, m.transform("whole"))
	said := time.Now()
	d := m.complete(t, job, func(p jobs.Progress) {
		memory.sample()
		if time.Since(said) > 30*time.Second && p.Shards != nil {
			said = time.Now()
			t.Logf("%.0f s: %s, %d of %d shards", time.Since(begun).Seconds(), p.Stage, p.Shards.Done, p.Shards.Total)
		}
	})
	memory.sample()
	took := time.Since(begun)
	rows := m.requireWhole(t, "whole")
	require.EqualValues(t, rows, d.Progress.Rows)
	require.Zero(t, d.Progress.Rejected)
	s.cli(t, "verify", "--inputs", d.Manifest).ok(t)
	runs := s.runs(t, job)
	var lengths []int64
	for _, r := range runs {
		lengths = append(lengths, r.events)
		require.LessOrEqual(t, r.events, int64(mostEvents))
	}
	first, last := runs[0], runs[len(runs)-1]
	t.Logf("%d shards, %d rows, %.1f s: plan %.1f s, commit %.1f s, %.0f shards/s in all", m.shards, rows, took.Seconds(),
		first.took[protocol.PlanTransform].Seconds(), last.took[protocol.Commit].Seconds(), float64(m.shards)/took.Seconds())
	t.Logf("%d runs of the workflow, of %v events", len(runs), lengths)
	for _, name := range slices.Sorted(maps.Keys(memory.sizes)) {
		t.Logf("%s: at most %v MiB in each fifth of the time", name, memory.parts(name, 5))
	}
}
