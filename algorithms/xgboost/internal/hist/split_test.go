package hist

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// randomBins makes the bins of a node's feature, the sum of its missing values, and that of the node.
func randomBins(r *rand.Rand) (bins []uint64, missing, total sum) {
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
		missing = add(1 << 20)
	}
	return bins, missing, total.plus(missing).plus(add(1 << r.IntN(22)))
}

// TestScanTested compares the quick search of one feature's cuts with the one that takes every formula, penalties being 0.
func TestScanTested(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(23, 24))
	found := 0
	for range 5000 {
		bins, left, total := randomBins(r)
		f := newFinder(&Params{Lambda: float64(r.IntN(3)), MinChildWeight: float64(r.IntN(100))}, pairUnits{1.0 / 1024, 1.0 / 1024}, total, unbounded, 1)
		require.True(t, f.plain)
		bar := r.Float64() * 10
		gain, bin, at := f.scanTested(bins, left, bar)
		wantGain, wantBin, wantAt := f.scan(f.unpacked(bins), left, bar)
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

// TestScanTestedBounded does so with penalties and bounds: what is found is the same to the bit.
func TestScanTestedBounded(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		params Params
		limits bounds
		least  int // cuts to be found, of 5000 searches
	}{
		"small alpha":   {Params{Alpha: 0.01}, unbounded, 2000},
		"some alpha":    {Params{Alpha: 300}, unbounded, 2000},
		"large alpha":   {Params{Alpha: 1500, Lambda: 7}, unbounded, 100},
		"no gradient":   {Params{Alpha: 1e6}, unbounded, 0}, // reaches above alpha
		"bounded step":  {Params{MaxDeltaStep: 0.2}, unbounded, 1000},
		"monotone":      {Params{Monotone: []int8{1}}, bounds{-1, 0.5}, 1000},
		"not monotone":  {Params{Monotone: []int8{0, -1}, MinChildWeight: 1000}, bounds{-0.1, 0.1}, 1000},
		"bounds far":    {Params{Monotone: []int8{-1}, Lambda: 0.5}, bounds{0.7, 3}, 100},
		"step in alpha": {Params{Alpha: 20, MaxDeltaStep: 0.2}, unbounded, 1000},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := rand.New(rand.NewPCG(27, 28))
			found := 0
			for range 5000 {
				bins, missing, total := randomBins(r)
				p := test.params
				if p.MinChildWeight == 0 {
					p.MinChildWeight = float64(r.IntN(100))
				}
				quick := newFinder(&p, pairUnits{1.0 / 1024, 1.0 / 1024}, total, test.limits, r.IntN(100))
				require.False(t, quick.plain)
				require.Equal(t, p.Alpha == 0 || p.MaxDeltaStep == 0, quick.tested)
				one := quick
				quick.numeric(0, append(bins, missing.pack()))
				one.numericSums(0, one.unpacked(append(bins, missing.pack())))
				require.Equal(t, one.best, quick.best)
				if one.best.gain > 0 {
					found++
				}
			}
			require.GreaterOrEqual(t, found, test.least)
			if test.least == 0 {
				require.Zero(t, found)
			}
		})
	}
}

// TestFilledTwins compares the gathering of bins with rows, and where they lay, with all bins.
func TestFilledTwins(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(37, 38))
	for range 1000 {
		bins, _, _ := randomBins(r)
		to, other := make([]uint64, len(bins)+cutLanes), make([]uint64, len(bins)+cutLanes)
		filled, twin := to[:gatherFilled(to, bins)], other[:gatherFilledGo(other, bins)]
		require.Equal(t, twin, filled)
		n := 0
		for b, packed := range bins {
			if packed != 0 {
				require.Equal(t, packed, filled[n])
				require.Equal(t, b, placeOf(bins, n))
				n++
			}
		}
		require.Len(t, filled, n)
	}
}

// TestNextCutTwins compares the search for a cut that passes in Go and as this processor runs it.
func TestNextCutTwins(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(29, 30))
	passed := 0
	for range 5000 {
		bins, left, total := randomBins(r)
		p := Params{Lambda: r.Float64(), Alpha: max(0, 100*r.NormFloat64()), MinChildWeight: float64(r.IntN(100))}
		c := newFinder(&p, pairUnits{1.0 / 1024, 1.0 / 1024}, total, unbounded, 1).test
		c.goal = math.Exp(20 * r.Float64())
		want, wantUpTo := c.nextGo(bins, left)
		got, upTo := c.next(bins, left)
		require.Equal(t, want, got)
		require.Equal(t, wantUpTo, upTo)
		if want >= 0 {
			passed++
		}
	}
	require.Greater(t, passed, 1000)
	require.Less(t, passed, 4000)
}

// BenchmarkScan times the search of one feature's 255 cuts; processor time of the fastest run.
func BenchmarkScan(b *testing.B) {
	for _, alpha := range []float64{0, 1} {
		b.Run(fmt.Sprintf("alpha %v", alpha), func(b *testing.B) { benchmarkScan(b, Params{Lambda: 1, MinChildWeight: 1, Alpha: alpha}) })
	}
}

func benchmarkScan(b *testing.B, params Params) {
	r := rand.New(rand.NewPCG(25, 26))
	bins, total := make([]uint64, 255), sum{}
	for i := range bins {
		of := sum{int64(r.IntN(2000) - 1000), int64(r.IntN(1000))}
		bins[i], total = of.pack(), total.plus(of)
	}
	f := newFinder(&params, pairUnits{1.0 / 1024, 1.0 / 1024}, total, unbounded, 1)
	const times = 200000
	least := time.Hour
	for b.Loop() {
		before := processorTime()
		for range times {
			f.scanTested(bins, sum{}, 0)
		}
		least = min(least, processorTime()-before)
	}
	b.ReportMetric(float64(least.Nanoseconds())/times, "ns/scan")
}
