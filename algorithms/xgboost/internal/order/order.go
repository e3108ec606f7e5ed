// Package order sorts numbers quickly: as integers of the same order, with a radix sort.
package order

import "math"

// Key maps floats to integers of the same order. Both zeros have one key; NaN sorts at either end.
func Key(v float32) uint32 {
	if v == 0 {
		v = 0 // -0 is 0
	}
	b := math.Float32bits(v)
	if b>>31 != 0 {
		return ^b
	}
	return b | 1<<31
}

// Value is the inverse of Key.
func Value(k uint32) float32 {
	if k>>31 != 0 {
		return math.Float32frombits(k &^ (1 << 31))
	}
	return math.Float32frombits(^k)
}

// Sort sorts by the upper 32 bits, stably: three passes of a radix sort. What scratch holds is lost; where it is too short for the keys,
// other memory is taken.
func Sort(keys, scratch []uint64) {
	const bits = 11
	if len(scratch) < len(keys) {
		scratch = make([]uint64, len(keys))
	}
	other := scratch[:len(keys)]
	for shift := 32; shift < 64; shift += bits {
		var start [1 << bits]int
		for _, k := range keys {
			start[k>>shift&(1<<bits-1)]++
		}
		sum := 0
		for i, n := range start {
			start[i] = sum
			sum += n
		}
		for _, k := range keys {
			d := k >> shift & (1<<bits - 1)
			other[start[d]] = k
			start[d]++
		}
		keys, other = other, keys
	}
	copy(other, keys) // an odd number of passes ended in the helper
}
