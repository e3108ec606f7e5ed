// Package sobol gives points that fill the unit cube evenly: Sobol's sequence with the direction numbers of Joe and
// Kuo, plain or scrambled. Each point is worked out from its index alone.
package sobol

import "math/bits"

// Dimensions is how many coordinates have direction numbers of their own.
const Dimensions = len(directions) + 1

const scale = 1.0 / (1 << 32)

// vectors[d] are the 32 direction vectors of coordinate d.
var vectors = func() (v [Dimensions][32]uint32) {
	for k := range 32 {
		v[0][k] = 1 << (31 - k) // van der Corput's sequence
	}
	for d, dir := range directions {
		v[d+1] = dir.vectors()
	}
	return v
}()

// vectors extends the initial numbers by the recurrence of the primitive polynomial (Bratley and Fox 1988, TOMS 659).
func (dir direction) vectors() (v [32]uint32) {
	s := dir.degree
	for k := range 32 {
		if k < s {
			v[k] = dir.initial[k] << (31 - k)
			continue
		}
		v[k] = v[k-s] ^ v[k-s]>>s
		for j := 1; j < s; j++ {
			v[k] ^= dir.polynomial >> (s - 1 - j) & 1 * v[k-j]
		}
	}
	return v
}

// integer is coordinate d of point i, times 2^32. Points come in the order of the Gray code, as everyone numbers them.
func integer(i uint32, d int) uint32 {
	var x uint32
	for gray := i ^ i>>1; gray != 0; gray &= gray - 1 {
		x ^= vectors[d][bits.TrailingZeros32(gray)]
	}
	return x
}

// Plain fills dst with point i of the unscrambled sequence, at most Dimensions coordinates.
func Plain(dst []float64, i uint32) {
	for d := range dst {
		dst[d] = float64(integer(i, d)) * scale
	}
}

// Point fills dst with point i of the sequence that the seed scrambles, each coordinate strictly between 0 and 1. The
// scrambling is Owen's (1995) by hashing (Burley 2020, Practical Hash-based Owen Scrambling, JCGT 9(4)): it keeps the
// sequence's evenness. Coordinates beyond Dimensions are further scramblings of the first ones.
func Point(dst []float64, i uint32, seed uint64) {
	for d := range dst {
		x := scramble(integer(i, d%Dimensions), uint32(mix(seed+uint64(d)*0x9e3779b97f4a7c15)))
		dst[d] = (float64(x) + 0.5) * scale
	}
}

// scramble permutes each half, quarter, eighth and so on of [0, 2^32) at random: a hash in which a bit depends on higher
// bits only. The constants are Burley's, after Laine and Karras.
func scramble(x, seed uint32) uint32 {
	x = bits.Reverse32(x)
	x += seed
	x ^= x * 0x6c50b47c
	x ^= x * 0xb82f1e52
	x ^= x * 0xc7afe638
	x ^= x * 0x8d22f6e6
	return bits.Reverse32(x)
}

// mix is the finaliser of SplitMix64 (Steele, Lea and Flood 2014).
func mix(x uint64) uint64 {
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
