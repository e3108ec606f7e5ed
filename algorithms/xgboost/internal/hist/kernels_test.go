package hist

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
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
	for _, rows := range []int{1, 2, 15, 16, 17, 100, 1<<12 + 1} {
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

func TestLanesTwins(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(33, 34))
	for _, rows := range []int{1, 2, 17, 300} {
		for _, features := range []int{1, 2, 5, 28} {
			stride := features + r.IntN(3)
			matrix, lanes, offsets := make([]uint8, rows*stride), make([][rootLanes]uint64, rows), make([]int, features)
			for i := range matrix {
				matrix[i] = uint8(r.Uint32())
			}
			for i := range lanes {
				for l := range lanes[i] {
					lanes[i][l] = r.Uint64()
				}
			}
			for f := range offsets {
				offsets[f] = f * 100
			}
			want, got := make([][rootLanes]uint64, features*100+window), make([][rootLanes]uint64, features*100+window)
			addLanesGo(want, offsets, matrix, stride, lanes)
			addLanes(got, offsets, matrix, stride, lanes)
			require.Equal(t, want, got)
		}
	}
}

func TestSubtractTwins(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(39, 40))
	for n := range 100 {
		want, o := make(histogram, n), make(histogram, n)
		for i := range want {
			want[i], o[i] = r.Uint64(), r.Uint64()
		}
		got := slices.Clone(want)
		want.subtractGo(o)
		got.subtract(o)
		require.Equal(t, want, got)
	}
}

func TestPartitionTwins(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(13, 14))
	for _, rows := range []int{1, 15, 16, 17, 33, 1000, 5000} {
		whole := make([]uint8, rows+columnSlack)
		for i := range whole {
			whole[i] = uint8(r.Uint32())
		}
		for range 20 {
			var table [tableWords]uint32
			share := r.IntN(5)
			for b := range window {
				if r.IntN(4) >= share {
					table[b/32] |= 1 << (b % 32)
				}
			}
			chosen := scatteredRows(r, rows, 1+r.IntN(3))
			got, want := slices.Clone(chosen), slices.Clone(chosen)
			gotRights, wantRights := make([]uint32, len(chosen)), make([]uint32, len(chosen))
			l := partBytesGo(want, wantRights, whole[:rows], &table, 0, 0)
			require.Equal(t, l, partBytes(got, gotRights, whole[:rows], &table))
			require.Equal(t, want[:l], got[:l])
			require.Equal(t, wantRights[:len(chosen)-l], gotRights[:len(chosen)-l])
		}
	}
}

func TestBinTwins(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(15, 16))
	for bounds := range bytesBins {
		f := Feature{}
		for range bounds {
			f.Bounds = append(f.Bounds, float32(r.NormFloat64()))
		}
		slices.Sort(f.Bounds)
		s := newSearch(&f)
		values := []float32{0, float32(math.Copysign(0, -1)), float32(math.NaN()), math.MaxFloat32, -math.MaxFloat32, math.SmallestNonzeroFloat32}
		values = append(values, f.Bounds...)
		for range r.IntN(100) {
			values = append(values, float32(r.NormFloat64()))
		}
		want, plain, got := make([]uint8, len(values)), make([]uint8, len(values)), make([]uint8, len(values))
		for i, x := range values {
			want[i] = uint8(s.bin(x))
		}
		s.bytesGo(plain, values)
		s.bytes(got, values)
		require.Equal(t, want, plain)
		require.Equal(t, want, got)
	}
}

// randomTree grows a tree on random gradients of all rows.
func randomTree(t testing.TB, r *rand.Rand, m *Matrix, depth int) *Tree {
	t.Helper()
	g, h := make([]float32, m.rows), make([]float32, m.rows)
	for i := range g {
		g[i], h[i] = float32(r.NormFloat64()), 1
	}
	pool := NewPool(2)
	grower := NewGrower(m, Params{LearningRate: 1, MaxDepth: depth, Lambda: 1, Subsample: 1, ColumnsByTree: 1, ColumnsByLevel: 1, ColumnsByNode: 1}, pool)
	tree, err := grower.Grow(context.Background(), Quantise(g, h, 1, Precision{}, pool, nil), 1)
	require.NoError(t, err)
	return tree
}

func TestWalkTwins(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(31, 32))
	for _, rows := range []int{1, 31, 32, 33, 64, 100, 1000, 5000} {
		columns := randomColumns(r, 1+r.IntN(9), rows)
		cuts, _ := cutsOf(columns, 255, rows)
		m := NewMatrix(cuts, rows)
		m.Add(columns, rows, NewPool(2))
		stride := len(columns)
		for _, depth := range []int{1, 2, 7, 0} {
			tree := randomTree(t, r, m, depth)
			require.NotNil(t, tree.walk.steps)
			want, got := make([]float32, rows), make([]float32, rows)
			for i := range want {
				want[i] = float32(r.NormFloat64())
			}
			copy(got, want)
			addWalked(tree.walk, m.narrow, stride, want, 0.7)
			tree.walk.addBytes(m.narrow, stride, got, 0.7)
			require.Equal(t, want, got)
			for i := range rows { // the tree itself, on values
				at := int32(0)
				for n := &tree.Nodes[0]; !n.IsLeaf(); n = &tree.Nodes[at] {
					if x := columns[n.Feature][i]; x < n.Value || x != x && n.DefaultLeft {
						at = n.Left
					} else {
						at = n.Right
					}
				}
				require.Equal(t, tree.Nodes[at].Value, tree.walk.values[at])
				got[i] = 0
				addWalked(tree.walk, m.narrow[i*stride:], stride, got[i:i+1], 1)
				require.Equal(t, tree.Nodes[at].Value, got[i])
			}
		}
	}
}

func TestQuantiseTwins(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(17, 18))
	for _, rows := range []int{1, 7, 8, 9, 100, 5000} {
		g, h := make([]float32, rows), make([]float32, rows)
		for i := range g {
			g[i], h[i] = float32(r.NormFloat64()*math.Exp(5*r.NormFloat64())), r.Float32()
		}
		total := sumRowsGo(g, h)
		require.Equal(t, total, sumRows(g, h))
		q := quantiser{low: r.Uint32(), high: r.Uint32()}
		q.scales = pairUnits{scale(math.MaxInt32-float64(rows), total.g), scale(math.MaxUint32-float64(rows), total.h)}
		want, got := make([]uint64, rows), make([]uint64, rows)
		first := r.Uint32()
		require.Equal(t, q.rowsGo(want, g, h, first), q.rows(got, g, h, first))
		require.Equal(t, want, got)
	}
}
