package hist

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestSideTable holds tables of splits against what a split is.
func TestSideTable(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(35, 36))
	for range 2000 {
		f := Feature{Bounds: make([]float32, r.IntN(300))}
		s := split{defaultLeft: r.IntN(2) == 0, bin: int32(r.IntN(len(f.Bounds) + 1))}
		if r.IntN(3) == 0 {
			s.categorical, f.Categories = true, 1+r.IntN(300)
			for c := range f.Categories {
				if r.IntN(3) == 0 {
					s.rightSet = append(s.rightSet, uint32(c))
				}
			}
		}
		table := make(sideTable, tableLength(&f))
		table.fill(&f, &s)
		for b := range f.Bins() {
			right := b > int(s.bin)
			if s.categorical {
				right = slices.Contains(s.rightSet, uint32(b))
			}
			require.Equal(t, right, table.right(b) == 1, "bin %d of %d", b, f.Bins())
		}
		require.Equal(t, !s.defaultLeft, table.right(f.Bins()) == 1)
	}
}
