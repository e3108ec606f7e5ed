package profile_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/batchmill/batchmill/dataset/profile"
	"github.com/batchmill/batchmill/internal/tabletest"
)

// BenchmarkObserve profiles real tables: numbers of few values (covertype), of many (california_housing), text (adult).
func BenchmarkObserve(b *testing.B) {
	for _, path := range [][]string{{"covertype", "covertype_train80.csv.gz"}, {"california_housing", "california_train80.csv"}, {"adult", "adult_train80.csv.gz"}} {
		b.Run(path[0], func(b *testing.B) {
			table := tabletest.Load(b, path...)
			rows := make([]int, min(table.Rows, 8192))
			for i := range rows {
				rows[i] = i
			}
			batch := table.Batch(rows)
			p := profile.New(table.Schema)
			for b.Loop() {
				require.NoError(b, p.Observe(batch))
			}
			b.ReportMetric(float64(len(rows)*len(table.Names))*float64(b.N)/b.Elapsed().Seconds(), "values/s")
		})
	}
}
