package sharding

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// idle hands tasks out in an order to workers that each take the next one when they are free, and returns the share of their time, from the
// first task's start to the last one's end, in which the idlest has nothing to do. A task takes as long as it costs.
func idle(p *Plan, perTask int, order []int, workers int) float64 {
	free := make([]int64, workers)
	busy := make([]int64, workers)
	for _, task := range order {
		w := 0
		for i := range free {
			if free[i] < free[w] {
				w = i
			}
		}
		for _, s := range p.Shards[task*perTask : min((task+1)*perTask, len(p.Shards))] {
			free[w] += s.cost()
			busy[w] += s.cost()
		}
	}
	return 1 - float64(slices.Min(busy))/float64(slices.Max(free))
}

// TestSkewKeepsWorkersBusy: one large object among 2,000 or 10,000 small ones, wherever it lies, keeps all workers busy to the end.
func TestSkewKeepsWorkersBusy(t *testing.T) {
	t.Parallel()
	const mib = 1 << 20
	for _, c := range []struct {
		name        string
		large, unit int64 // bytes of the large object, of its units
		small       int   // objects
		each        int64 // bytes of one
	}{
		{"400 MB of CSV", 400 * mib, 16 * mib, 2000, 10 << 10},
		{"Parquet with many row groups", 400 * mib, 13 * mib, 2000, 12 << 10},
		{"Parquet with large row groups", 400 * mib, 110 * mib, 2000, 12 << 10},
		{"10 GB", 10 << 30, 16 * mib, 10_000, 100 << 10},
		{"100 GB", 100 << 30, 64 * mib, 10_000, mib},
	} {
		var units []int64
		for left := c.large; left > 0; left -= c.unit {
			units = append(units, min(left, c.unit))
		}
		for _, at := range []int{0, c.small / 2, c.small} {
			sizes := make([][]int64, c.small+1)
			for i := range sizes {
				sizes[i] = []int64{c.each}
			}
			sizes[at] = units
			p := &Plan{Inputs: make([]Input, len(sizes))}
			p.Cut(unitsOf(sizes...), 0, 64*mib)
			perTask := PerTask(len(p.Shards))
			tasks := (len(p.Shards) + perTask - 1) / perTask
			order := p.Order(perTask)
			if order == nil {
				order = upTo(tasks)
			}
			require.Equal(t, upTo(tasks), slices.Sorted(slices.Values(order)), c.name)
			for _, workers := range []int{2, 4} {
				require.Less(t, idle(p, perTask, order, workers), 0.15, "%s, number %d, %d workers", c.name, at, workers)
			}
		}
	}
}

// upTo is 0, 1, ... n-1.
func upTo(n int) []int {
	all := make([]int, n)
	for i := range all {
		all[i] = i
	}
	return all
}

func TestOrder(t *testing.T) {
	t.Parallel()
	const mib = 1 << 20
	for _, c := range []struct {
		name    string
		sizes   []int64 // of one input's units, each a shard
		perTask int
		want    []int
	}{
		{"nothing", nil, 1, nil},
		{"one", []int64{mib}, 1, nil},
		{"all alike, but for their ends", []int64{63 * mib, 40 * mib, 64 * mib, 33 * mib}, 1, nil},
		{"heaviest first", []int64{mib, 64 * mib, 8 * mib, 60 * mib, 2 * mib}, 1, []int{1, 3, 2, 4, 0}},
		{"tasks of two, the last of one", []int64{mib, mib, mib, 60 * mib, 64 * mib}, 2, []int{1, 0, 2}},
	} {
		p := &Plan{}
		for _, size := range c.sizes {
			p.Shards = append(p.Shards, Shard{Runs: []Run{{Units: unitsOf([]int64{size})[0]}}})
		}
		require.Equal(t, c.want, p.Order(c.perTask), c.name)
	}
}
