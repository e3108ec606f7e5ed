package e2e_test

import (
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/batchmill/batchmill/client"
	"github.com/batchmill/batchmill/jobs"
)

// Both are short and fixed in the ordinary test; `make soak-transform` takes its time.
var (
	soakFor  = flag.Duration("for", 8*time.Second, "how long TestSoakTransform disturbs transforms")
	soakSeed = flag.Uint64("seed", 1, "of how TestSoakTransform disturbs transforms")
)

const (
	soakShards = 50 // of a job for each second of the time, but no more than in soakJob
	soakJob    = time.Minute
	soakRows   = 400  // of a shard
	soakShare  = 0.05 // of the requests to the store get into trouble
)

// TestSoakTransform: transforms run one after the other while workers are killed, leave and join, the Temporal server dies and comes back,
// and the store answers 503 or resets connections. Each row comes out once, in its place, with the prediction of an undisturbed run.
// With -v it tells what happened.
func TestSoakTransform(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	s.ownS3(t)
	calm := s.worker(t)
	m := s.many(t, int(soakShards*min(*soakFor, soakJob).Seconds()), soakRows)
	calm.stop()
	store := &unreliable{share: soakShare, rng: rand.New(rand.NewPCG(*soakSeed, 0))}
	s.before(t, store.over)
	begun := time.Now()
	d := s.disturb(t, *soakSeed, *soakFor)
	shards, rows, count := 0, 0, 0
	for ; count == 0 || d.over.Err() == nil; count++ {
		name := fmt.Sprintf("soak-%d", count)
		said := time.Now()
		done := m.complete(t, m.start(t, name), func(p jobs.Progress) {
			if time.Since(said) > 20*time.Second && p.Shards != nil {
				said = time.Now()
				t.Logf("%4.0f s: %s %s, %d of %d shards; %d requests, %d answered 503, %d reset", time.Since(begun).Seconds(), name, p.Stage,
					p.Shards.Done, p.Shards.Total, store.requests.Load(), store.busy.Load(), store.resets())
			}
		})
		require.Zero(t, done.Progress.Rejected)
		n := m.requireWhole(t, name)
		require.EqualValues(t, n, done.Progress.Rows)
		s.cli(t, "verify", "--inputs", done.Manifest).ok(t)
		shards, rows = shards+m.shards, rows+n
	}
	took := time.Since(begun)
	d.all.Wait()
	require.Positive(t, d.kills+d.leaves)
	require.Equal(t, serverRestarts, d.servers)
	require.Positive(t, store.busy.Load())
	require.Positive(t, store.resets())
	for _, line := range []struct {
		what  string
		count int64
	}{
		{"seconds", int64(took.Seconds())},
		{"jobs", int64(count)},
		{"shards", int64(shards)},
		{"receipts stored again", store.receipts.Load() - int64(shards)},
		{"rows", int64(rows)},
		{"workers killed", int64(d.kills)},
		{"workers that left", int64(d.leaves)},
		{"restarts of the Temporal server", int64(d.servers)},
		{"requests to the store", store.requests.Load()},
		{"answered 503", store.busy.Load()},
		{"reset before they were heard", store.refused.Load()},
		{"reset after they were heard", store.unheard.Load()},
		{"reset in mid-answer", store.cut.Load()},
		{"rows missing, twice, out of place or wrong", 0},
	} {
		t.Logf("| %s | %d |", line.what, line.count)
	}
}

// start begins a job, also while the server is away.
func (m *many) start(t *testing.T, name string) *client.Job {
	t.Helper()
	var job *client.Job
	var err error
	late := poll(patience, func() bool {
		job, err = m.s.Start(t.Context(), jobs.TransformKind, text(t, m.transform(name)))
		var mine *jobs.InUseError // the answer to an earlier attempt was lost
		if errors.As(err, &mine) {
			job, err = m.s.Job(jobs.TransformKind, name), nil
		}
		return err == nil
	}, nil)
	require.NoError(t, late, "%v", err)
	return job
}
