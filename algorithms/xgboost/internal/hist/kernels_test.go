package hist

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// Each loop that some processors run in assembly is compared with its twin in Go.

func scatteredRows(r *rand.Rand, rows, every int) []uint32 {
	var out []uint32
	for i := range uint32(rows) {
		if r.IntN(every) == 0 {
			out = append(out, i)
		}
	}
	return out
}

func TestAccumulateTwins(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(11, 12))
	for _, rows := range []int{1, 2, 15, 16, 17, 100, kernelRows + 1} {
		for _, stride := range []int{1, 2, 3, 4, 7, 8, 28, 29} {
			matrix, packed := make([]uint8, rows*stride), make([]uint64, rows)
			for i := range matrix {
				matrix[i] = uint8(r.Uint32())
			}
			for i := range packed {
				packed[i] = r.Uint64()
			}
			for _, every := range []int{1, 3} {
				chosen := scatteredRows(r, rows, every)
				want, got := make(histogram, (stride+1)*window), make(histogram, (stride+1)*window)
				addEvenGo(want, matrix, stride, chosen, packed)
				addEven(got, matrix, stride, chosen, packed)
				require.Equal(t, want, got)

				var columns []int32
				var bins, others []*[window]uint64
				want, got = make(histogram, (stride+1)*window), make(histogram, (stride+1)*window)
				for f := range int32(stride) {
					if f == 0 || r.IntN(2) == 0 {
						columns = append(columns, f)
						bins, others = append(bins, (*[window]uint64)(want[f*100:])), append(others, (*[window]uint64)(got[f*100:]))
					}
				}
				addPickedGo(bins, columns, matrix, stride, chosen, packed)
				addPicked(others, columns, matrix, stride, chosen, packed)
				require.Equal(t, want, got)
			}
		}
	}
}
