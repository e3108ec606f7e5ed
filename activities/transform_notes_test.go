package activities

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/batchmill/batchmill/storage"
)

// TestJournal: what is kept of a job's shards adds up to its output, names why records were rejected, and holds the predictions that
// XGBoost makes, whatever the number of shards.
func TestJournal(t *testing.T) {
	t.Parallel()
	artifact, want := reference(t, "california_missing")
	text := lines(string(toCSV(t, columns(californiaTest(t), 8)[1:])))
	text[10], text[2000] = "1,2,3", "-122,37,many,1,1,1,1,1"
	want = append(append(append([]float64(nil), want[:10]...), want[11:2000]...), want[2001:]...)
	for _, n := range []int{1, 17} {
		s := newShop(t, newStore())
		s.units = 4 << 10
		s.register("m", artifact)
		s.put("s3://b/in/a.csv", []byte(strings.Join(text, "\n")+"\n"))
		env := shards(n)
		env["BATCHMILL_MAX_REJECTED_RECORDS"] = "2"
		state := storage.URI{Bucket: "state"}
		_, err := ReadJournal(t.Context(), s.store, state, "s3://b/out/", "score")
		require.ErrorIs(t, err, ErrNoJournal)
		_, err = s.transform(transformDoc("text/csv", env))
		require.NoError(t, err)

		j, err := ReadJournal(t.Context(), s.store, state, "s3://b/out/", "score")
		require.NoError(t, err)
		require.Equal(t, n, j.Shards)
		require.Len(t, j.Slowest, n)
		require.EqualValues(t, len(text), j.Rows)
		require.EqualValues(t, 2, j.Rejected)
		require.Equal(t, "s3://b/in/a.csv", j.Slowest[0].Object)
		require.Len(t, j.Rejects, 2)
		places := map[string]string{}
		for _, r := range j.Rejects {
			require.NotContains(t, r.Reason, "many", "values do not tell reasons apart")
			places[r.First] = r.Column
		}
		require.Equal(t, map[string]string{"s3://b/in/a.csv line 11": "", "s3://b/in/a.csv line 2001": "column 3"}, places)
		require.Len(t, j.Values, 1)
		v := j.Values[0]
		require.EqualValues(t, len(want), v.Count)
		var sum float64
		for _, p := range want {
			sum += p
		}
		require.InEpsilon(t, sum/float64(len(want)), v.Mean(), 1e-5)
	}
}
