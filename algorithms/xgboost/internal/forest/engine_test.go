package forest

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
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

// TestEngine compares the compiled forms with a plain walk, on values that break comparisons.
func TestEngine(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 1))
	for _, test := range []struct {
		name               string
		depth, features    int
		sparse, categories bool
		perfect            bool
	}{
		{"root only", 0, 1, false, false, false},
		{"depth 1", 1, 3, false, false, true},
		{"depth 6", 6, 5, false, false, true},
		{"depth 8", 8, 100, false, false, true},
		{"many slots", 7, 400, false, false, false},
		{"deep", 14, 9, true, false, false},
		{"categories", 7, 6, true, true, false},
	} {
		const rows, groups = 131, 2
		var trees []Tree
		for i := range 10 {
			tree := randomTree(r, test.depth, test.features, test.sparse, test.categories)
			tree.Group, tree.Scale = i%groups, 1-float32(i)/20
			require.NoError(t, tree.Validate(test.features, groups))
			trees = append(trees, tree)
		}
		columns := make([][]float32, test.features)
		for f := range columns {
			for range rows {
				x := special[r.IntN(len(special))]
				if r.IntN(2) == 0 {
					x = r.Float32()*4 - 2
				}
				columns[f] = append(columns[f], x)
			}
		}
		e := NewEngine(trees, test.features, groups)
		perfect := !slices.ContainsFunc(e.steps, func(s scorer) bool { _, general := s.(*generalTree); return general })
		require.Equal(t, test.perfect, perfect, test.name)
		got, want := make([]float32, rows*groups), make([]float32, rows*groups)
		e.Score(columns, rows, got)
		row := make([]float32, test.features)
		for i := range rows {
			for f := range row {
				row[f] = columns[f][i]
			}
			for j := range trees {
				want[i*groups+trees[j].Group] += walk(&trees[j], row)
			}
		}
		require.Equal(t, want, got, test.name)
	}
}
