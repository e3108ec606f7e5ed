package lightgbm

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/batchmill/batchmill/algorithms/xgboost/internal/lanes"
)

// thresholds are some that single precision has, some that it has not, and some beyond its range.
var thresholds = []float64{0, 1, 0.1, -0.1, 1.0000000000000002, 1e-36, zeroThreshold, -zeroThreshold, 1e-50, -1e-50, 1e300, -1e300,
	math.MaxFloat32, -math.MaxFloat32, math.Inf(1), math.Inf(-1), 16777217}

// randomTree has a chain of long paths on one side if deep.
func randomTree(r *rand.Rand, leaves, features int) Tree {
	t := Tree{Leaves: []float64{r.NormFloat64()}}
	for len(t.Leaves) < leaves {
		// Split a leaf: the new node takes its place.
		leaf, node := ^int32(r.IntN(len(t.Leaves))), int32(len(t.Nodes))
		for i := range t.Nodes {
			if n := &t.Nodes[i]; n.Left == leaf {
				n.Left = node
			} else if n.Right == leaf {
				n.Right = node
			}
		}
		n := Node{Left: leaf, Right: ^int32(len(t.Leaves)), Feature: int32(r.IntN(features)), Kind: Kind(r.IntN(4)), DefaultLeft: r.IntN(2) == 0}
		n.Threshold = thresholds[r.IntN(len(thresholds))]
		if r.IntN(2) == 0 {
			n.Threshold = r.NormFloat64()
		}
		if n.Kind == Categories {
			n.Set = []uint32{r.Uint32(), r.Uint32() & r.Uint32()}[:1+r.IntN(2)]
		}
		t.Nodes, t.Leaves = append(t.Nodes, n), append(t.Leaves, r.NormFloat64())
	}
	return t
}

// TestEngineSides compares rows side by side with rows that walk, which TestForeignPredictions compares with LightGBM, on values at and
// right beside thresholds.
func TestEngineSides(t *testing.T) {
	t.Parallel()
	for seed, test := range []struct {
		name                    string
		trees, leaves, features int
		average                 bool
		parts                   int
	}{
		{"one leaf", 4, 1, 1, false, 1},
		{"31 leaves", 12, 31, 5, false, 1},
		{"random forest", 12, 63, 5, true, 1},
		{"255 leaves", 6, 255, 40, false, 1},
		{"256 leaves", 4, 256, 40, false, 1},
		{"too many leaves", 4, 257, 40, false, 1},
		{"several parts", 40, 120, 1, false, 3},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			r := rand.New(rand.NewPCG(uint64(seed), 2))
			const rows = 600
			m := &Model{Features: make([]string, test.features), Outputs: 2, Average: test.average}
			for range test.trees {
				m.Trees = append(m.Trees, randomTree(r, test.leaves, test.features))
			}
			require.NoError(t, m.finish())
			columns := make([][]float64, test.features)
			for f := range columns {
				for range rows {
					columns[f] = append(columns[f], randomValue(r, m))
				}
			}
			want := make([]float64, 2*rows)
			newEngine(m, nil).Margins(columns, rows, want)
			for _, k := range lanes.Available() {
				e := newEngine(m, []*lanes.Kernels{k})
				require.Equal(t, test.parts, len(e.parts))
				for _, n := range []int{1, 23, 24, 70, 256, 280, 281, rows} {
					got := make([]float64, 2*n)
					e.Margins(columns, n, got)
					require.Equal(t, want[:2*n], got, "%s, %d rows", k.Name, n)
				}
			}
		})
	}
}

// randomValue is any, a category, or a threshold of the model, exactly or nearly.
func randomValue(r *rand.Rand, m *Model) float64 {
	switch r.IntN(8) {
	case 0:
		return math.NaN()
	case 1:
		return float64(r.IntN(70)) - 1.5*float64(r.IntN(2))
	case 2:
		return float64(float32(r.NormFloat64()))
	}
	nodes := m.Trees[r.IntN(len(m.Trees))].Nodes
	if len(nodes) == 0 {
		return r.NormFloat64()
	}
	x := nodes[r.IntN(len(nodes))].Threshold
	switch r.IntN(5) {
	case 0:
		return math.Nextafter(x, math.Inf(1))
	case 1:
		return math.Nextafter(x, math.Inf(-1))
	case 2:
		return float64(float32(x))
	case 3:
		return float64(math.Nextafter32(float32(x), float32(math.Inf(1))))
	}
	return x
}
