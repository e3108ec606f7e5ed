package sharding

import (
	"slices"

	"github.com/batchmill/batchmill/dataset"
)

// maxGrouped is how many inputs a shard takes at most, so that what is done again after a lost attempt stays little. What a shard
// costs beside its rows is by then a small part of what its inputs cost.
const maxGrouped = 64

// Cut groups units, given by input, into shards. With most > 0 at most that many shards are made; otherwise a shard holds up to
// size bytes and maxGrouped inputs. Either way an input that fits into a shard is not cut, and one that does not shares its shards
// with no other. How units are grouped changes neither the rows nor the output bytes.
func (p *Plan) Cut(units [][]dataset.Unit, most int, size int64) {
	c := cutter{units: units, grouped: maxGrouped}
	c.totals = make([]int64, len(units))
	for i, us := range units {
		for _, u := range us {
			c.totals[i] += u.Bytes
		}
		if len(us) > 0 {
			c.filled++
		}
	}
	if most > 0 {
		c.grouped = max(maxGrouped, (c.filled+most-1)/most)
		size = c.sizeFor(most)
	}
	p.Shards = nil
	c.cut(size, func(pieces []piece) {
		shard := Shard{Runs: make([]Run, len(pieces))}
		for i, at := range pieces {
			shard.Runs[i] = Run{Input: at.input, Object: p.Inputs[at.input], Units: units[at.input][at.from:at.to]}
		}
		p.Shards = append(p.Shards, shard)
	})
}

// piece is units from (inclusive) to (exclusive) of an input.
type piece struct{ input, from, to int }

// cutter groups units; it can do so for many sizes in turn.
type cutter struct {
	units   [][]dataset.Unit // by input
	totals  []int64          // bytes by input
	filled  int              // inputs that have units
	grouped int              // most inputs of a shard
}

// cut calls emit with the pieces of one shard after the other. emit must not keep them.
func (c *cutter) cut(size int64, emit func([]piece)) {
	var group []piece
	held := int64(0)
	flush := func() {
		if len(group) > 0 {
			emit(group)
			group, held = group[:0], 0
		}
	}
	for input, units := range c.units {
		switch total := c.totals[input]; {
		case len(units) == 0:
		case total > size:
			flush()
			c.cutInput(input, size, emit)
		default:
			if held+total > size || len(group) == c.grouped {
				flush()
			}
			group, held = append(group, piece{input, 0, len(units)}), held+total
		}
	}
	flush()
}

// cutInput groups one input's units greedily: a shard ends where one more unit would take it over size.
func (c *cutter) cutInput(input int, size int64, emit func([]piece)) {
	units := c.units[input]
	from, held := 0, int64(0)
	for u := range units {
		if u > from && held+units[u].Bytes > size {
			emit([]piece{{input, from, u}})
			from, held = u, 0
		}
		held += units[u].Bytes
	}
	emit([]piece{{input, from, len(units)}})
}

// sizeFor finds a shard size, in bytes, as small as possible that yields at most `most` shards.
func (c *cutter) sizeFor(most int) int64 {
	lo, hi := int64(1), max(1, slices.Max(append(c.totals, 1)))
	for c.count(hi) > most {
		lo, hi = hi+1, 2*hi
	}
	for lo < hi {
		mid := lo + (hi-lo)/2
		if c.count(mid) <= most {
			hi = mid
		} else {
			lo = mid + 1
		}
	}
	return hi
}

func (c *cutter) count(size int64) int {
	n := 0
	c.cut(size, func([]piece) { n++ })
	return n
}

// PerTask is how many shards one activity takes: enough activities to keep many workers busy, few enough that 100,000
// shards fit Temporal's history (architecture: range activities).
func PerTask(shards int) int { return min(64, max(1, shards/32)) }
