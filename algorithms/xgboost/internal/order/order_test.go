package order

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestKey(t *testing.T) {
	t.Parallel()
	inf := float32(math.Inf(1))
	values := []float32{-inf, -math.MaxFloat32, -1, -1e-40, 0, 1e-40, 0.5, 1, math.MaxFloat32, inf}
	for i, v := range values {
		require.Equal(t, v, Value(Key(v)))
		if i > 0 {
			require.Less(t, Key(values[i-1]), Key(v), "%v and %v", values[i-1], v)
		}
	}
	require.Equal(t, Key(0), Key(float32(math.Copysign(0, -1))))
}

func TestSort(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	for _, n := range []int{0, 1, 2, 1000} {
		keys := make([]uint64, n)
		for i := range keys {
			keys[i] = uint64(random.Uint32()>>random.IntN(32))<<32 | uint64(n-i)
		}
		want := slices.Clone(keys)
		slices.SortStableFunc(want, func(a, b uint64) int { return cmp.Compare(a>>32, b>>32) })
		Sort(keys, nil)
		require.Equal(t, want, keys)
	}
}
