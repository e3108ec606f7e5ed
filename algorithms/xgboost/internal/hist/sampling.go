package hist

import (
	"math/rand/v2"
	"slices"
)

// Salts keep the choices made for different purposes apart.
const (
	saltRows = iota + 1
	saltTree
	saltLevel
	saltNode
)

// chooseRows fills g.rows with the rows of this tree.
func (g *Grower) chooseRows() {
	n := g.matrix.rows
	if cap(g.rows) < n {
		g.rows, g.scratch = Spread[uint32](n), Spread[uint32](n)
	}
	g.rows = g.rows[:0]
	g.sampled = g.params.Subsample < 1
	if g.given != nil {
		g.rows, g.sampled = append(g.rows, g.given...), true
		return
	}
	if !g.sampled {
		g.rows = g.rows[:n]
		g.pool.ranges(n, partitionRows, func(from, to int) {
			for i := from; i < to; i++ {
				g.rows[i] = uint32(i)
			}
		})
		return
	}
	limit := uint64(g.params.Subsample * (1 << 53))
	seed := mix(g.seed + saltRows)
	rows, drawn := g.rows[:n], 0
	for i := range rows {
		rows[drawn] = uint32(i) // without a branch, which nobody could foresee
		drawn += int((mix(seed+uint64(i))>>11 - limit) >> 63)
	}
	g.rows = rows[:drawn]
}

func allColumns(n int) []int32 {
	all := make([]int32, n)
	for i := range all {
		all[i] = int32(i)
	}
	return all
}

// chooseColumns draws a share of columns, at least one, in ascending order.
func (g *Grower) chooseColumns(share float64, columns []int32, salt, number uint64) []int32 {
	if share >= 1 {
		return columns
	}
	r := rand.New(rand.NewPCG(g.seed, mix(salt<<32+number)))
	drawn := slices.Clone(columns)
	r.Shuffle(len(drawn), func(i, j int) { drawn[i], drawn[j] = drawn[j], drawn[i] })
	drawn = drawn[:max(1, int(share*float64(len(columns))))]
	slices.Sort(drawn)
	return drawn
}

// nodeColumns returns the columns a node may split.
func (g *Grower) nodeColumns(node int32) []int32 {
	level := g.chooseColumns(g.params.ColumnsByLevel, g.columns, saltLevel, uint64(g.nodes[node].depth))
	return g.allowed(g.chooseColumns(g.params.ColumnsByNode, level, saltNode, uint64(node)), g.nodes[node].path)
}

// Seed derives the seed of one tree (parallel -1: of its round's rounding) from the user's.
func Seed(seed uint64, round, output, parallel int) uint64 {
	s := mix(seed)
	for _, v := range []int{round, output, parallel} {
		s = mix(s ^ uint64(int64(v))*0x9e3779b97f4a7c15)
	}
	return s
}
