package activities

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/batchmill/batchmill/activities/protocol"
	"github.com/batchmill/batchmill/activities/sharding"
	"github.com/batchmill/batchmill/jobs"
	"github.com/batchmill/batchmill/storage"
)

// seriesDoc is a job of the series "weekly".
func seriesDoc(name, redo string) object {
	env := shards(3)
	env["BATCHMILL_SERIES"] = "weekly"
	if redo != "" {
		env["BATCHMILL_SERIES_REDO"] = redo
	}
	doc := with(transformDoc("text/csv", env), "TransformJobName", name)
	doc["TransformOutput"] = object{"S3OutputPath": "s3://b/out/" + name + "/"}
	return doc
}

// taken lists the objects a committed job took.
func (s *shop) taken(t *testing.T, done protocol.Committed) []string {
	t.Helper()
	uri, err := storage.ParseURI(done.ManifestURI)
	require.NoError(t, err)
	m, err := sharding.ReadManifest(t.Context(), s.store, uri)
	require.NoError(t, err)
	names := []string{}
	for _, in := range m.Inputs {
		names = append(names, strings.TrimPrefix(in.URI, "s3://b/in/"))
	}
	return names
}

func newSeriesShop(t *testing.T) (*shop, func(name string)) {
	artifact, _ := reference(t, "california_missing")
	house := columns(californiaTest(t), 8)[1:]
	s := newShop(t, newStore())
	s.register("m", artifact)
	n := 0
	return s, func(name string) {
		n++
		s.put("s3://b/in/"+name, toCSV(t, house[10*n:10*n+10]))
	}
}

// TestSeries: each job takes what is new, an object that was written anew too; a backfill redoes a range.
func TestSeries(t *testing.T) {
	t.Parallel()
	s, add := newSeriesShop(t)
	run := func(name, redo string) []string {
		done, err := s.transform(seriesDoc(name, redo))
		require.NoError(t, err)
		s.verify(done)
		return s.taken(t, done)
	}
	add("day=1/a.csv")
	add("day=2/a.csv")
	require.Equal(t, []string{"day=1/a.csv", "day=2/a.csv"}, run("one", ""))
	add("day=3/a.csv")
	add("day=2/b.csv")
	require.Equal(t, []string{"day=2/b.csv", "day=3/a.csv"}, run("two", ""))
	require.Empty(t, run("three", ""))
	add("day=1/a.csv")
	require.Equal(t, []string{"day=1/a.csv"}, run("four", ""))
	require.Equal(t, []string{"day=2/a.csv", "day=2/b.csv", "day=3/a.csv"}, run("five", "day=2..day=3"))
	require.Empty(t, run("six", ""))
}

// TestSeriesRace: of two jobs that were planned from the same chain one commits; the other leaves nothing, and what it would have
// taken is taken once.
func TestSeriesRace(t *testing.T) {
	t.Parallel()
	s, add := newSeriesShop(t)
	add("a.csv")
	slow := jobOf(s, seriesDoc("slow", ""))
	planned, err := s.PlanTransform(t.Context(), slow)
	require.NoError(t, err)
	_, err = s.TransformShards(t.Context(), protocol.Range{Job: slow, PlanURI: planned.PlanURI, Digest: planned.Digest, To: planned.Shards})
	require.NoError(t, err)

	done, err := s.transform(seriesDoc("fast", ""))
	require.NoError(t, err)
	require.Equal(t, []string{"a.csv"}, s.taken(t, done))

	ref := protocol.PlanRef{Job: slow, Kind: jobs.TransformKind.Name, PlanURI: planned.PlanURI, Digest: planned.Digest, Shards: planned.Shards}
	for range 2 { // a retry loses as well
		_, err = s.Commit(t.Context(), ref)
		require.ErrorContains(t, err, `job "fast" took objects`)
		require.Equal(t, jobs.ClientError, classify(err))
	}
	committed, err := s.CleanUp(t.Context(), ref)
	require.NoError(t, err)
	require.False(t, committed)
	require.Empty(t, s.read("s3://b/out/slow/"))

	add("b.csv")
	done, err = s.transform(seriesDoc("next", ""))
	require.NoError(t, err)
	require.Equal(t, []string{"b.csv"}, s.taken(t, done))
}

// TestSeriesAfterFailure: a job that entered its series and then failed took nothing, and one planned behind it still has its place.
func TestSeriesAfterFailure(t *testing.T) {
	t.Parallel()
	s, add := newSeriesShop(t)
	add("a.csv")
	lost := jobOf(s, seriesDoc("lost", ""))
	planned, err := s.PlanTransform(t.Context(), lost)
	require.NoError(t, err)
	uri, err := storage.ParseURI(planned.PlanURI)
	require.NoError(t, err)
	head, digest, err := sharding.ReadHead(t.Context(), s.store, uri)
	require.NoError(t, err)
	plan, err := head.Lists(t.Context(), s.store)
	require.NoError(t, err)
	for range 2 { // entering again changes nothing
		require.NoError(t, s.claimSeries(t.Context(), plan, digest))
	}
	add("b.csv")
	done, err := s.transform(seriesDoc("behind", "")) // while the first is thought to commit
	require.NoError(t, err)
	require.Equal(t, []string{"b.csv"}, s.taken(t, done))

	ref := protocol.PlanRef{Job: lost, Kind: jobs.TransformKind.Name, PlanURI: planned.PlanURI, Digest: planned.Digest, Shards: planned.Shards}
	_, err = s.CleanUp(t.Context(), ref)
	require.NoError(t, err)
	require.ErrorContains(t, s.claimSeries(t.Context(), plan, digest), "cleaned up")
	done, err = s.transform(seriesDoc("next", ""))
	require.NoError(t, err)
	require.Equal(t, []string{"a.csv"}, s.taken(t, done))
}
