package hist

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestPickRows compares picked rows with a matrix made of those rows alone.
func TestPickRows(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 4))
	const features, n = 20, 700
	columns := sparseColumns(r, features, n)
	var rows []int
	some := make([][]float32, features)
	for i := range n {
		if r.IntN(3) > 0 {
			continue
		}
		rows = append(rows, i)
		for f := range some {
			some[f] = append(some[f], columns[f][i])
		}
	}
	pool := NewPool(2)
	for _, bins := range []int{255, 1000} {
		sketch := NewSketch(make([]bool, features), bins)
		sketch.Add(columns, nil, n, pool)
		cuts := sketch.Cuts(make([]int, features), pool)
		cuts.wide = bins > 255
		whole, want := NewMatrix(cuts, n), NewMatrix(cuts, len(rows))
		whole.Add(columns, n, pool)
		want.Add(some, len(rows), pool)
		require.Equal(t, want, whole.Pick(rows))
		require.Equal(t, NewSparseMatrixOf(cuts, entriesOf(r, some), pool), NewSparseMatrixOf(cuts, entriesOf(r, columns), pool).Pick(rows))
	}
}
