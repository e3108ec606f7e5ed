package objective

import "math"

// fastExp is exp for training, where the last bits do not matter but every run must get the same ones: Cephes' single
// precision expf (range reduction by ln 2, degree 5 polynomial), relative error below 2e-7.
func fastExp(x float32) float32 {
	if x > 88 {
		x = 88
	}
	if x < -87 {
		return 0
	}
	const log2e, ln2Hi, ln2Lo = 1.44269504, 0.693359375, -2.12194440e-4
	n := float32(math.Floor(float64(x*log2e + 0.5)))
	x -= float32(n * ln2Hi)
	x -= float32(n * ln2Lo)
	p := float32(1.9875691500e-4)
	p = float32(p*x) + 1.3981999507e-3
	p = float32(p*x) + 8.3334519073e-3
	p = float32(p*x) + 4.1665795894e-2
	p = float32(p*x) + 1.6666665459e-1
	p = float32(p*x) + 5.0000001201e-1
	p = float32(p*float32(x*x)) + x + 1
	return p * math.Float32frombits(uint32(int32(n)+127)<<23)
}

func fastSigmoid(x float32) float32 { return 1 / (1 + fastExp(-x)) }

// fastSoftmax writes the softmax of margins to p.
func fastSoftmax(p, margins []float32) {
	top := margins[0]
	for _, m := range margins[1:] {
		top = max(top, m)
	}
	sum := float32(0)
	for i, m := range margins {
		p[i] = fastExp(m - top)
		sum += p[i]
	}
	for i := range p {
		p[i] /= sum
	}
}
