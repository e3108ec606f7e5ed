package sharding_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/batchmill/batchmill/activities/sharding"
	"github.com/batchmill/batchmill/dataset"
	"github.com/batchmill/batchmill/storage"
	"github.com/batchmill/batchmill/storage/memory"
	"github.com/stretchr/testify/require"
)

// committed is a store with a committed job's output.
func committed(t testing.TB, out dataset.Media) *memory.Store {
	t.Helper()
	j := job{media: csvMedia, out: out, unitBytes: 4 << 10}
	store := seeded(t, map[string][]byte{"a.csv": california(t, 300), "b.csv": california(t, 90)})
	require.NoError(t, j.run(t.Context(), store, 3))
	return store
}

func TestVerifySound(t *testing.T) {
	t.Parallel()
	for _, out := range []dataset.Media{csvMedia, parquetMedia, {Format: dataset.JSONLines}} {
		store := committed(t, out)
		var last, total int64
		report, err := sharding.Verify(t.Context(), store, sharding.ManifestURI(root), func(done, all int64) {
			require.Greater(t, done, last)
			last, total = done, all
		})
		require.NoError(t, err)
		require.Empty(t, report.Problems)
		require.True(t, report.OK())
		require.Equal(t, total, last)
		require.Equal(t, total, report.Bytes)
		require.EqualValues(t, 390, report.Rows)
		require.Equal(t, 4, report.Objects)
		require.Equal(t, "copy", report.Job)
	}
}

func TestVerifyFindsProblems(t *testing.T) {
	t.Parallel()
	a := outPath.Join("a.csv.out")
	for _, c := range []struct {
		name string
		harm func(t *testing.T, store storage.Store)
		want string // problems, one per line
	}{
		{"missing", func(t *testing.T, s storage.Store) { require.NoError(t, s.Delete(t.Context(), a)) },
			"s3://b/out/a.csv.out: missing: the manifest lists it, but it is not there"},
		{"cut short", func(t *testing.T, s storage.Store) { rewrite(t, s, a, func(b []byte) []byte { return b[:len(b)-1] }) },
			"s3://b/out/a.csv.out: size: 16894 bytes, the manifest says 16895"},
		{"one bit", func(t *testing.T, s storage.Store) {
			rewrite(t, s, a, func(b []byte) []byte { b[1000] ^= 1; return b })
		},
			"s3://b/out/a.csv.out: checksum: CRC-64/NVME "},
		{"rows", func(t *testing.T, s storage.Store) {
			editManifest(t, s, func(m *sharding.Manifest) { m.Outputs[0].Rows++ })
		}, "s3://b/out/a.csv.out: rows: 300 records, the manifest says 301"},
		{"not what it says", func(t *testing.T, s storage.Store) {
			editManifest(t, s, func(m *sharding.Manifest) { m.Outputs[0].ContentType = "application/x-parquet" })
		}, "s3://b/out/a.csv.out: rows: cannot be read: "},
		{"extra output", func(t *testing.T, s storage.Store) { put(t, s, outPath.Join("c/d.csv.out"), []byte("1\n")) },
			"s3://b/out/c/d.csv.out: extra: no manifest below s3://b/out/ lists it"},
		{"extra Parquet", func(t *testing.T, s storage.Store) { put(t, s, outPath.Join("p.out.parquet"), []byte("1\n")) },
			"s3://b/out/p.out.parquet: extra: no manifest below s3://b/out/ lists it"},
		{"left of staging", func(t *testing.T, s storage.Store) { put(t, s, sharding.FragmentURI(root, 3, "rows"), []byte("1\n")) },
			"s3://b/out/_batchmill/copy/staged/000/000003.rows: extra: left of the job's staging"},
		{"unlisted rejects", func(t *testing.T, s storage.Store) { put(t, s, root.Join("rejects/x.jsonl"), []byte("1\n")) },
			"s3://b/out/_batchmill/copy/rejects/x.jsonl: extra: the manifest does not list it"},
		{"several", func(t *testing.T, s storage.Store) {
			require.NoError(t, s.Delete(t.Context(), a))
			put(t, s, outPath.Join("z.out"), nil)
			put(t, s, outPath.Join("y.out"), nil)
		}, "s3://b/out/a.csv.out: missing: the manifest lists it, but it is not there\n" +
			"s3://b/out/y.out: extra: no manifest below s3://b/out/ lists it\n" +
			"s3://b/out/z.out: extra: no manifest below s3://b/out/ lists it"},
		{"not the job's place", func(t *testing.T, s storage.Store) {
			put(t, s, outPath.Join("README.md"), nil)
			put(t, s, root.Join("logs/0.log"), nil)
			put(t, s, outPath.Join("_batchmill/other/staged/000/000000.out"), nil)
		}, ""},
		{"another job's output", func(t *testing.T, s storage.Store) {
			for _, out := range []storage.URI{outPath, outPath.Join("deeper/")} {
				other := sharding.Manifest{Version: 1, Outputs: []sharding.ManifestOutput{{URI: out.Join("other.out").String()}}}
				data, err := json.Marshal(other)
				require.NoError(t, err)
				put(t, s, out.Join("_batchmill/other/manifest.json"), data)
				put(t, s, out.Join("other.out"), nil)
			}
		}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			store := committed(t, dataset.Media{Format: dataset.CSV})
			c.harm(t, store)
			report, err := sharding.Verify(t.Context(), store, sharding.ManifestURI(root), nil)
			require.NoError(t, err)
			var lines []string
			for _, p := range report.Problems {
				lines = append(lines, p.String())
			}
			got := strings.Join(lines, "\n")
			if strings.HasSuffix(c.want, " ") {
				require.True(t, strings.HasPrefix(got, c.want), got)
				return
			}
			require.Equal(t, c.want, got)
		})
	}
}

func rewrite(t testing.TB, s storage.Store, uri storage.URI, change func([]byte) []byte) {
	t.Helper()
	data, _, err := storage.ReadAll(t.Context(), s, uri)
	require.NoError(t, err)
	put(t, s, uri, change(bytes.Clone(data)))
}

func editManifest(t testing.TB, s storage.Store, change func(*sharding.Manifest)) {
	t.Helper()
	m, err := sharding.ReadManifest(t.Context(), s, sharding.ManifestURI(root))
	require.NoError(t, err)
	change(m)
	data, err := json.Marshal(m)
	require.NoError(t, err)
	put(t, s, sharding.ManifestURI(root), data)
}

func TestVerifyWithoutManifest(t *testing.T) {
	t.Parallel()
	_, err := sharding.Verify(t.Context(), memory.New(bucket), sharding.ManifestURI(root), nil)
	require.ErrorIs(t, err, storage.ErrNotFound)
	require.ErrorContains(t, err, sharding.ManifestURI(root).String())
}

// TestVerifyOfACopiedManifest: the listed objects are checked; nothing is known about what else may lie there.
func TestVerifyOfACopiedManifest(t *testing.T) {
	t.Parallel()
	store := committed(t, csvMedia)
	data, _, err := storage.ReadAll(t.Context(), store, sharding.ManifestURI(root))
	require.NoError(t, err)
	put(t, store, outPath.Join("extra.out"), nil)
	elsewhere := storage.URI{Bucket: bucket, Key: "kept/manifest.json"}
	put(t, store, elsewhere, data)
	report, err := sharding.Verify(t.Context(), store, elsewhere, nil)
	require.NoError(t, err)
	require.True(t, report.OK())
}

func ExampleReport() {
	r := sharding.Report{Problems: []sharding.Problem{{URI: "s3://demo/out/a.csv.out", Kind: sharding.Missing, Detail: "the manifest lists it, but it is not there"}}}
	fmt.Println(r.OK())
	fmt.Println(r.Problems[0])
	// Output:
	// false
	// s3://demo/out/a.csv.out: missing: the manifest lists it, but it is not there
}
