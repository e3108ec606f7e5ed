package hist

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// sparseColumns are random values most of which are missing; every feature has its own density and number of different values.
func sparseColumns(r *rand.Rand, features, rows int) [][]float32 {
	columns := make([][]float32, features)
	for f := range columns {
		columns[f] = make([]float32, rows)
		density, values := math.Pow(r.Float64(), 3), 1+r.IntN(1<<r.IntN(10))
		for i := range columns[f] {
			columns[f][i] = float32(math.NaN())
			if r.Float64() < density {
				columns[f][i] = float32(r.IntN(values)) - 2
			}
		}
	}
	return columns
}

// entriesOf stores what of columns is there, each row's values in an order of their own.
func entriesOf(r *rand.Rand, columns [][]float32) *Entries {
	e := NewEntries()
	for i := range columns[0] {
		var at []int32
		var values []float32
		for _, f := range r.Perm(len(columns)) {
			if x := columns[f][i]; x == x {
				at, values = append(at, int32(f)), append(values, x)
			}
		}
		e.Add(at, values)
	}
	return e
}

// TestSparseGrowsTheSame compares trees and margins of sparse matrices, with histograms and with parted columns, with those
// of a dense one, under every choice a grower has.
func TestSparseGrowsTheSame(t *testing.T) {
	t.Parallel()
	base := Params{LearningRate: 0.3, MaxDepth: 6, MinChildWeight: 1, Lambda: 1, Subsample: 1, ColumnsByTree: 1, ColumnsByLevel: 1, ColumnsByNode: 1}
	cases := map[string]func(p *Params){
		"plain":        func(*Params) {},
		"lossguide":    func(p *Params) { p.LossGuide, p.MaxLeaves, p.MaxDepth = true, 40, 0 },
		"subsample":    func(p *Params) { p.Subsample = 0.5 },
		"columns":      func(p *Params) { p.ColumnsByTree, p.ColumnsByLevel, p.ColumnsByNode = 0.7, 0.8, 0.6 },
		"penalties":    func(p *Params) { p.Alpha, p.MaxDeltaStep, p.MinSplitLoss = 0.5, 0.4, 0.2 },
		"monotone":     func(p *Params) { p.Monotone = []int8{1, -1, 1, 0, -1} },
		"interactions": func(p *Params) { p.Interactions = [][]int32{{0, 1, 2, 3}, {3, 4, 5, 6, 7, 8}} },
		"rows given":   func(*Params) {},
	}
	const features, rows = 60, 9000 // more than two blocks of entries
	for name, change := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := rand.New(rand.NewPCG(1, uint64(len(name))))
			columns := sparseColumns(r, features, rows)
			params := base
			change(&params)
			pool := NewPool(3)
			cuts, _ := cutsOf(columns, 64, rows)
			dense := NewMatrix(cuts, rows)
			dense.Add(columns, rows, pool)
			g, h := make([]float32, rows), make([]float32, rows)
			for i := range g {
				g[i], h[i] = float32(r.NormFloat64()), r.Float32()
				for f := range 10 {
					if columns[f][i] > 0 {
						g[i] += float32(f%3) - 1
					}
				}
			}
			var given []uint32
			for i := range uint32(rows) {
				if i%3 != 1 {
					given = append(given, i)
				}
			}
			want := make([]float32, rows)
			for _, columnar := range []bool{false, true} {
				m := NewSparseMatrix(entriesOf(r, columns), make([]int, features), 64, nil, pool)
				require.Equal(t, cuts, m.Cuts)
				m.sparse.columnar = columnar
				a, b := NewGrower(dense, params, pool), NewGrower(m, params, pool)
				clear(want)
				got := make([]float32, rows)
				for round := range uint64(3) {
					quanta := Quantise(g, h, round, Precision{}, pool, nil)
					grow := func(g *Grower) (*Tree, error) { return g.Grow(context.Background(), quanta, round) }
					if name == "rows given" {
						grow = func(g *Grower) (*Tree, error) { return g.GrowOn(context.Background(), quanta, round, given) }
					}
					ours, err := grow(b)
					require.NoError(t, err)
					tree, err := grow(a)
					require.NoError(t, err)
					require.Greater(t, len(tree.Nodes), 15)
					require.Equal(t, tree.Tree, ours.Tree, fmt.Sprint("columnar ", columnar))
					a.AddGrown(tree, want)
					b.AddGrown(ours, got)
					require.Equal(t, want, got)
					ours.AddTo(m, got, pool)
					tree.AddTo(dense, want, pool)
					require.Equal(t, want, got)
				}
			}
		})
	}
}

// TestEntries checks rows whose features repeat, come in any order or are missing.
func TestEntries(t *testing.T) {
	t.Parallel()
	nan := float32(math.NaN())
	e := NewEntries()
	e.Add([]int32{3, 1, 3, 2}, []float32{1, 2, 5, nan})
	e.Add(nil, nil)
	e.Add([]int32{0, 7, 7}, []float32{4, 6, nan})
	require.Equal(t, 3, e.Rows())
	require.Equal(t, 4, e.Width())
	starts, rows, values := e.byColumn(4, NewPool(2))
	require.Equal(t, []int{0, 1, 2, 2, 3}, starts)
	require.Equal(t, []uint32{2, 0, 0}, rows)
	require.Equal(t, []float32{4, 2, 5}, values)
}

// TestManySparseBins grows the same tree on histograms whose places do not fit 16 bits as on parted columns.
func TestManySparseBins(t *testing.T) {
	t.Parallel()
	const features, rows = 300, 3000
	r := rand.New(rand.NewPCG(5, 5))
	e, other := NewEntries(), NewEntries()
	g, h := make([]float32, rows), make([]float32, rows)
	for i := range g {
		var at []int32
		var values []float32
		for f := range int32(features) {
			if r.IntN(5) < 2 {
				at, values = append(at, f), append(values, float32(r.NormFloat64()))
			}
		}
		e.Add(at, values)
		other.Add(at, values)
		g[i], h[i] = values[0]+float32(r.NormFloat64()), 1
	}
	pool := NewPool(2)
	params := Params{LearningRate: 0.3, MaxDepth: 6, MinChildWeight: 1, Lambda: 1, Subsample: 1, ColumnsByTree: 1, ColumnsByLevel: 1, ColumnsByNode: 1}
	quanta := Quantise(g, h, 1, Precision{}, pool, nil)
	var trees []*Tree
	for _, entries := range []*Entries{e, other} {
		m := NewSparseMatrix(entries, make([]int, features), 256, nil, pool)
		require.Greater(t, m.Cuts.offsets[features], math.MaxUint16)
		m.sparse.columnar = len(trees) > 0
		tree, err := NewGrower(m, params, pool).Grow(context.Background(), quanta, 1)
		require.NoError(t, err)
		require.Equal(t, m.sparse.columnar, m.sparse.byRow == nil)
		trees = append(trees, tree)
	}
	require.Equal(t, trees[0].Tree, trees[1].Tree)
	require.Greater(t, len(trees[0].Nodes), 30)
}
