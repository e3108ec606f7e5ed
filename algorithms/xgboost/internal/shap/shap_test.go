package shap

import (
	"math"
	"math/bits"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// randomTree makes a tree over few features, so that paths meet the same one again.
func randomTree(r *rand.Rand, depth, features int) Tree {
	t := Tree{Nodes: []Node{{Left: -1, Right: -1, Cover: 100}}}
	var split func(node, level int)
	split = func(node, level int) {
		if level == depth || level > 1 && r.IntN(4) == 0 {
			t.Nodes[node].Value = r.NormFloat64()
			return
		}
		left, cover := len(t.Nodes), t.Nodes[node].Cover
		share := r.Float64()
		if r.IntN(8) == 0 {
			share = float64(r.IntN(2)) // a side without training rows
		}
		t.Nodes = append(t.Nodes, Node{Left: -1, Right: -1, Cover: share * cover}, Node{Left: -1, Right: -1, Cover: cover - share*cover})
		t.Nodes[node].Left, t.Nodes[node].Right, t.Nodes[node].Feature = int32(left), int32(left+1), int32(r.IntN(features))
		split(left, level+1)
		split(left+1, level+1)
	}
	split(0, 0)
	return t
}

// value is the game's: the mean of the leaves, where features in the coalition go the row's way and others both.
func value(t *Tree, node int32, coalition uint, left []bool) float64 {
	n := &t.Nodes[node]
	if n.Left < 0 {
		return n.Value
	}
	if coalition>>n.Feature&1 == 1 {
		if left[node] {
			return value(t, n.Left, coalition, left)
		}
		return value(t, n.Right, coalition, left)
	}
	share := 0.5
	if n.Cover > 0 {
		share = t.Nodes[n.Left].Cover / n.Cover
	}
	sum := 0.0
	if share > 0 {
		sum += share * value(t, n.Left, coalition, left)
	}
	if n.Cover == 0 || t.Nodes[n.Right].Cover > 0 {
		right := 0.5
		if n.Cover > 0 {
			right = t.Nodes[n.Right].Cover / n.Cover
		}
		sum += right * value(t, n.Right, coalition, left)
	}
	return sum
}

func factorial(n int) float64 { return math.Gamma(float64(n + 1)) }

// shapley and interaction follow their definitions, over all coalitions.
func shapley(v []float64, features, i int) float64 {
	sum := 0.0
	for s := range uint(1) << features {
		if s>>i&1 == 1 {
			continue
		}
		k := bits.OnesCount(s)
		sum += factorial(k) * factorial(features-k-1) / factorial(features) * (v[s|1<<i] - v[s])
	}
	return sum
}

func interaction(v []float64, features, i, j int) float64 {
	sum := 0.0
	for s := range uint(1) << features {
		if s>>i&1 == 1 || s>>j&1 == 1 {
			continue
		}
		k := bits.OnesCount(s)
		sum += factorial(k) * factorial(features-k-2) / (2 * factorial(features-1)) * (v[s|1<<i|1<<j] - v[s|1<<i] - v[s|1<<j] + v[s])
	}
	return sum
}

// TestDefinition compares shares and interactions with the exponential definitions on small trees.
func TestDefinition(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	for trial := range 60 {
		features, groups := 1+r.IntN(7), 1+r.IntN(2)
		var trees []Tree
		for i := range 3 {
			tree := randomTree(r, r.IntN(9), features)
			tree.Group = i % groups
			trees = append(trees, tree)
		}
		base := []float64{0.25, -3}[:groups]
		e, err := New(trees, features, base)
		require.NoError(t, err)
		const rows = 5
		ways := make(map[[2]int][]bool)
		decide := func(tree, row int, left []bool) { copy(left, ways[[2]int{tree, row}]) }
		width := features + 1
		want, pairs := make([]float64, rows*groups*width), make([]float64, rows*groups*width*width)
		for row := range rows {
			for g := range groups {
				want[(row*groups+g)*width+features] = base[g]
			}
			for i := range trees {
				left := make([]bool, len(trees[i].Nodes))
				for k := range left {
					left[k] = r.IntN(2) == 0
				}
				ways[[2]int{i, row}] = left
				v := make([]float64, 1<<features)
				for s := range v {
					v[s] = value(&trees[i], 0, uint(s), left)
				}
				at := row*groups + trees[i].Group
				want[at*width+features] += v[0]
				for f := range features {
					phi := shapley(v, features, f)
					want[at*width+f] += phi
					for g := range features {
						if g != f {
							x := interaction(v, features, f, g)
							pairs[(at*width+f)*width+g] += x
							phi -= x
						}
					}
					pairs[(at*width+f)*width+f] += phi
				}
			}
			for g := range groups {
				at := row*groups + g
				pairs[(at+1)*width*width-1] = want[at*width+features]
			}
		}
		got := make([]float32, len(want))
		e.Contributions(decide, rows, got)
		equal(t, want, got, trial)
		got = make([]float32, len(pairs))
		e.Interactions(decide, rows, got)
		equal(t, pairs, got, trial)
	}
}

func equal(t *testing.T, want []float64, got []float32, trial int) {
	t.Helper()
	for i, w := range want {
		if math.Abs(w-float64(got[i])) > 1e-6*max(1, math.Abs(w)) {
			t.Fatalf("trial %d, value %d: %v, want %v", trial, i, got[i], w)
		}
	}
}

// TestGaussLegendre integrates the highest powers that each rule takes exactly.
func TestGaussLegendre(t *testing.T) {
	t.Parallel()
	for _, n := range []int{1, 2, 3, 4, 5, 8, 16, 33, 64, 250} {
		for degree := range 2 * n {
			sum := 0.0
			for _, p := range gaussLegendre(n) {
				sum += p.weight * math.Pow(p.at, float64(degree))
			}
			require.InEpsilon(t, 1/float64(degree+1), sum, 1e-11, "%d points, degree %d", n, degree)
		}
	}
}

func TestErrors(t *testing.T) {
	t.Parallel()
	nodes := func(cover ...float64) []Node {
		return []Node{{Left: 1, Right: 2, Cover: cover[0]}, {Left: -1, Right: -1, Cover: cover[1]}, {Left: -1, Right: -1, Cover: cover[2]}}
	}
	_, err := New([]Tree{{Nodes: nodes(0, 0, 0)}}, 1, []float64{0})
	require.ErrorIs(t, err, ErrNoCovers)
	for _, bad := range []float64{-1, math.NaN(), math.Inf(1)} {
		_, err = New([]Tree{{Nodes: nodes(2, 1, bad)}}, 1, []float64{0})
		require.ErrorContains(t, err, "node 2 has cover")
	}
	var chain []Node // as deep as models may be, each split on another feature
	for i := range 4096 {
		chain = append(chain, Node{Left: int32(2*i + 1), Right: int32(2*i + 2), Feature: int32(i), Cover: 1}, Node{Left: -1, Right: -1, Cover: 0.5})
	}
	chain = append(chain, Node{Left: -1, Right: -1, Cover: 1})
	_, err = New([]Tree{{Nodes: chain}}, 4096, []float64{0})
	require.ErrorIs(t, err, ErrTooLarge)
}

// TestPrepared: trees over the budget, which are compiled as they come, give the same.
func TestPrepared(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 4))
	e, err := New([]Tree{randomTree(r, 8, 5), randomTree(r, 8, 5)}, 5, []float64{0})
	require.NoError(t, err)
	decide := func(tree, row int, left []bool) {
		for i := range left {
			left[i] = (i*7+row+tree)%3 == 0
		}
	}
	const rows = 50
	want, got := make([]float32, rows*6), make([]float32, rows*6)
	e.Contributions(decide, rows, want)
	e.ready[1] = nil
	e.Contributions(decide, rows, got)
	require.Equal(t, want, got)
}
