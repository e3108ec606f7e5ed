package lanes

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// choose goes down a tree of splits one comparison at a time.
func choose(splits []Split[int, float32], row []float32) int32 {
	at := int32(0)
	if len(splits) == 0 {
		at = ^at
	}
	for at >= 0 {
		s := &splits[at]
		x := row[s.Key]
		var right bool
		switch {
		case x == x:
			for _, b := range s.Bounds {
				if x >= b {
					right = !right
				}
			}
		case s.Set:
			right = s.MissingRight
		default:
			right = missingHigh(s.Key)
		}
		if at = s.Left; right {
			at = s.Right
		}
	}
	return ^at
}

// Of the tests' keys, every second takes missing values for high ones, and every third has sets.
func missingHigh(key int) bool { return key%2 == 1 }
func ofSets(key int) bool      { return key%3 == 2 }

// grow makes a tree by splitting leaves: the newest, so that it becomes a chain, or any.
func grow(r *rand.Rand, leaves, keys int, chain bool) []Split[int, float32] {
	var splits []Split[int, float32]
	for n := int32(1); int(n) < leaves; n++ {
		leaf := n - 1
		if !chain {
			leaf = r.Int32N(n)
		}
		for i := range splits {
			if s := &splits[i]; s.Left == ^leaf {
				s.Left = int32(len(splits))
			} else if s.Right == ^leaf {
				s.Right = int32(len(splits))
			}
		}
		s := Split[int, float32]{Key: r.IntN(keys), Left: ^leaf, Right: ^n}
		if r.IntN(2) == 0 {
			s.Left, s.Right = s.Right, s.Left
		}
		s.Bounds = []float32{float32(r.IntN(50))}
		if ofSets(s.Key) {
			s.Set, s.MissingRight = true, r.IntN(2) == 0
			for range r.IntN(5) {
				s.Bounds = append(s.Bounds, float32(r.IntN(50)))
			}
			slices.Sort(s.Bounds)
			s.Bounds = slices.Compact(s.Bounds)
		}
		splits = append(splits, s)
	}
	return splits
}

// TestRun compares all kernels with a walk, for trees of every size and of both extremes of shape.
func TestRun(t *testing.T) {
	t.Parallel()
	for _, kernels := range Available() {
		t.Run(kernels.Name, func(t *testing.T) {
			t.Parallel()
			r := rand.New(rand.NewPCG(5, 5))
			const keys = 7
			columns := make([][]float32, keys)
			for k := range columns {
				for range Rows {
					x := float32(r.IntN(60) - 5)
					if r.IntN(8) == 0 {
						x = float32(math.NaN())
					}
					columns[k] = append(columns[k], x)
				}
			}
			row := make([]float32, keys)
			for leaves := 1; leaves <= maxLeaves; leaves++ {
				for _, chain := range []bool{false, true} {
					splits := grow(r, leaves, keys, chain)
					parts := Partition(1, func(int) []Split[int, float32] { return splits })
					require.Equal(t, 1, len(parts))
					b, block := NewBatch(kernels, parts[0].Needs), leaves%Blocks
					for at, key := range parts[0].Keys {
						b.Encode(block, at, NewCuts(parts[0].Bounds[key], ofSets(key), ofSets(key) || missingHigh(key)), columns[key])
					}
					program := parts[0].Programs[0]
					chosen := b.Run(block, program)
					values := make([]float32, leaves)
					for place := range values {
						values[place] = float32(place) + 0.5
					}
					var sums [Rows]float32
					b.Add(NewValues(values), chosen, &sums)
					for i := range Rows {
						for k := range row {
							row[k] = columns[k][i]
						}
						place := slices.Index(program.Order, choose(splits, row))
						require.Equal(t, Index(place), chosen[i], "%d leaves, chain %v, row %d", leaves, chain, i)
						require.Equal(t, values[place], sums[i])
					}
				}
			}
		})
	}
}

// TestEncode compares codes with counting, for every number of bounds.
func TestEncode(t *testing.T) {
	t.Parallel()
	inf := float32(math.Inf(1))
	for _, kernels := range Available() {
		t.Run(kernels.Name, func(t *testing.T) {
			t.Parallel()
			r := rand.New(rand.NewPCG(6, 6))
			b := NewBatch(kernels, Needs{codes: 1})
			for n := 0; n <= maxCuts; n++ {
				bounds := []float32{-inf, -math.MaxFloat32, float32(math.Copysign(0, -1)), math.SmallestNonzeroFloat32, inf}[:min(n, 5)]
				for len(bounds) < n {
					bounds = append(bounds, float32(r.NormFloat64()))
				}
				slices.Sort(bounds)
				values := []float32{float32(math.NaN()), inf, -inf, 0, float32(math.Copysign(0, -1)), math.MaxFloat32}
				for _, x := range bounds {
					values = append(values, x, math.Nextafter32(x, inf), math.Nextafter32(x, -inf))
				}
				r.Shuffle(len(values), func(i, j int) { values[i], values[j] = values[j], values[i] })
				values = values[:min(len(values), 1+r.IntN(Rows))]
				for _, high := range []bool{false, true} {
					c := NewCuts(bounds, false, high)
					codes := b.Encode(0, 0, c, values)
					for i, x := range values {
						rank := 0
						for _, bound := range bounds {
							if x >= bound {
								rank++
							}
						}
						switch {
						case x == x:
							require.Equal(t, c.Code(rank), codes[i], "%d bounds, %v", n, x)
							require.Equal(t, rank, c.Rank(codes[i]))
						case high:
							require.Equal(t, uint8(missingCode), codes[i])
						default:
							require.LessOrEqual(t, codes[i], c.Code(0))
						}
					}
				}
			}
		})
	}
}

// TestPartition checks that parts end where codes do not suffice, and that trees that fit nowhere stand alone.
func TestPartition(t *testing.T) {
	t.Parallel()
	tree := func(from, n int) (splits []Split[int, float32]) {
		for i := range n {
			splits = append(splits, Split[int, float32]{Bounds: []float32{float32(from + i)}, Left: ^int32(i), Right: int32(i + 1)})
		}
		splits[n-1].Right = ^int32(n)
		return splits
	}
	trees := [][]Split[int, float32]{tree(0, 200), tree(100, 155), tree(100, 156), tree(0, 256), tree(0, 300), tree(0, 255)}
	parts := Partition(len(trees), func(i int) []Split[int, float32] { return trees[i] })
	var bounds [][3]int
	for _, p := range parts {
		bounds = append(bounds, [3]int{p.From, p.To, len(p.Programs)})
	}
	require.Equal(t, [][3]int{{0, 2, 2}, {2, 3, 1}, {3, 5, 0}, {5, 6, 1}}, bounds)
}
