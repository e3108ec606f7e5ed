package sharding_test

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"strings"
	"testing"
	"time"

	"github.com/batchmill/batchmill/activities/sharding"
	"github.com/batchmill/batchmill/storage"
	"github.com/batchmill/batchmill/storage/faulty"
	"github.com/batchmill/batchmill/storage/memory"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"
)

var manyShards = flag.Int("shards", 600, "shards of TestManyShards; make soak-shards has 100,000")

// TestManyShards cuts tables into shards of one row each and tells what planning, doing and committing them takes. The manifest, and
// with it every output's checksum, is that of few shards.
func TestManyShards(t *testing.T) {
	header, rows, _ := bytes.Cut(california(t, 0), []byte("\n"))
	lines := bytes.SplitAfter(rows, []byte("\n"))
	lines = lines[:len(lines)-1]
	each := map[string][]byte{}
	table := append(bytes.Clone(header), '\n')
	for i := range *manyShards {
		line := lines[i%len(lines)]
		table = append(table, line...)
		each[fmt.Sprintf("%06d.csv", i)] = bytes.Join([][]byte{header, line}, []byte("\n"))
	}
	for _, inputs := range []map[string][]byte{{"all.csv": table}, each} {
		t.Logf("%d objects", len(inputs))
		j := job{media: csvMedia, out: csvMedia, unitBytes: 1}
		p, many := j.timed(t, inputs, *manyShards)
		require.Equal(t, *manyShards, p.ShardCount)
		require.EqualValues(t, *manyShards, many.Rows)
		_, few := j.timed(t, inputs, 17)
		require.True(t, fmt.Sprint(few) == fmt.Sprint(many), "manifests differ")
	}
}

// TestCommitOfManyKilled kills the commit of a plan of several pages at each of its writes before it removes what was staged, and
// starts it again.
func TestCommitOfManyKilled(t *testing.T) {
	t.Parallel()
	const shards = 300
	ctx := t.Context()
	j := job{media: csvMedia, out: csvMedia, unitBytes: 1}
	staged := seeded(t, map[string][]byte{"a.csv": california(t, shards)})
	p, digest, err := j.plan(ctx, staged, shards)
	require.NoError(t, err)
	require.NoError(t, j.ranges(ctx, staged, &p.Head, digest))
	all := contents(t, staged, storage.URI{Bucket: bucket})
	undisturbed := filled(t, all)
	_, err = j.commit(ctx, undisturbed)
	require.NoError(t, err)
	want := contents(t, undisturbed, outPath)
	for _, kill := range kills {
		for n := range 12 {
			msg := fmt.Sprintf("killed at write %d", n)
			store := filled(t, all)
			_, err := j.commit(ctx, faulty.New(store, kill(n)))
			require.ErrorIs(t, err, faulty.ErrCrashed, msg)
			visible(t, store, msg)
			_, err = j.commit(ctx, store)
			require.NoError(t, err, msg)
			sameContents(t, want, contents(t, store, outPath), msg)
		}
	}
}

// filled is a store with those objects.
func filled(t testing.TB, objects map[string]string) *memory.Store {
	store := memory.New(bucket)
	for key, data := range objects {
		put(t, store, storage.URI{Bucket: bucket, Key: key}, []byte(data))
	}
	return store
}

// TestReceiptsAreReadOnce: a commit that is started again needs a request for each page of receipts, not for each receipt.
func TestReceiptsAreReadOnce(t *testing.T) {
	t.Parallel()
	const shards = 300
	ctx := t.Context()
	j := job{media: csvMedia, out: csvMedia, unitBytes: 1}
	store := seeded(t, map[string][]byte{"a.csv": california(t, shards)})
	p, digest, err := j.plan(ctx, store, shards)
	require.NoError(t, err)
	require.NoError(t, j.ranges(ctx, store, &p.Head, digest))
	reads := func(rule string) (n int) {
		s := faulty.New(store, faulty.MustParse(rule)...)
		_, err := j.commit(ctx, s)
		require.ErrorIs(t, err, faulty.ErrCrashed)
		for _, e := range s.Log().Entries() {
			if e.Op == faulty.Get && strings.Contains(e.URI.Key, "/receipts/") && e.Outcome == "ok" {
				n++
			}
		}
		return n
	}
	require.Equal(t, shards, reads("put s3://b/out/_batchmill/copy/before-commit.json before crash"))
	require.Equal(t, 2, reads("put s3://b/out/_batchmill/copy/before-commit.json before crash"))
}

// timed runs a job and logs how long each step took and how much memory it took at most beside what the store holds.
func (j job) timed(t *testing.T, inputs map[string][]byte, shards int) (*sharding.Head, *sharding.Manifest) {
	t.Helper()
	ctx := t.Context()
	store := seeded(t, inputs)
	var head *sharding.Head
	var digest string
	step := func(name string, do func() error) {
		took, peak := measured(do, t)
		t.Logf("%6d shards: %-6s %8.2f s, heap +%d MiB", shards, name, took.Seconds(), peak>>20)
	}
	step("plan", func() (err error) {
		if _, digest, err = j.plan(ctx, store, shards); err != nil {
			return err
		}
		head, _, err = sharding.ReadHead(ctx, store, sharding.PlanURI(root))
		return err
	})
	step("shards", func() error { return j.ranges(ctx, store, head, digest) })
	var m *sharding.Manifest
	step("commit", func() (err error) {
		m, err = sharding.Commit(ctx, store, root, sharding.CommitOptions{Literal: list, Parallel: 16})
		return err
	})
	left := 0
	require.NoError(t, store.List(ctx, root, func(storage.Info) error { left++; return nil }))
	require.Equal(t, 1, left, "the manifest alone")
	return head, m
}

// ranges does all shards in ranges, as activities do, on two workers.
func (j job) ranges(ctx context.Context, store storage.Store, head *sharding.Head, digest string) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(2)
	per := sharding.PerTask(head.ShardCount)
	for from := 0; from < head.ShardCount; from += per {
		g.Go(func() error {
			shards, err := head.ReadShards(ctx, store, from, min(from+per, head.ShardCount))
			if err != nil {
				return err
			}
			for i, shard := range shards {
				if err := j.do(ctx, store, head.Params, shard, digest, from+i); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return g.Wait()
}

// gcPercent keeps little garbage beside what the store holds, so that what is live is known often.
const gcPercent = 10

// measured runs do and samples the live heap meanwhile; the peak is what came on top of what was live before.
func measured(do func() error, t *testing.T) (took time.Duration, peak uint64) {
	t.Helper()
	defer debug.SetGCPercent(debug.SetGCPercent(gcPercent))
	runtime.GC()
	sample := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(sample)
	before := sample[0].Value.Uint64()
	done, sampled := make(chan struct{}), make(chan uint64)
	go func() {
		most := before
		for tick := time.NewTicker(5 * time.Millisecond); ; {
			metrics.Read(sample)
			most = max(most, sample[0].Value.Uint64())
			select {
			case <-done:
				tick.Stop()
				sampled <- most
				return
			case <-tick.C:
			}
		}
	}()
	start := time.Now()
	err := do()
	took = time.Since(start)
	close(done)
	most := <-sampled
	require.NoError(t, err)
	return took, most - before
}
