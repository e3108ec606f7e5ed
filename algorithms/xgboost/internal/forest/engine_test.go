package forest

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/batchmill/batchmill/algorithms/xgboost/internal/lanes"
)

// walk goes down a tree as XGBoost's documentation says, one comparison at a time.
func walk(t *Tree, row []float32) float32 {
	n := &t.Nodes[0]
	for !n.IsLeaf() {
		x, left := row[n.Feature], false
		switch {
		case x != x:
			left = n.DefaultLeft
		case n.Categorical:
			left = x < 0 || x >= MaxCategory || !slices.Contains(n.Categories, uint32(x))
		default:
			left = x < n.Value
		}
		if left {
			n = &t.Nodes[n.Left]
		} else {
			n = &t.Nodes[n.Right]
		}
	}
	return n.Value * t.Scale
}

var special = []float32{float32(math.NaN()), 0, float32(math.Copysign(0, -1)), 1, -1, float32(math.Inf(1)), float32(math.Inf(-1)),
	math.MaxFloat32, -math.MaxFloat32, math.SmallestNonzeroFloat32, -math.SmallestNonzeroFloat32, 3, 70, 1e6, 1 << 25}

// randomTree makes a tree of the given depth; sparse ones have long and short paths.
func randomTree(r *rand.Rand, depth, features int, sparse, categories bool) Tree {
	t := Tree{Scale: 1, Nodes: []Node{{Left: -1, Right: -1}}}
	var split func(node, level int)
	split = func(node, level int) {
		if level == depth || sparse && level > 2 && r.IntN(3) > 0 {
			t.Nodes[node].Value = r.Float32()
			return
		}
		left := len(t.Nodes)
		t.Nodes = append(t.Nodes, Node{Left: -1, Right: -1}, Node{Left: -1, Right: -1})
		n := Node{Left: int32(left), Right: int32(left + 1), Feature: int32(r.IntN(features)), DefaultLeft: r.IntN(2) == 0, Value: special[1+r.IntN(len(special)-1)]}
		if r.IntN(2) == 0 {
			n.Value = r.Float32()*4 - 2
		}
		if categories && r.IntN(3) == 0 {
			n.Categorical, n.Value = true, 0
			n.Categories = []uint32{uint32(r.IntN(3)), 3 + uint32(r.IntN(80))}
			if r.IntN(3) == 0 {
				n.Categories = append(n.Categories, 1000000) // too sparse for bits
			}
		}
		t.Nodes[node] = n
		split(left, level+1)
		split(left+1, level+1)
	}
	split(0, 0)
	return t
}

// paths are the ways an engine can go: all kernels that this processor has, and walking.
func paths() map[string][]*lanes.Kernels {
	p := map[string][]*lanes.Kernels{"walk": nil}
	for _, k := range lanes.Available() {
		p[k.Name] = []*lanes.Kernels{k}
	}
	return p
}

// randomColumns makes values that break comparisons, and others.
func randomColumns(r *rand.Rand, features, rows int) [][]float32 {
	columns := make([][]float32, features)
	for f := range columns {
		for range rows {
			x := special[r.IntN(len(special))]
			switch r.IntN(4) {
			case 0, 1:
				x = r.Float32()*4 - 2
			case 2:
				x = float32(r.IntN(90))
			}
			columns[f] = append(columns[f], x)
		}
	}
	return columns
}

// TestEngine compares the compiled forms with a plain walk, on values that break comparisons.
func TestEngine(t *testing.T) {
	t.Parallel()
	for seed, test := range []struct {
		name               string
		trees              int
		depth, features    int
		sparse, categories bool
		perfect            bool // all trees are, for the walker
		parts              int
	}{
		{"root only", 10, 0, 1, false, false, false, 1},
		{"depth 1", 10, 1, 3, false, false, true, 1},
		{"depth 3", 10, 3, 3, false, false, true, 1},
		{"depth 6", 10, 6, 5, false, false, true, 1},
		{"depth 8", 10, 8, 100, false, false, true, 1},
		{"few codes", 3, 2, 7, false, false, true, 1},
		{"codes for several parts", 30, 6, 1, false, false, true, 3},
		{"many slots", 10, 7, 400, false, false, false, 1},
		{"deep", 10, 14, 9, true, false, false, 1},
		{"too large for lanes", 3, 9, 9, false, false, false, 1},
		{"categories", 10, 7, 6, true, true, false, 1},
		{"categories, full", 10, 6, 6, false, true, false, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			r := rand.New(rand.NewPCG(uint64(seed), 1))
			const rows, groups = 600, 2
			var trees []Tree
			for i := range test.trees {
				tree := randomTree(r, test.depth, test.features, test.sparse, test.categories)
				tree.Group, tree.Scale = i%groups, 1-float32(i)/20
				require.NoError(t, tree.Validate(test.features, groups))
				trees = append(trees, tree)
			}
			columns := randomColumns(r, test.features, rows)
			want := make([]float32, rows*groups)
			row := make([]float32, test.features)
			for i := range rows {
				for f := range row {
					row[f] = columns[f][i]
				}
				for j := range trees {
					want[i*groups+trees[j].Group] += walk(&trees[j], row)
				}
			}
			for name, kernels := range paths() {
				e := newEngine(trees, test.features, groups, kernels)
				perfect := !slices.ContainsFunc(e.walk.steps, func(s scorer) bool { _, general := s.(*generalTree); return general })
				require.Equal(t, test.perfect, perfect)
				if kernels != nil {
					require.Equal(t, test.parts, len(e.parts))
				}
				for _, n := range []int{1, 2, 15, 16, 17, 23, 24, 25, 63, 64, 65, 70, 255, 256, 257, 270, 279, 280, 281, 512, rows} {
					got := make([]float32, n*groups)
					e.Score(columns, n, got)
					require.Equal(t, want[:n*groups], got, "%s, %d rows", name, n)
				}
			}
		})
	}
}

func everySecond(below uint32) (codes []uint32) {
	for c := uint32(0); c < below; c += 2 {
		codes = append(codes, c)
	}
	return codes
}

// TestEngineMixed alternates trees that go in lanes with some that have too many leaves or categories, so that the order of additions shows.
func TestEngineMixed(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 1))
	const rows, features = 300, 5
	var trees []Tree
	for _, depth := range []int{6, 10, 10, 4, 3, 2, 6} {
		trees = append(trees, randomTree(r, depth, features, false, depth == 4))
	}
	trees[4].Nodes[0].Categorical, trees[4].Nodes[0].Categories = true, everySecond(256)
	columns := randomColumns(r, features, rows)
	want := make([]float32, rows)
	newEngine(trees, features, 1, nil).Score(columns, rows, want)
	for name, kernels := range paths() {
		e, got := newEngine(trees, features, 1, kernels), make([]float32, rows)
		e.Score(columns, rows, got)
		require.Equal(t, want, got, name)
		if kernels != nil {
			require.Equal(t, 5, len(e.parts))
		}
	}
}

// TestEngineAllocates nothing once it has its buffers.
func TestEngineAllocates(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 1))
	trees := []Tree{randomTree(r, 6, 5, false, true), randomTree(r, 10, 5, false, false)}
	columns, out := randomColumns(r, 5, 600), make([]float32, 600)
	for name, kernels := range paths() {
		e := newEngine(trees, 5, 1, kernels)
		require.Less(t, testing.AllocsPerRun(100, func() { e.Score(columns, 600, out) }), 1.0, name)
	}
}
