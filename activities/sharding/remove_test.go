package sharding

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/batchmill/batchmill/storage"
	"github.com/batchmill/batchmill/storage/faulty"
	memstore "github.com/batchmill/batchmill/storage/memory"
)

// TestRemoveMany: thousands of objects go in batches, what is kept stays, and a removal that failed leaves the plan, which says whose the
// rest is.
func TestRemoveMany(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	const many = 3*removeBatch + 7
	store := memstore.New("b")
	put := func(uri storage.URI) {
		_, err := storage.WriteAll(ctx, store, uri, []byte("x"), storage.PutOptions{})
		require.NoError(t, err)
	}
	for i := range many {
		put(FragmentURI(pagedRoot, i, "out"))
	}
	put(PlanURI(pagedRoot))
	put(pagedRoot.Join("kept"))
	remove := func(s storage.Store) error {
		return removeUnder(ctx, s, pagedRoot, func(rel string) bool { return rel == "kept" })
	}
	broken := faulty.New(store, faulty.Rule{Op: faulty.Delete, From: removeBatch + 1, Before: true})
	require.ErrorIs(t, remove(broken), faulty.ErrInjected)
	left := keys(t, store)
	// The failure ends the removals at work beside it, each before its next object.
	require.GreaterOrEqual(t, len(left), many+2-removeBatch)
	require.Less(t, len(left), many+2-removeBatch+removeParallel)
	require.Contains(t, left, PlanURI(pagedRoot).Key)
	require.NoError(t, remove(store))
	require.Equal(t, []string{pagedRoot.Join("kept").Key}, keys(t, store))
}

// TestUndoManyOutputs: of many outputs' places a rollback clears those that its job's commit has written, wherever they lie.
func TestUndoManyOutputs(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	store := memstore.New("b", "capture")
	plan := &Plan{}
	put := func(uri storage.URI, content string) {
		_, err := storage.WriteAll(ctx, store, uri, []byte(content), storage.PutOptions{})
		require.NoError(t, err)
	}
	const outputs = 2 * fewListed
	var want []string
	for i := range outputs {
		uri := storage.URI{Bucket: "b", Key: fmt.Sprintf("out/%03d.out", i)}
		if i%2 == 0 {
			uri = storage.URI{Bucket: "capture", Key: fmt.Sprintf("lists/%03d", i)}
		}
		plan.Outputs = append(plan.Outputs, Output{URI: uri.String()})
		if i%3 == 0 { // an earlier job's
			put(uri, "old")
		}
	}
	require.NoError(t, noteBefore(ctx, store, pagedRoot, plan))
	for i, out := range plan.Outputs {
		uri, err := storage.ParseURI(out.URI)
		require.NoError(t, err)
		switch {
		case i < outputs/2:
			put(uri, "new")
		case i%3 == 0:
			want = append(want, uri.Key)
		}
	}
	committed, err := Rollback(ctx, store, pagedRoot)
	require.NoError(t, err)
	require.False(t, committed)
	var left []string
	for _, bucket := range []string{"b", "capture"} {
		require.NoError(t, store.List(ctx, storage.URI{Bucket: bucket}, func(i storage.Info) error {
			left = append(left, i.URI.Key)
			return nil
		}))
	}
	require.ElementsMatch(t, want, left)
}
