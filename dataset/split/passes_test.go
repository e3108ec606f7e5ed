package split_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/batchmill/batchmill/dataset/split"
	"github.com/batchmill/batchmill/internal/tabletest"
)

// TestThinnedSummariesGiveTheSameSplit: with room for few keys it takes more passes and comes to the same sides.
func TestThinnedSummariesGiveTheSameSplit(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		path     []string
		strategy split.Strategy
		column   string
	}{
		{[]string{"covertype", "covertype_train80.csv.gz"}, split.Stratified, "Cover_Type"},
		{[]string{"covertype", "covertype_train80.csv.gz"}, split.Time, "Elevation"},
		{[]string{"wine_quality", "wine_quality.csv"}, split.Time, "quality"}, // 7 instants, many repeated rows
		{[]string{"ett_h1", "ETTh1.csv"}, split.Time, "date"},
	} {
		t.Run(tc.path[0]+"/"+tc.column, func(t *testing.T) {
			t.Parallel()
			table := tabletest.Load(t, tc.path...)
			options := split.Options{Column: tc.column, Fractions: fractions, Seed: 11}
			exact, err := split.New(tc.strategy, options)
			require.NoError(t, err)
			want, decision := run(t, exact, table, pieces(table.Rows, 2, 8, 1), 1)
			require.Equal(t, 1, decision.Pass)
			for _, keys := range []int{2 * split.LeastKept, 1000} {
				thin, err := split.New(tc.strategy, options)
				require.NoError(t, err)
				thin.KeepKeys(keys)
				got, decision := run(t, thin, table, pieces(table.Rows, 2, 8, 1), uint64(keys))
				require.Greater(t, decision.Pass, 1)
				require.Equal(t, want, got)
				t.Logf("%d keys: %d passes", keys, decision.Pass)
			}
		})
	}
}

func TestDecodeRejectsDamage(t *testing.T) {
	t.Parallel()
	for _, data := range summaries(t) {
		for n := range min(len(data), 400) {
			var s split.Summary
			require.Error(t, s.UnmarshalBinary(data[:n]), "first %d bytes", n)
		}
		var s split.Summary
		require.Error(t, s.UnmarshalBinary(append(data[:len(data):len(data)], 0)))
	}
}

func FuzzUnmarshal(f *testing.F) {
	for _, data := range summaries(f) {
		f.Add(data[:min(len(data), 2000)])
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var s split.Summary
		if s.UnmarshalBinary(data) == nil {
			again, err := s.MarshalBinary()
			require.NoError(t, err)
			var back split.Summary
			require.NoError(t, back.UnmarshalBinary(again))
		}
	})
}

func summaries(t testing.TB) [][]byte {
	table := tabletest.New([]string{"kind", "value"}, [][]string{{"a", "1"}, {"b", "2"}, {"a", "3"}, {"", "4"}})
	var all [][]byte
	for strategy, column := range map[split.Strategy]string{split.Stratified: "kind", split.Time: "value"} {
		s, err := split.New(strategy, split.Options{Column: column, Fractions: fractions})
		require.NoError(t, err)
		c, err := s.Scan(table.Schema, nil)
		require.NoError(t, err)
		require.NoError(t, c.Observe(table.Batch([]int{0, 1, 2, 3}), 0, 0))
		data, err := c.Summary().MarshalBinary()
		require.NoError(t, err)
		all = append(all, data)
	}
	return all
}
