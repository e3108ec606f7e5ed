package sharding

import "github.com/batchmill/batchmill/dataset"

// Cut groups each input's units into shards. With most > 0 about that many shards are made in all (never fewer than one
// per non-empty input, never more than units); otherwise consecutive units are grouped up to size bytes.
// How units are grouped changes neither the rows nor the output bytes.
func Cut(inputs []Input, most int, size int64) []Shard {
	if most > 0 {
		size = sizeFor(inputs, most)
	}
	var shards []Shard
	for i, in := range inputs {
		shards = append(shards, cutInput(i, in.Units, size)...)
	}
	return shards
}

// cutInput groups one input's units greedily: a shard ends where one more unit would take it over size.
func cutInput(input int, units []dataset.Unit, size int64) []Shard {
	var shards []Shard
	from, held := 0, int64(0)
	for u := range units {
		if u > from && held+units[u].Bytes > size {
			shards = append(shards, Shard{input, from, u})
			from, held = u, 0
		}
		held += units[u].Bytes
	}
	if from < len(units) {
		shards = append(shards, Shard{input, from, len(units)})
	}
	return shards
}

// sizeFor finds the smallest shard size, in bytes, that yields at most `most` shards where that is possible.
func sizeFor(inputs []Input, most int) int64 {
	var lo, hi int64 = 1, 1
	for _, in := range inputs {
		var sum int64
		for _, u := range in.Units {
			sum += u.Bytes
		}
		hi = max(hi, sum)
	}
	for lo < hi {
		mid := lo + (hi-lo)/2
		n := 0
		for i, in := range inputs {
			n += len(cutInput(i, in.Units, mid))
		}
		if n <= most {
			hi = mid
		} else {
			lo = mid + 1
		}
	}
	return hi
}

// PerTask is how many shards one activity takes: enough activities to keep many workers busy, few enough that 100,000
// shards fit Temporal's history (architecture: range activities).
func PerTask(shards int) int { return min(64, max(1, shards/32)) }
