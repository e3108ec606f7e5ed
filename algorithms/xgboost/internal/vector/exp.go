package vector

import "math"

// The exponential is Cephes' single precision expf (Moshier, https://www.netlib.org/cephes/): range reduction by ln 2 in
// two parts, a polynomial of degree 5 on what is left, and the power of two put on in two halves, so that results below the
// smallest normal number come out right.
const (
	expHighest = 89   // from here up the result is infinite
	expLowest  = -104 // from here down it is 0
	log2e      = 1.44269504
	ln2Hi      = 0.693359375
	ln2Lo      = -2.12194440e-4
	exp5       = 1.9875691500e-4
	exp4       = 1.3981999507e-3
	exp3       = 8.3334519073e-3
	exp2       = 4.1665795894e-2
	exp1       = 1.6666665459e-1
	exp0       = 5.0000001201e-1
	// rounder rounds to a whole number when added, which then stands in the lowest bits.
	rounder      = 12582912 // 1.5 * 2^23
	exponentBias = 127
	// sigmoidHighest bounds -x in the sigmoid.
	sigmoidHighest = 88.7
)

// Every product below is converted by itself: that keeps the compiler from fusing it with the addition that follows.
func exp(x float32) float32 {
	if x > expHighest {
		x = expHighest
	}
	if x < expLowest {
		x = expLowest
	}
	t := float32(x*log2e) + rounder
	n := t - rounder
	x -= float32(n * ln2Hi)
	x -= float32(n * ln2Lo)
	p := float32(x*exp5) + exp4
	p = float32(p*x) + exp3
	p = float32(p*x) + exp2
	p = float32(p*x) + exp1
	p = float32(p*x) + exp0
	p = float32(p*float32(x*x)) + x + 1
	whole := int32(math.Float32bits(t)) - int32(math.Float32bits(rounder))
	half := whole >> 1
	return p * power(half) * power(whole-half)
}

func power(n int32) float32 { return math.Float32frombits(uint32(n+exponentBias) << 23) }

func sigmoid(x float32) float32 {
	x = -x
	if x > sigmoidHighest {
		x = sigmoidHighest
	}
	return 1 / (1 + exp(x))
}
