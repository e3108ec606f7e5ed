package hist

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestByWeight holds the order of categories against its definition: sorted by the weight of a leaf, which is 0 for a category with
// less than min_child_weight, ties by code.
func TestByWeight(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	for _, n := range []int{5, 6, 64, 300} {
		bins := make([]sum, n)
		for i := range bins {
			if random.IntN(3) > 0 {
				bins[i] = sum{g: int64(random.IntN(7) - 3), h: int64(random.IntN(5))}
			}
		}
		s := newFinder(&Params{Lambda: 1, MinChildWeight: 2}, pairUnits{1, 1}, sum{}, unbounded)
		want := make([]uint32, n)
		for i := range want {
			want[i] = uint32(i)
		}
		weight := func(c uint32) float32 {
			g, h := float64(bins[c].g), float64(bins[c].h)
			if h < 2 {
				return 0
			}
			return float32(-g / (h + 1))
		}
		slices.SortStableFunc(want, func(a, b uint32) int { return cmp.Compare(weight(a), weight(b)) })
		require.Equal(t, want, s.byWeight(bins, nil))
	}
}
