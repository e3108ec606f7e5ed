package split_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/batchmill/batchmill/dataset/split"
	"github.com/batchmill/batchmill/internal/tabletest"
)

// BenchmarkAssign gives sides to the rows of covertype (55 columns), after a scan where one is needed.
func BenchmarkAssign(b *testing.B) {
	table := tabletest.Load(b, "covertype", "covertype_train80.csv.gz")
	rows := make([]int, 8192)
	for i := range rows {
		rows[i] = i
	}
	batch := table.Batch(rows)
	for strategy, column := range map[split.Strategy]string{split.Random: "", split.Group: "Elevation", split.Stratified: "Cover_Type", split.Time: "Elevation"} {
		b.Run(string(strategy), func(b *testing.B) {
			s, err := split.New(strategy, split.Options{Column: column, Fractions: fractions})
			require.NoError(b, err)
			_, decision := run(b, s, table, one(table), 1)
			a, err := s.Assigner(table.Schema, decision)
			require.NoError(b, err)
			var sides []uint8
			for b.Loop() {
				sides, err = a.Assign(batch, 0, 0, sides)
				require.NoError(b, err)
			}
			b.ReportMetric(float64(len(rows))*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}
