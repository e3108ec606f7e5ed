package xgboost

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/batchmill/batchmill/dataset"
)

// BenchmarkScoreTexts scores the adult table, 9 of whose 14 features are text, with 100 trees of depth 6 on one core, and
// only reads its features.
func BenchmarkScoreTexts(b *testing.B) {
	data := adultRows(b)
	p := load(b, trainRows(b, benchParams, data.pick(func(i int) bool { return i < 10000 }), nil, nil).Files)
	var batches []dataset.Batch
	for from := 0; from < data[0].len(); from += 8192 {
		batches = append(batches, data[1:].batch(from, min(data[0].len(), from+8192)))
	}
	bound, err := p.Bind(data[1:].schema(), true)
	require.NoError(b, err)
	for name, each := range map[string]func(dataset.Batch) error{
		"all":     func(batch dataset.Batch) error { _, err := bound.Score(batch); return err },
		"reading": func(batch dataset.Batch) error { return bound.(*scorer).with(batch, func([][]float32, int) {}) },
	} {
		b.Run(name, func(b *testing.B) {
			cpu := cpuSeconds()
			for b.Loop() {
				for _, batch := range batches {
					require.NoError(b, each(batch))
				}
			}
			b.ReportMetric((cpuSeconds()-cpu)/float64(b.N)/float64(data[0].len())*1e9, "cpu-ns/row")
		})
	}
}
