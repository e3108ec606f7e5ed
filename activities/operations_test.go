package activities

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/batchmill/batchmill/storage"
	"github.com/batchmill/batchmill/storage/faulty"
)

// TestOperationsOfTinyObjects counts what a transform of 128 objects of four rows asks of the store: what an object costs by
// itself must be seen to change.
func TestOperationsOfTinyObjects(t *testing.T) {
	t.Parallel()
	const objects, each = 128, 4
	artifact, _ := reference(t, "california_missing")
	rows := californiaTest(t)
	for _, c := range []struct {
		name string
		env  object
		want []string
	}{
		{"two shards", nil, []string{
			"compose out 128", "delete job 2", "delete receipts 2", "delete staged 2", "get in 256", "get job 3", "get receipts 4", "get staged 2",
			"list in 1", "list job 1", "list out 1", "put job 3", "put journal 1", "put receipts 2", "put staged 2", "stat job 2",
		}},
		{"a shard for each", shards(objects), []string{
			"compose out 128", "delete job 2", "delete receipts 128", "delete staged 128", "get in 256", "get job 3", "get receipts 256",
			"list in 1", "list job 1", "list out 1", "put job 3", "put journal 1", "put receipts 128", "put staged 128", "stat job 2",
		}},
	} {
		store := faulty.New(newStore())
		s := newShop(t, store)
		s.register("m", artifact)
		for i := range objects {
			part := append(slices.Clone(rows[:1]), rows[1+i*each:1+(i+1)*each]...)
			s.put(fmt.Sprintf("s3://b/in/%03d.parquet", i), toParquet(t, columns(part, 8), each))
		}
		store.Log().Reset()
		done, err := s.transform(transformDoc("application/x-parquet", c.env))
		require.NoError(t, err)
		require.EqualValues(t, objects*each, done.Rows)
		require.Equal(t, c.want, operations(store.Log().Entries()), c.name)
	}
}

// operations counts a log's entries by operation and place: the input, the job's own folder and what lies in it, and the output.
func operations(entries []faulty.Entry) []string {
	counts := map[string]int{}
	for _, e := range entries {
		if place := placeOf(e.URI); place != "" {
			counts[string(e.Op)+" "+place]++
		}
	}
	var lines []string
	for _, key := range slices.Sorted(maps.Keys(counts)) {
		lines = append(lines, fmt.Sprintf("%s %d", key, counts[key]))
	}
	return lines
}

// placeOf is empty for the model.
func placeOf(uri storage.URI) string {
	own, inJob := strings.CutPrefix(uri.Key, "out/_batchmill/score/")
	folder, _, inFolder := strings.Cut(own, "/")
	switch {
	case inJob && inFolder && folder != "rejects":
		return folder
	case inJob && !inFolder:
		return "job"
	case uri.Bucket == "state" && strings.HasPrefix(uri.Key, "journals/"):
		return "journal"
	case strings.HasPrefix(uri.Key, "in/"):
		return "in"
	case strings.HasPrefix(uri.Key, "out/"):
		return "out"
	}
	return ""
}
