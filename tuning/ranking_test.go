package tuning

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/batchmill/batchmill/tuning/internal/gp"
)

// TestRankingIsThatOfAllValues: candidates come as if each had been looked at by itself, and few are when few are asked for.
func TestRankingIsThatOfAllValues(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(11, 12))
	random := func() []float64 { return []float64{rng.Float64(), rng.Float64(), rng.Float64(), float64(rng.IntN(3))} }
	categorical := []bool{false, false, false, true}
	for _, hyper := range []gp.Hyper{
		{Lengths: []float64{0.3, 0.5, 2, 1}, Variance: 1, Noise: 1e-6},
		{Lengths: []float64{0.02, 0.02, 0.02, 0.1}, Variance: 3, Noise: 0.5},
		{Lengths: []float64{5, 5, 5, 5}, Variance: 100, Noise: gp.MinNoise},
	} {
		m := gp.NewModel(categorical, hyper)
		var values []float64
		for range 60 {
			x := random()
			m.Add(x)
			values = append(values, x[0]*x[1]+x[2]*x[3])
		}
		m.Learn(values)
		a := newAcquisition(m, slices.Min(values), len(categorical))
		all := make([]candidate, 500)
		for i := range all {
			all[i].x = random()
		}
		var want []candidate
		for _, c := range all {
			want = append(want, candidate{c.x, a.at(c.x)})
		}
		sortCandidates(want)
		r := newRanking(a, all)
		for i, w := range want {
			got, ok := r.next()
			if !ok || math.Abs(got.value-w.value) > 1e-6*math.Abs(w.value) {
				t.Fatalf("lengths %v: candidate %d is %v, want %v", hyper.Lengths, i, got, w)
			}
			if left := len(r.bounded); i == climbs && hyper.Noise < 1e-3 && left < len(all)/4 {
				t.Errorf("lengths %v: only %d of %d candidates were not looked at", hyper.Lengths, left, len(all))
			}
		}
		if c, ok := r.next(); ok {
			t.Errorf("a candidate too many: %v", c)
		}
	}
}
