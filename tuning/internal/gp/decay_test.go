package gp

import (
	"math"
	"math/rand/v2"
	"testing"
)

// decay agrees with the standard library's exponential function over its whole range, which itself is off by up to a unit in the
// last place.
func TestDecay(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(3, 3))
	const unit = 0x1p-52
	for i := range 200_000 {
		r := decayMost * rng.Float64() * math.Pow(10, float64(-(i%8)))
		if got, want := decay(r), math.Exp(-r); math.Abs(got-want) > 2*unit*want {
			t.Fatalf("decay(%v) is %v, want %v", r, got, want)
		}
	}
	for r, want := range map[float64]float64{0: 1, math.Copysign(0, -1): 1, decayMost + 1: 0, math.Inf(1): 0} {
		if got := decay(r); got != want {
			t.Errorf("decay(%v) is %v, want %v", r, got, want)
		}
	}
	if got := decay(math.NaN()); !math.IsNaN(got) {
		t.Errorf("decay of no number is %v", got)
	}
}
