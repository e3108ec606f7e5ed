package tuning

import (
	"math"
	"testing"
)

// The values are mpmath's, with 60 digits.
func TestLogImprovement(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ z, value, slope float64 }{
		{-1e6, -500000000028.54996, 1000000.000002},
		{-1000, -500014.73445209116, 1000.001999994},
		{-30, -457.724653760598, 30.066446154162419},
		{-25.001, -319.88654370015291, 25.080617079629311},
		{-24.999, -319.83638445968423, 25.078623389152582},
		{-10, -55.553122036122356, 10.194383033412553},
		{-1.001, -2.4870256579553892, 1.904993272734213},
		{-0.999, -2.4832171154475854, 1.9035493173589594},
		{0, -0.91893853320467274, 1.2533141373155003},
		{1, 0.08002621884930694, 0.77663872520173926},
		{10, 2.3025850929940457, 0.1},
	} {
		value, slope := logImprovement(c.z)
		if math.Abs(value-c.value) > 1e-9*math.Abs(c.value) || math.Abs(slope-c.slope) > 1e-9*c.slope {
			t.Errorf("log h(%v) = %v with slope %v, want %v and %v", c.z, value, slope, c.value, c.slope)
		}
	}
}
