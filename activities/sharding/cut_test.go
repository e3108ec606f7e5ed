package sharding

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/batchmill/batchmill/dataset"
	"github.com/stretchr/testify/require"
)

// unitsOf makes units of those sizes for each input.
func unitsOf(sizes ...[]int64) [][]dataset.Unit {
	units := make([][]dataset.Unit, len(sizes))
	for i, input := range sizes {
		for u, size := range input {
			units[i] = append(units[i], dataset.Unit{Index: u, Bytes: size})
		}
	}
	return units
}

// pieces writes shards as input:from-to, the runs of one joined by +.
func pieces(p *Plan) (all []string) {
	for _, s := range p.Shards {
		text := ""
		for _, r := range s.Runs {
			text += fmt.Sprintf("+%d:%d-%d", r.Input, r.Units[0].Index, r.Units[len(r.Units)-1].Index)
		}
		all = append(all, text[1:])
	}
	return all
}

func TestCut(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		units [][]dataset.Unit
		most  int
		size  int64
		want  []string
	}{
		{"nothing", unitsOf(nil, nil), 0, 10, nil},
		{"small ones are grouped", unitsOf([]int64{3}, []int64{4}, nil, []int64{3}, []int64{1}), 0, 10, []string{"0:0-0+1:0-0+3:0-0", "4:0-0"}},
		{"a small one is not cut", unitsOf([]int64{3, 3}, []int64{3, 3}), 0, 10, []string{"0:0-1", "1:0-1"}},
		{"a large one is, and shares no shard", unitsOf([]int64{3}, []int64{6, 6, 6}, []int64{1}), 0, 12, []string{"0:0-0", "1:0-1", "1:2-2", "2:0-0"}},
		{"a unit is never cut", unitsOf([]int64{30, 1}), 0, 12, []string{"0:0-0", "0:1-1"}},
		{"at most one", unitsOf([]int64{3}, []int64{6, 6, 6}, []int64{1}), 1, 0, []string{"0:0-0+1:0-2+2:0-0"}},
		{"at most two", unitsOf([]int64{3}, []int64{6, 6, 6}, []int64{1}), 2, 0, []string{"0:0-0", "1:0-2+2:0-0"}},
		{"as many as units", unitsOf([]int64{3}, []int64{6, 6, 6}, []int64{1}), 9, 0, []string{"0:0-0", "1:0-0", "1:1-1", "1:2-2", "2:0-0"}},
	} {
		p := &Plan{Inputs: make([]Input, len(c.units))}
		p.Cut(c.units, c.most, c.size)
		require.Equal(t, c.want, pieces(p), c.name)
	}
}

// TestCutKeepsItsBounds: random inputs of very different sizes are cut within every bound, each unit once and in order.
func TestCutKeepsItsBounds(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(5, 6))
	for range 200 {
		sizes := make([][]int64, rng.IntN(400))
		for i := range sizes {
			sizes[i] = make([]int64, rng.IntN(3)*rng.IntN(3))
			for u := range sizes[i] {
				sizes[i][u] = int64(1) << rng.IntN(12)
			}
		}
		units := unitsOf(sizes...)
		size, most := int64(1)<<rng.IntN(14), rng.IntN(20)
		p := &Plan{Inputs: make([]Input, len(units))}
		p.Cut(units, most, size)
		if most > 0 {
			require.LessOrEqual(t, len(p.Shards), most)
		}
		again := make([][]dataset.Unit, len(units))
		for _, s := range p.Shards {
			held, n := int64(0), 0
			for _, r := range s.Runs {
				again[r.Input] = append(again[r.Input], r.Units...)
				for _, u := range r.Units {
					held, n = held+u.Bytes, n+1
				}
				require.True(t, len(s.Runs) == 1 || len(r.Units) == len(units[r.Input]), "inputs that share a shard are whole")
			}
			if most == 0 {
				require.True(t, held <= size || n == 1)
				require.LessOrEqual(t, len(s.Runs), maxGrouped)
			}
		}
		require.Equal(t, units, again)
	}
}
