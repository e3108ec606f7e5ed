package sharding

import (
	"cmp"
	"math/bits"
	"slices"
)

// objectCost is what an input costs in a shard beside its rows, in bytes of input that cost as much: requests, above all.
const objectCost = 256 << 10

// Order is the order in which tasks of perTask shards are best handed out: the heaviest first, so that none of them is begun when the
// others end and one worker is left with it. Tasks of a like cost, within a power of two of the heaviest's, stay as they lie, and the last
// task stays the last if it has fewer shards. It is nil where nothing would move.
func (p *Plan) Order(perTask int) []int {
	full := len(p.Shards) / perTask
	if full < 2 {
		return nil
	}
	order, costs := make([]int, full), make([]int64, full)
	for task := range order {
		order[task] = task
		for _, s := range p.Shards[task*perTask : (task+1)*perTask] {
			costs[task] += s.cost()
		}
	}
	heaviest := slices.Max(costs)
	lightness := func(task int) int { return bits.Len64(uint64(heaviest / costs[task])) }
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(lightness(a), lightness(b)) })
	if slices.IsSorted(order) {
		return nil
	}
	if full*perTask < len(p.Shards) {
		order = append(order, full)
	}
	return order
}

// cost is about what a shard costs.
func (s *Shard) cost() (bytes int64) {
	for _, run := range s.Runs {
		bytes += objectCost
		for _, u := range run.Units {
			bytes += u.Bytes
		}
	}
	return bytes
}
