package hist

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// BenchmarkTwins times each loop in Go and as this processor runs it, per row (bins: per value; histograms: per
// update; subtract: per bin): processor time of the fastest run.
func BenchmarkTwins(b *testing.B) {
	const rows, features = 1 << 18, 28
	r := rand.New(rand.NewPCG(19, 20))
	f := Feature{}
	for range bytesBins - 1 {
		f.Bounds = append(f.Bounds, float32(r.NormFloat64()))
	}
	slices.Sort(f.Bounds)
	s := newSearch(&f)
	g, h, packed := make([]float32, rows), make([]float32, rows), make([]uint64, rows)
	for i := range g {
		g[i], h[i] = float32(r.NormFloat64()), r.Float32()
	}
	bins, matrix := make([]uint8, rows, rows+columnSlack), make([]uint8, rows*features)
	for i := range matrix {
		matrix[i] = uint8(r.Uint32())
	}
	s.bytes(bins, g)
	var table [tableWords]uint32
	for i := range table {
		table[i] = 0x55555555
	}
	some, rights := scatteredRows(r, rows, 8), make([]uint32, rows)
	chosen, sums := make([]uint32, len(some)), make(histogram, (features+1)*window)
	columns := randomColumns(r, 8, rows)
	cuts, _ := cutsOf(columns, 255, rows)
	m, margins := NewMatrix(cuts, rows), make([]float32, rows)
	m.Add(columns, rows, NewPool(1))
	walk := randomTree(b, r, m, 10).walk
	other := slices.Clone(sums)
	q := quantiser{scales: pairUnits{1000, 1000}, low: 1, high: 2}
	for _, c := range []struct {
		name  string
		per   int
		plain func()
		twin  func()
	}{
		{"bin", rows, func() { s.bytesGo(bins, g) }, func() { s.bytes(bins, g) }},
		{"sum", rows, func() { sumRowsGo(g, h) }, func() { sumRows(g, h) }},
		{"quantise", rows, func() { q.rowsGo(packed, g, h, 0) }, func() { q.rows(packed, g, h, 0) }},
		{
			"part", len(some),
			func() { copy(chosen, some); partBytesGo(chosen, rights, bins, &table, 0, 0) },
			func() { copy(chosen, some); partBytes(chosen, rights, bins, &table) },
		},
		{
			"add", len(some) * features,
			func() { addEvenGo(sums, matrix, features, some, packed) },
			func() { addEven(sums, matrix, features, some, packed) },
		},
		{
			"subtract", 1000 * len(other),
			func() {
				for range 1000 {
					sums.subtractGo(other)
				}
			},
			func() {
				for range 1000 {
					sums.subtract(other)
				}
			},
		},
		{
			"walk", rows,
			func() { addWalked(walk, m.narrow, 8, margins, 1) },
			func() { walk.addBytes(m.narrow, 8, margins, 1) },
		},
	} {
		for name, do := range map[string]func(){"go": c.plain, "here": c.twin} {
			b.Run(c.name+"/"+name, func(b *testing.B) {
				least := math.Inf(1)
				for b.Loop() {
					before := processorTime()
					do()
					least = min(least, float64(processorTime()-before))
				}
				b.ReportMetric(least/float64(c.per), "ns/each")
			})
		}
	}
}
