package journal_test

import (
	"math/rand/v2"
	"testing"

	"github.com/batchmill/batchmill/jobs/journal"
)

// BenchmarkCounter is what a shard's notes cost: by value of a prediction column, and for a shard whatever its rows.
func BenchmarkCounter(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 2))
	values := make([]float32, 8192)
	for i := range values {
		values[i] = rng.Float32()
	}
	b.Run("value", func(b *testing.B) {
		c := journal.NewCounter("p")
		for n := 0; n < b.N; n += len(values) {
			c.Add(values)
		}
	})
	b.Run("shard", func(b *testing.B) {
		b.ReportAllocs()
		for range b.N {
			c := journal.NewCounter("p")
			c.Add(values[:100])
			c.Values(256)
		}
	})
}
