package sharding

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/batchmill/batchmill/dataset"
	"github.com/batchmill/batchmill/jobs"
	"github.com/batchmill/batchmill/storage"
	"github.com/batchmill/batchmill/storage/faulty"
	memstore "github.com/batchmill/batchmill/storage/memory"
	"github.com/stretchr/testify/require"
)

var pagedRoot = storage.URI{Bucket: "b", Key: "out/_batchmill/paged/"}

// pagedPlan has as many inputs, every tenth of them cut into two shards, each other one a shard of its own.
func pagedPlan(owner string, inputs int) *Plan {
	p := &Plan{Head: Head{Kind: jobs.TransformKind.Name, Job: "paged", Owner: owner, Params: json.RawMessage(`{"A":1}`)}}
	units := make([][]dataset.Unit, inputs)
	for i := range inputs {
		p.Inputs = append(p.Inputs, Input{URI: fmt.Sprintf("s3://b/in/%d", i), Size: 9, ETag: "e"})
		p.Outputs = append(p.Outputs, Output{URI: fmt.Sprintf("s3://b/out/%d", i), Input: i, Fragment: "out", Format: Lines})
		units[i] = []dataset.Unit{{Bytes: 5, Rows: 2}}
		if i%10 == 0 {
			units[i] = append(units[i], dataset.Unit{Index: 1, Bytes: 4, Rows: 1, FirstRow: 2})
		}
	}
	p.Cut(units, 0, 8)
	return p
}

// TestPlanInPages: a plan that is written in pages reads back the same, in any range of shards, from the pages of that range alone.
func TestPlanInPages(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	for _, inputs := range []int{3, 200, 1000, 5000} {
		store := faulty.New(memstore.New("b"))
		want := pagedPlan("me", inputs)
		_, sum, err := WritePlan(ctx, store, pagedRoot, want)
		require.NoError(t, err)
		head, again, err := ReadHead(ctx, store, PlanURI(pagedRoot))
		require.NoError(t, err)
		require.Equal(t, sum, again)
		require.Equal(t, len(want.Shards), head.ShardCount)
		got, err := head.Lists(ctx, store)
		require.NoError(t, err)
		require.Equal(t, want.Inputs, got.Inputs)
		require.Equal(t, want.Outputs, got.Outputs)
		n := len(want.Shards)
		for _, r := range [][2]int{{0, n}, {0, 0}, {n, n}, {0, 1}, {n - 1, n}, {n / 2, min(n, n/2+64)}, {min(n, 255), min(n, 257)}} {
			store.Log().Reset()
			shards, err := head.ReadShards(ctx, store, r[0], r[1])
			require.NoError(t, err)
			require.Equal(t, len(want.Shards[r[0]:r[1]]), len(shards))
			for i, s := range shards {
				require.Equal(t, want.Shards[r[0]+i], s)
			}
			require.LessOrEqual(t, len(store.Log().Entries()), (r[1]-r[0]+pageShards-1)/pageShards+1, "pages read")
		}
		_, err = head.ReadShards(ctx, store, n, n+1)
		require.ErrorContains(t, err, "do not exist")
	}
}

// TestPageOfUnits: shards of very many units make pages of few shards.
func TestPageOfUnits(t *testing.T) {
	t.Parallel()
	shards := make([]Shard, 10)
	for i := range shards {
		shards[i].Runs = []Run{{Units: make([]dataset.Unit, 1500)}}
	}
	shards[4].Runs[0].Units = make([]dataset.Unit, 2*pageItems)
	require.Equal(t, []int{0, 2, 4, 5, 7, 9}, shardBounds(shards))
}

// TestPagesOfRacingPlanners: whoever's head is stored, its pages are those it names, and nothing is left of the others.
func TestPagesOfRacingPlanners(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	store := memstore.New("b")
	first, sum, err := WritePlan(ctx, store, pagedRoot, pagedPlan("me", 900))
	require.NoError(t, err)
	second, again, err := WritePlan(ctx, store, pagedRoot, pagedPlan("me", 901)) // the input has grown meanwhile
	require.NoError(t, err)
	require.Equal(t, sum, again)
	require.Equal(t, first, second)
	shards, err := second.ReadShards(ctx, store, 0, second.ShardCount)
	require.NoError(t, err)
	require.Len(t, shards, 990)

	other, _, err := WritePlan(ctx, store, pagedRoot, pagedPlan("another run", 700))
	require.NoError(t, err)
	require.Equal(t, 770, other.ShardCount)
	require.Len(t, keys(t, store), 1+1+1+4, "the head, inputs, outputs, shards of the last run alone")
	require.NoError(t, RemovePages(ctx, store, pagedRoot, "me"))
	require.Len(t, keys(t, store), 7)
	require.NoError(t, RemovePages(ctx, store, pagedRoot, "another run"))
	require.Len(t, keys(t, store), 1)
}

// TestPlannerKilled kills a planner at each of its writes: it, or the next run of the name, plans again, or nothing is left.
func TestPlannerKilled(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	whole := memstore.New("b")
	want, sum, err := WritePlan(ctx, whole, pagedRoot, pagedPlan("me", 900))
	require.NoError(t, err)
	for n := range len(keys(t, whole)) {
		for _, kill := range []func(int) faulty.Rule{faulty.CrashAfter, faulty.CrashIn} {
			store := memstore.New("b")
			_, _, err := WritePlan(ctx, faulty.New(store, kill(n)), pagedRoot, pagedPlan("me", 900))
			require.ErrorIs(t, err, faulty.ErrCrashed)
			if _, _, err := ReadHead(ctx, store, PlanURI(pagedRoot)); err != nil {
				require.ErrorIs(t, err, storage.ErrNotFound)
				other := memstore.New("b")
				_, _, err := WritePlan(ctx, faulty.New(other, kill(n)), pagedRoot, pagedPlan("me", 900))
				require.ErrorIs(t, err, faulty.ErrCrashed)
				require.NoError(t, RemovePages(ctx, other, pagedRoot, "me"))
				require.Empty(t, keys(t, other))
			}
			got, again, err := WritePlan(ctx, store, pagedRoot, pagedPlan("me", 900))
			require.NoError(t, err)
			require.Equal(t, sum, again)
			require.Equal(t, want, got)
			require.Equal(t, keys(t, whole), keys(t, store))
		}
	}
}

// TestPageChanges: a page that is not what the head says is refused by name.
func TestPageChanges(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	store := memstore.New("b")
	head, _, err := WritePlan(ctx, store, pagedRoot, pagedPlan("me", 900))
	require.NoError(t, err)
	for _, key := range keys(t, store) {
		if strings.Contains(key, listShards+"-000000") {
			_, err := storage.WriteAll(ctx, store, storage.URI{Bucket: "b", Key: key}, []byte(`{"Shards":[]}`), storage.PutOptions{})
			require.NoError(t, err)
		}
	}
	_, err = head.ReadShards(ctx, store, 0, 1)
	require.ErrorContains(t, err, "was changed while the job was running")
	_, err = head.ReadShards(ctx, store, 300, 400)
	require.NoError(t, err)
}

func keys(t testing.TB, store storage.Store) (all []string) {
	t.Helper()
	require.NoError(t, store.List(context.Background(), storage.URI{Bucket: "b"}, func(info storage.Info) error {
		all = append(all, info.URI.Key)
		return nil
	}))
	return all
}
