package split_test

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/batchmill/batchmill/dataset/split"
)

func TestAllocateRoundsEveryCountAndTotal(t *testing.T) {
	t.Parallel()
	const unit = int64(1e9)
	rng := rand.New(rand.NewPCG(1, 2))
	for range 500 {
		sizes := make([]int64, 1+rng.IntN(40))
		for i := range sizes {
			sizes[i] = rng.Int64N([]int64{3, 30, 3000, 3e12}[rng.IntN(4)])
		}
		shares := make([]int64, 1+rng.IntN(8))
		rest := unit
		for i := range shares[1:] {
			shares[i] = 1 + rng.Int64N(rest/2)
			rest -= shares[i]
		}
		shares[len(shares)-1] = rest
		counts := split.Allocate(sizes, shares)
		total, exact := make([]int64, len(shares)), make([]int64, len(shares)) // exact: fractional parts, in units
		for r, n := range sizes {
			sum := int64(0)
			for c, share := range shares {
				sum += counts[r][c]
				low := n/unit*share + n%unit*share/unit
				part := n % unit * share % unit
				exact[c] += part
				total[c] += counts[r][c] - low
				if part == 0 {
					require.Equal(t, low, counts[r][c])
				} else {
					require.Contains(t, []int64{low, low + 1}, counts[r][c])
				}
			}
			require.Equal(t, n, sum)
		}
		for c := range shares {
			require.GreaterOrEqual(t, total[c], exact[c]/unit)
			require.LessOrEqual(t, total[c], (exact[c]+unit-1)/unit)
		}
	}
}
