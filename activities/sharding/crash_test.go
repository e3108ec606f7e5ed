package sharding_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/batchmill/batchmill/activities/sharding"
	"github.com/batchmill/batchmill/storage"
	"github.com/batchmill/batchmill/storage/faulty"
	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write golden files anew")

// groupedJob has small inputs that share shards beside one that is cut, and one without rows.
func groupedJob(t testing.TB, out string) (job, map[string][]byte) {
	t.Helper()
	j, inputs := crashJob(t, out)
	inputs["0.csv"], inputs["empty.csv"] = california(t, 7), nil
	for i := range 4 {
		inputs[fmt.Sprintf("small-%d.csv", i)] = california(t, 5+i)
	}
	return j, inputs
}

// crashJobs are the jobs that are killed at each of their steps.
var crashJobs = map[string]func(testing.TB, string) (job, map[string][]byte){"cut": crashJob, "grouped": groupedJob}

// crashJob is small enough to be killed at each of its steps, and has outputs of every kind.
func crashJob(t testing.TB, out string) (job, map[string][]byte) {
	t.Helper()
	j := job{media: csvMedia, out: csvMedia, unitBytes: 4 << 10}
	if out == "parquet" {
		j.out = parquetMedia
	}
	return j, map[string][]byte{"a.csv": california(t, 300), "b.csv": california(t, 90)}
}

const crashShards = 5

// kills are the ways a process dies around its n-th write: before it, or with its answer lost.
var kills = map[string]func(n int) faulty.Rule{"before": faulty.CrashAfter, "in": faulty.CrashIn}

// visible checks what a reader may see at any time: with a manifest, all it lists with those very bytes.
func visible(t testing.TB, store storage.Store, msg string) {
	t.Helper()
	m, err := sharding.ReadManifest(t.Context(), store, sharding.ManifestURI(root))
	require.NoError(t, err)
	if m == nil {
		return
	}
	for _, o := range m.Outputs {
		uri, err := storage.ParseURI(o.URI)
		require.NoError(t, err)
		data, _, err := storage.ReadAll(t.Context(), store, uri)
		require.NoError(t, err, msg)
		require.EqualValues(t, o.Bytes, len(data), msg)
		require.EqualValues(t, o.CRC64NVME, storage.CRC64(data), msg)
	}
}

// TestKilledAnywhereAndResumed kills the process at each write and starts it again: the end is that of an undisturbed run.
func TestKilledAnywhereAndResumed(t *testing.T) {
	t.Parallel()
	for name, make := range crashJobs {
		for _, out := range []string{"csv", "parquet"} {
			for kind, kill := range kills {
				t.Run(name+"/"+out+"/"+kind, func(t *testing.T) {
					t.Parallel()
					j, inputs := make(t, out)
					resumeAfterEachKill(t, j, inputs, kill)
				})
			}
		}
	}
}

func resumeAfterEachKill(t *testing.T, j job, inputs map[string][]byte, kill func(int) faulty.Rule) {
	undisturbed := seeded(t, inputs)
	require.NoError(t, j.run(t.Context(), undisturbed, crashShards))
	want := contents(t, undisturbed, outPath)
	for n := 0; ; n++ {
		msg := fmt.Sprintf("killed at write %d", n)
		store := seeded(t, inputs)
		s := faulty.New(store, kill(n))
		err := j.run(t.Context(), s, crashShards)
		visible(t, store, msg)
		if err == nil {
			require.Greater(t, n, 20)
			return
		}
		require.ErrorIs(t, err, faulty.ErrCrashed, msg)
		require.NoError(t, j.run(t.Context(), store, crashShards), msg)
		sameContents(t, want, contents(t, store, outPath), msg)
	}
}

// TestCommitGoesOnBehindItsCursor: a second attempt does not write the outputs again that the first one has assembled.
func TestCommitGoesOnBehindItsCursor(t *testing.T) {
	t.Parallel()
	j, inputs := crashJob(t, "parquet")
	undisturbed := seeded(t, inputs)
	require.NoError(t, j.run(t.Context(), undisturbed, crashShards))

	store := seeded(t, inputs)
	p, digest, err := j.plan(t.Context(), store, crashShards)
	require.NoError(t, err)
	for i := range p.Shards {
		require.NoError(t, j.shard(t.Context(), store, p, digest, i))
	}
	s := faulty.New(store, faulty.MustParse("compose s3://b/out/notes.jsonl before crash")...)
	cursor := 0
	opt := sharding.CommitOptions{Literal: list, Assembled: func(n int) { cursor = n }}
	_, err = sharding.Commit(t.Context(), s, root, opt)
	require.ErrorIs(t, err, faulty.ErrCrashed)
	require.Equal(t, 2, cursor)
	s.Heal()
	s.Log().Reset()
	opt.From = cursor
	_, err = sharding.Commit(t.Context(), s, root, opt)
	require.NoError(t, err)
	require.Equal(t, 1, strings.Count(s.Log().String(), "compose "), s.Log().String())
	sameContents(t, contents(t, undisturbed, outPath), contents(t, store, outPath), "resumed")
}

// TestJobLog keeps the operations of whole undisturbed jobs as text, so that a change in their number or order is seen. Reads
// between two writes have no order, so they are sorted, and counted where they are the same. Run with -update to write it anew.
func TestJobLog(t *testing.T) {
	t.Parallel()
	for name, make := range crashJobs {
		j, inputs := make(t, "parquet")
		s := faulty.New(seeded(t, inputs))
		p, digest, err := j.plan(t.Context(), s, crashShards)
		require.NoError(t, err)
		for i := range p.Shards {
			require.NoError(t, j.attempt(t.Context(), s, p, digest, i))
		}
		_, err = j.commit(t.Context(), s)
		require.NoError(t, err)
		golden(t, name+".log", sorted(s.Log().Entries()))
	}
}

// sorted is a log with the reads between two writes in order of name.
func sorted(entries []faulty.Entry) string {
	var b strings.Builder
	reads := map[string]int{}
	flush := func() {
		for _, line := range slices.Sorted(maps.Keys(reads)) {
			b.WriteString(line)
			if n := reads[line]; n > 1 {
				fmt.Fprintf(&b, " (%d times)", n)
			}
			b.WriteByte('\n')
		}
		clear(reads)
	}
	for _, e := range entries {
		if !e.Op.Mutates() {
			reads[e.String()]++
			continue
		}
		flush()
		b.WriteString(e.String() + "\n")
	}
	flush()
	return b.String()
}

func golden(t testing.TB, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		require.NoError(t, os.WriteFile(path, []byte(got), 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(want), got)
}

// TestKilledAnywhereAndRolledBack kills the process at each write and then gives up: nothing of the job is left, and what
// others had at the output path and the job never came to is untouched. A job that had committed is said to have.
func TestKilledAnywhereAndRolledBack(t *testing.T) {
	t.Parallel()
	others := map[string]string{
		"out/b.csv.out":                      "an earlier job's, at the place of one of ours",
		"out/other.csv.out":                  "an earlier job's",
		"out/_batchmill/other/manifest.json": `{"Version": 1, "Job": "an earlier job"}`,
		"out/_batchmill/copy2/plan.json":     "of a job whose name begins with ours",
	}
	for kind, kill := range kills {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			j, inputs := groupedJob(t, "csv")
			for n := 0; ; n++ {
				msg := fmt.Sprintf("killed at write %d", n)
				store := seeded(t, inputs)
				for key, text := range others {
					put(t, store, storage.URI{Bucket: bucket, Key: key}, []byte(text))
				}
				s := faulty.New(store, kill(n))
				err := j.run(t.Context(), s, crashShards)
				if err == nil {
					break
				}
				m, err := sharding.ReadManifest(t.Context(), store, sharding.ManifestURI(root))
				require.NoError(t, err)
				overwritten := contents(t, store, outPath)["out/b.csv.out"] != others["out/b.csv.out"]
				rollBackUntilDone(t, store, msg, m != nil)
				if m != nil {
					visible(t, store, msg)
					report, err := sharding.Verify(t.Context(), store, sharding.ManifestURI(root), nil)
					require.NoError(t, err, msg)
					require.Equal(t, "s3://b/out/other.csv.out: extra: no manifest below s3://b/out/ lists it", fmt.Sprint(report.Problems[0]), msg)
					require.Len(t, report.Problems, 1, msg)
					continue
				}
				want := map[string]string{}
				for key, text := range others {
					if key != "out/b.csv.out" || !overwritten {
						want[key] = text
					}
				}
				sameContents(t, want, contents(t, store, outPath), msg)
			}
		})
	}
}

// rollBackUntilDone kills the rollback, too, at each of its writes.
func rollBackUntilDone(t testing.TB, store storage.Store, msg string, committed bool) {
	t.Helper()
	for n := 0; ; n++ {
		got, err := sharding.Rollback(t.Context(), faulty.New(store, faulty.CrashAfter(1)), root)
		if err == nil {
			require.Equal(t, committed, got, msg)
			return
		}
		require.ErrorIs(t, err, faulty.ErrCrashed, msg)
		require.Less(t, n, 100, msg)
	}
}

// TestPlanIsRemovedLast: as long as anything of a job is left, so is its plan, which says whose it is.
func TestPlanIsRemovedLast(t *testing.T) {
	t.Parallel()
	j, inputs := crashJob(t, "csv")
	for _, roll := range []bool{true, false} {
		s := faulty.New(seeded(t, inputs))
		p, digest, err := j.plan(t.Context(), s, crashShards)
		require.NoError(t, err)
		for i := range p.Shards {
			require.NoError(t, j.shard(t.Context(), s, p, digest, i))
		}
		s.Log().Reset()
		if roll {
			_, err = sharding.Rollback(t.Context(), s, root)
		} else {
			_, err = j.commit(t.Context(), s)
		}
		require.NoError(t, err)
		entries := s.Log().Entries()
		last := entries[len(entries)-1]
		require.Equal(t, faulty.Delete, last.Op)
		require.Equal(t, sharding.PlanURI(root), last.URI)
	}
}

// TestRefusedCommitShowsNothing: Check is asked before anything is visible.
func TestRefusedCommitShowsNothing(t *testing.T) {
	t.Parallel()
	j, inputs := crashJob(t, "csv")
	store := seeded(t, inputs)
	p, digest, err := j.plan(t.Context(), store, crashShards)
	require.NoError(t, err)
	for i := range p.Shards {
		require.NoError(t, j.shard(t.Context(), store, p, digest, i))
	}
	before := contents(t, store, outPath)
	refused := errors.New("too many")
	_, err = sharding.Commit(t.Context(), store, root, sharding.CommitOptions{Literal: list, Check: func(rows, rejected int64) error {
		require.EqualValues(t, 390, rows)
		require.Zero(t, rejected)
		return refused
	}})
	require.ErrorIs(t, err, refused)
	sameContents(t, before, contents(t, store, outPath), "refused")
}

// TestCancelledCommit: a commit that is cancelled between any two writes can be resumed or rolled back.
func TestCancelledCommit(t *testing.T) {
	t.Parallel()
	j, inputs := groupedJob(t, "csv")
	undisturbed := seeded(t, inputs)
	require.NoError(t, j.run(t.Context(), undisturbed, crashShards))
	want := contents(t, undisturbed, outPath)
	for n := 1; ; n++ {
		store := seeded(t, inputs)
		ctx, cancel := context.WithCancel(t.Context())
		s := faulty.New(store, faulty.Rule{Op: faulty.Write, From: n, To: n, Before: true, Hook: func(context.Context, faulty.Call) error {
			cancel()
			return nil
		}})
		err := j.run(ctx, s, crashShards)
		cancel()
		if err == nil {
			break
		}
		require.ErrorIs(t, err, context.Canceled)
		visible(t, store, fmt.Sprint("cancelled at write ", n))
		require.NoError(t, j.run(t.Context(), store, crashShards))
		sameContents(t, want, contents(t, store, outPath), fmt.Sprint("cancelled at write ", n))
	}
}
