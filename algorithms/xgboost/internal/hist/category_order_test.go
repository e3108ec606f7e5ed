package hist

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestByWeight holds the order of categories against its definition: sorted by the weight of a leaf, which is 0 for a category with
// less than min_child_weight, ties by code; smoothed, by gradients over smoothed second derivatives, 0 for one of few rows.
func TestByWeight(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	for i, n := range []int{5, 6, 64, 300, 7, 200} {
		smooth := float64(i / 4 * 6)
		bins := make([]sum, n)
		for i := range bins {
			if random.IntN(3) > 0 {
				bins[i] = sum{g: int64(random.IntN(7) - 3), h: int64(random.IntN(5))}
			}
		}
		s := newFinder(&Params{Lambda: 1, MinChildWeight: 2, CategorySmooth: smooth}, pairUnits{1, 1}, sum{h: 100}, unbounded, 200)
		want := make([]uint32, n)
		for i := range want {
			want[i] = uint32(i)
		}
		weight := func(c uint32) float32 {
			g, h := float64(bins[c].g), float64(bins[c].h)
			switch {
			case smooth == 0 && h >= 2:
				return float32(-g / (h + 1))
			case smooth > 0 && 2*h >= smooth:
				return float32(-g / (h + smooth))
			}
			return 0
		}
		slices.SortStableFunc(want, func(a, b uint32) int { return cmp.Compare(weight(a), weight(b)) })
		require.Equal(t, want, s.byWeight(bins, nil))
	}
}
