package activities

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/testsuite"

	"github.com/batchmill/batchmill/activities/protocol"
	"github.com/batchmill/batchmill/jobs"
	"github.com/batchmill/batchmill/storage"
	"github.com/batchmill/batchmill/storage/faulty"
)

// scored is a transform of two objects whose shards are done.
func scored(t testing.TB, s *shop, env object) protocol.PlanRef {
	t.Helper()
	artifact, _ := reference(t, "california_missing")
	rows := columns(californiaTest(t), 8)[1:]
	s.register("m", artifact)
	s.put("s3://b/in/a.csv", toCSV(t, rows[:500]))
	s.put("s3://b/in/b.csv", toCSV(t, rows[500:900]))
	ref := s.planOf(jobs.TransformKind, transformDoc("text/csv", env))
	require.NoError(t, s.workOf(jobs.TransformKind, ref))
	return ref
}

// TestCommitGoesOn: a retry begins behind the last output that a heartbeat has told of.
func TestCommitGoesOn(t *testing.T) {
	t.Parallel()
	calm := newShop(t, newStore())
	_, err := calm.Commit(t.Context(), scored(t, calm, nil))
	require.NoError(t, err)

	// Outputs are assembled side by side, so that the first is there and the second is not takes both, and one taken away.
	store := faulty.New(newStore(), faulty.MustParse("put s3://b/out/_batchmill/score/manifest.json before crash")...)
	s := newShop(t, store)
	ref := scored(t, s, nil)
	_, err = s.Commit(t.Context(), ref)
	require.ErrorIs(t, err, faulty.ErrCrashed)
	store.Heal()
	require.NoError(t, store.Delete(t.Context(), storage.URI{Bucket: "b", Key: "out/b.csv.out"}))
	store.Log().Reset()
	env := new(testsuite.WorkflowTestSuite).NewTestActivityEnvironment()
	env.RegisterActivityWithOptions(guard(s.Commit), activity.RegisterOptions{Name: protocol.Commit})
	env.SetHeartbeatDetails(protocol.Beat{Stage: "commit", Cursor: 1})
	value, err := env.ExecuteActivity(protocol.Commit, ref)
	require.NoError(t, err)
	var done protocol.Committed
	require.NoError(t, value.Get(&done))
	require.EqualValues(t, 900, done.Rows)
	require.Equal(t, 2, done.Objects)
	for _, e := range store.Log().Entries() {
		require.False(t, e.Op == faulty.Compose && e.URI.Key == "out/a.csv.out", "assembled twice")
	}
	s.verify(done)
	sameObjects(t, calm.read("s3://b/out/"), s.read("s3://b/out/"))

	again, err := s.Commit(t.Context(), ref)
	require.NoError(t, err, "an answer that was lost can be asked for again")
	require.Equal(t, done, again)
}

// TestCleanUp: what it removes, and what it must not.
func TestCleanUp(t *testing.T) {
	t.Parallel()
	t.Run("committed", func(t *testing.T) {
		t.Parallel()
		s := newShop(t, newStore())
		ref := scored(t, s, nil)
		_, err := s.Commit(t.Context(), ref)
		require.NoError(t, err)
		want := s.read("s3://b/out/")
		committed, err := s.CleanUp(t.Context(), ref)
		require.NoError(t, err)
		require.True(t, committed)
		sameObjects(t, want, s.read("s3://b/out/"))
	})
	t.Run("before the commit", func(t *testing.T) {
		t.Parallel()
		s := newShop(t, newStore())
		ref := scored(t, s, nil)
		s.put("s3://b/out/mine.txt", nil)
		committed, err := s.CleanUp(t.Context(), ref)
		require.NoError(t, err)
		require.False(t, committed)
		require.Equal(t, map[string]string{"out/mine.txt": ""}, s.read("s3://b/out/"))
	})
	t.Run("of a run that never planned", func(t *testing.T) {
		t.Parallel()
		s := newShop(t, newStore())
		ref := scored(t, s, nil)
		want := s.read("s3://b/out/")
		ref.Digest, ref.PlanURI = "", ""
		env := new(testsuite.WorkflowTestSuite).NewTestActivityEnvironment() // a run of its own
		env.RegisterActivityWithOptions(guard(s.CleanUp), activity.RegisterOptions{Name: protocol.CleanUp})
		value, err := env.ExecuteActivity(protocol.CleanUp, ref)
		require.NoError(t, err)
		var committed bool
		require.NoError(t, value.Get(&committed))
		require.False(t, committed)
		sameObjects(t, want, s.read("s3://b/out/"))
	})
	t.Run("nowhere", func(t *testing.T) {
		t.Parallel()
		s := newShop(t, newStore())
		doc := transformDoc("text/csv", nil)
		doc["TransformOutput"] = object{"S3OutputPath": "s3://nowhere/out/"}
		ref := protocol.PlanRef{Kind: jobs.TransformKind.Name, Job: jobOf(s, doc), Digest: "of a plan that is gone"}
		for range 2 {
			committed, err := s.CleanUp(t.Context(), ref)
			require.NoError(t, err)
			require.False(t, committed)
			ref.Digest = ""
		}
	})
}

// TestKeepStaging: plan, fragments and receipts stay where the document asks for it, with the same output.
func TestKeepStaging(t *testing.T) {
	t.Parallel()
	s := newShop(t, newStore())
	_, err := s.Commit(t.Context(), scored(t, s, object{"BATCHMILL_KEEP_STAGING": "true"}))
	require.NoError(t, err)
	got := s.read("s3://b/out/")
	require.Contains(t, got, "out/_batchmill/score/plan.json")
	require.Contains(t, got, "out/_batchmill/score/staged/000/000000.out")
	calm := newShop(t, newStore())
	_, err = calm.Commit(t.Context(), scored(t, calm, nil))
	require.NoError(t, err)
	for key, data := range calm.read("s3://b/out/") {
		require.Equal(t, data, got[key])
	}
}
