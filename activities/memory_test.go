package activities

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/batchmill/batchmill/activities/budget"
	"github.com/batchmill/batchmill/activities/protocol"
	"github.com/batchmill/batchmill/jobs"
)

// bounded has the shop's shards share a budget, and returns what was out of it at most: when several pieces of work ran, when one did.
func (s *shop) bounded(bytes int64) (together, alone *budget.State) {
	together, alone = new(budget.State), new(budget.State)
	s.budget = budget.New(bytes, func(now budget.State) {
		most := alone
		if now.Works > 1 {
			most = together
		}
		most.Taken, most.Kept, most.Works = max(most.Taken, now.Taken), max(most.Kept, now.Kept), max(most.Works, now.Works)
	})
	s.models.budget = s.budget
	return together, alone
}

// transformAtOnce runs a transform with all its shards at once.
func (s *shop) transformAtOnce(doc object) {
	s.Helper()
	job := jobOf(s, doc)
	planned, err := s.PlanTransform(s.Context(), job)
	require.NoError(s, err)
	var g errgroup.Group
	for i := range planned.Shards {
		g.Go(func() error {
			_, err := s.TransformShards(s.Context(), protocol.Range{Job: job, PlanURI: planned.PlanURI, Digest: planned.Digest, From: i, To: i + 1})
			return err
		})
	}
	require.NoError(s, g.Wait())
	done, err := s.Commit(s.Context(), protocol.PlanRef{Job: job, Kind: jobs.TransformKind.Name, PlanURI: planned.PlanURI, Digest: planned.Digest, Shards: planned.Shards})
	require.NoError(s, err)
	s.verify(done)
}

// TestOutputDoesNotDependOnMemory: whatever the worker's memory is, the output is the same bytes, and the shards that are in work at once
// keep to it, one alone being let through where it is larger.
func TestOutputDoesNotDependOnMemory(t *testing.T) {
	t.Parallel()
	artifact, _ := reference(t, "california_missing")
	rows := columns(california(t), 8)
	inputs := map[string]struct {
		contentType string
		data        []byte
	}{
		"csv":     {"text/csv;header=present", toCSV(t, rows)},
		"parquet": {"application/x-parquet", toParquet(t, rows, 700)},
	}
	for name, in := range inputs {
		for _, join := range []string{"None", "Input"} {
			t.Run(name+" join "+join, func(t *testing.T) {
				t.Parallel()
				run := func(setUp func(*shop)) map[string]string {
					s := newShop(t, newStore())
					s.units = 40 << 10
					setUp(s)
					s.register("m", artifact)
					s.put("s3://b/in/t."+name, in.data)
					doc := transformDoc(in.contentType, shards(30))
					doc["DataProcessing"] = object{"JoinSource": join}
					s.transformAtOnce(doc)
					return s.read("s3://b/out/")
				}
				want := run(func(*shop) {})
				for _, bytes := range []int64{1, 300 << 10, 1 << 20, 64 << 20} {
					var together, alone *budget.State
					sameObjects(t, want, run(func(s *shop) {
						together, alone = s.bounded(bytes)
						if bytes == 64<<20 { // beside other work
							_, err := s.budget.Take(t.Context(), 1)
							require.NoError(t, err)
						}
					}))
					require.LessOrEqual(t, together.Taken, bytes)
					require.Positive(t, alone.Kept+together.Kept, "the model takes memory, too")
					if bytes == 1 {
						require.Zero(t, together.Works)
						require.Greater(t, alone.Taken, bytes)
					}
					if bytes == 64<<20 {
						require.Positive(t, together.Works)
						require.EqualValues(t, 1, alone.Taken, "all other work ran beside it")
					}
				}
			})
		}
	}
}

// TestSplitKeepsToMemory: splits share the budget, too.
func TestSplitKeepsToMemory(t *testing.T) {
	t.Parallel()
	var want map[string]string
	for _, bytes := range []int64{0, 1, 1 << 20} {
		s := newShop(t, newStore())
		var alone *budget.State
		if bytes > 0 {
			_, alone = s.bounded(bytes)
		}
		s.put("s3://b/in/t.csv", toCSV(t, california(t)))
		_, err := s.split(splitDoc("text/csv;header=present", object{"Type": "Stratified", "Column": "ocean_proximity", "Seed": 1}, 5))
		require.NoError(t, err)
		got := s.read("s3://b/out/")
		if want == nil {
			want = got
		}
		sameObjects(t, want, got)
		if bytes > 0 {
			require.Positive(t, alone.Taken)
		}
	}
}

// TestModelsShareTheBudget: models that would take more than half of it make room for one another.
func TestModelsShareTheBudget(t *testing.T) {
	t.Parallel()
	c := &modelCache{budget: budget.New(100, nil)}
	load := func(i int, bytes int64) {
		key := fmt.Sprint(i)
		l, mine := c.enter(key)
		require.True(t, mine)
		l.bytes = bytes
		c.keep(key, l)
	}
	for i, want := range []struct{ bytes, kept int64 }{{20, 20}, {20, 40}, {10, 50}, {20, 50}, {70, 70}, {5, 5}, {1, 6}, {1, 7}, {1, 8}, {1, 4}} {
		load(i, want.bytes)
		require.Equal(t, want.kept, c.bytes, i)
	}
	require.Len(t, c.loaded, modelsKept)
	late, _ := c.enter("late")
	for i := range modelsKept {
		load(100+i, 1)
	}
	c.keep("late", late) // out of the cache before it was loaded
	require.EqualValues(t, modelsKept, c.bytes)
}
