package hist

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestScanPlain compares the quick search of one feature's cuts with the one that takes every formula, penalties being 0.
func TestScanPlain(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(23, 24))
	found := 0
	for range 5000 {
		var bins []uint64
		var left, total sum
		add := func(most int) sum {
			return sum{int64(r.IntN(2*most+1) - most), int64(r.IntN(most))}
		}
		empty := r.IntN(4)
		for range 1 + r.IntN(100) {
			var of sum
			if r.IntN(4) >= empty {
				of = add(1 << 20)
			}
			bins, total = append(bins, of.pack()), total.plus(of)
		}
		if r.IntN(2) == 0 {
			left = add(1 << 20)
		}
		total = total.plus(left).plus(add(1 << r.IntN(22)))
		f := newFinder(&Params{Lambda: float64(r.IntN(3)), MinChildWeight: float64(r.IntN(100))}, pairUnits{1.0 / 1024, 1.0 / 1024}, total, unbounded, 1)
		bar := r.Float64() * 10
		gain, bin, at := f.scanPlain(bins, left, bar)
		sums := f.unpacked(bins)
		wantGain, wantBin, wantAt := f.scan(sums, left, bar)
		if bin < 0 || wantBin < 0 {
			require.Equal(t, wantBin, bin)
			continue
		}
		found++
		require.InEpsilon(t, wantGain, gain, 1e-9)
		if wantBin != bin { // equal but for the last bits
			require.InEpsilon(t, f.gain(wantAt), f.gain(at), 1e-12)
			continue
		}
		require.Equal(t, wantAt, at)
	}
	require.Greater(t, found, 1000)
}

// BenchmarkScan times the search of one feature's 255 cuts; processor time of the fastest run.
func BenchmarkScan(b *testing.B) {
	r := rand.New(rand.NewPCG(25, 26))
	bins, total := make([]uint64, 255), sum{}
	for i := range bins {
		of := sum{int64(r.IntN(2000) - 1000), int64(r.IntN(1000))}
		bins[i], total = of.pack(), total.plus(of)
	}
	f := newFinder(&Params{Lambda: 1, MinChildWeight: 1}, pairUnits{1.0 / 1024, 1.0 / 1024}, total, unbounded, 1)
	const times = 10000
	least := time.Hour
	for b.Loop() {
		before := processorTime()
		for range times {
			f.scanPlain(bins, sum{}, 0)
		}
		least = min(least, processorTime()-before)
	}
	b.ReportMetric(float64(least.Nanoseconds())/times, "ns/scan")
}
