package sharding

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/batchmill/batchmill/storage"
	"github.com/batchmill/batchmill/storage/faulty"
	memstore "github.com/batchmill/batchmill/storage/memory"
)

// TestLook: what stands at many outputs' places is found by a listing, or one by one beside too many other objects; either way the same.
func TestLook(t *testing.T) {
	t.Parallel()
	const outputs = 200
	for name, c := range map[string]struct{ strangers, stats, lists int }{
		"alone":          {0, 0, 1},
		"with some":      {100, 0, 1},
		"among too many": {outputs*mostStrangers + 1, outputs, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inner := memstore.New("b")
			put := func(key string) string {
				info, err := storage.WriteAll(t.Context(), inner, storage.URI{Bucket: "b", Key: key}, []byte(key), storage.PutOptions{})
				require.NoError(t, err)
				return info.ETag
			}
			want, list := before{}, []Output{}
			for i := range outputs {
				key := fmt.Sprintf("out/day=%d/%03d.out", i%3, i)
				if i%2 == 0 {
					want["s3://b/"+key] = put(key)
				} else {
					want["s3://b/"+key] = ""
				}
				list = append(list, Output{URI: "s3://b/" + key})
			}
			for i := range c.strangers {
				put(fmt.Sprintf("out/day=0/%06d", i))
			}
			put("other/x")
			store := faulty.New(inner)
			got, err := look(t.Context(), store, list)
			require.NoError(t, err)
			require.Equal(t, want, got)
			calls := map[faulty.Op]int{}
			for _, e := range store.Log().Entries() {
				calls[e.Op]++
			}
			require.Equal(t, c.stats, calls[faulty.Stat])
			require.Equal(t, c.lists, calls[faulty.List])
		})
	}
}

// TestVerifyInputs: inputs that were removed or replaced, and counts that do not add up, are told.
func TestVerifyInputs(t *testing.T) {
	t.Parallel()
	store := memstore.New("b")
	m := &Manifest{Kind: "TransformJob", Rows: 30, Rejected: 1, Outputs: []ManifestOutput{{Rows: 29}, {Rows: 1}}}
	for _, key := range []string{"a", "b", "c"} {
		info, err := storage.WriteAll(t.Context(), store, storage.URI{Bucket: "b", Key: key}, []byte(key), storage.PutOptions{})
		require.NoError(t, err)
		m.Inputs = append(m.Inputs, ManifestInput{URI: info.URI.String(), ETag: info.ETag, Size: 1, Rows: 10})
	}
	at := storage.URI{Bucket: "b", Key: "out/_batchmill/j/manifest.json"}
	check := func() (found []string) {
		problems, err := VerifyInputs(t.Context(), store, m, at)
		require.NoError(t, err)
		for _, p := range problems {
			found = append(found, string(p.Kind)+" "+p.URI)
		}
		return found
	}
	require.Empty(t, check())
	m.Outputs[0].Rows = 30 // rejected records keep their place
	require.Empty(t, check())
	require.NoError(t, store.Delete(t.Context(), storage.URI{Bucket: "b", Key: "a"}))
	_, err := storage.WriteAll(t.Context(), store, storage.URI{Bucket: "b", Key: "c"}, []byte("C"), storage.PutOptions{})
	require.NoError(t, err)
	m.Inputs[1].Rows, m.Outputs[0].Rows = 9, 28
	require.Equal(t, []string{"input s3://b/a", "input s3://b/c", "sums " + at.String(), "sums " + at.String()}, check())
}
