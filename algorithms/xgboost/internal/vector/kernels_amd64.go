package vector

import (
	"math"
	"slices"

	"golang.org/x/sys/cpu"
)

// useAVX2 says that the assembly can run.
var useAVX2 = cpu.X86.HasAVX2

// constants are what the assembly needs, each once per lane. Their places are named in kernels_amd64.s.
var constants = repeat(
	math.Float32bits(expHighest), math.Float32bits(expLowest), math.Float32bits(log2e), math.Float32bits(rounder),
	math.Float32bits(ln2Hi), math.Float32bits(ln2Lo), math.Float32bits(exp5), math.Float32bits(exp4), math.Float32bits(exp3),
	math.Float32bits(exp2), math.Float32bits(exp1), math.Float32bits(exp0), math.Float32bits(1), exponentBias,
	math.Float32bits(sigmoidHighest), 1<<31,
)

func repeat(words ...uint32) []uint32 {
	var all []uint32
	for _, w := range words {
		all = append(all, slices.Repeat([]uint32{w}, lanes)...)
	}
	return all
}

// whole is how many of n numbers the assembly takes.
func whole(n int) int {
	if !useAVX2 {
		return 0
	}
	return n &^ (lanes - 1)
}

func kernelExp(dst, src []float32) int {
	n := whole(len(src))
	if n > 0 {
		expAVX2(&dst[:n][0], &src[0], n, &constants[0])
	}
	return n
}

func kernelSigmoid(dst, src []float32) int {
	n := whole(len(src))
	if n > 0 {
		sigmoidAVX2(&dst[:n][0], &src[0], n, &constants[0])
	}
	return n
}

func kernelExpLess(dst, src, less, sums []float32) int {
	n := whole(len(src))
	if n > 0 {
		expLessAVX2(&dst[:n][0], &src[0], &less[:n][0], &sums[:n][0], n, &constants[0])
	}
	return n
}

func kernelMax(dst, src []float32) int {
	n := whole(len(src))
	if n > 0 {
		maxAVX2(&dst[:n][0], &src[0], n)
	}
	return n
}

func kernelSubtract(dst, a, b []float32) int {
	n := whole(len(a))
	if n > 0 {
		subtractAVX2(&dst[:n][0], &a[0], &b[:n][0], n)
	}
	return n
}

func kernelMultiply(dst, src []float32) int {
	n := whole(len(src))
	if n > 0 {
		multiplyAVX2(&dst[:n][0], &src[0], n)
	}
	return n
}

func kernelDivide(dst, src []float32) int {
	n := whole(len(src))
	if n > 0 {
		divideAVX2(&dst[:n][0], &src[0], n)
	}
	return n
}

func kernelVariance(dst, p []float32, scale, least float32) int {
	n := whole(len(p))
	if n > 0 {
		varianceAVX2(&dst[:n][0], &p[0], n, scale, least)
	}
	return n
}

func kernelSquares(a, b []float32, sums *[lanes]float64) int {
	n := whole(len(a))
	if n > 0 {
		squaresAVX2(&a[0], &b[:n][0], n, sums)
	}
	return n
}

func kernelMultiplyOwn(p, labels []float32, products *[lanes]float64) (n int, ok bool) {
	n = whole(len(p))
	return n, n == 0 || multiplyOwnAVX2(&p[0], &labels[:n][0], n, products, minProbability)
}

//go:noescape
func expAVX2(dst, src *float32, n int, constants *uint32)

//go:noescape
func sigmoidAVX2(dst, src *float32, n int, constants *uint32)

//go:noescape
func expLessAVX2(dst, src, less, sums *float32, n int, constants *uint32)

//go:noescape
func maxAVX2(dst, src *float32, n int)

//go:noescape
func subtractAVX2(dst, a, b *float32, n int)

//go:noescape
func multiplyAVX2(dst, src *float32, n int)

//go:noescape
func divideAVX2(dst, src *float32, n int)

//go:noescape
func varianceAVX2(dst, p *float32, n int, scale, least float32)

//go:noescape
func squaresAVX2(a, b *float32, n int, sums *[lanes]float64)

//go:noescape
func multiplyOwnAVX2(p, labels *float32, n int, products *[lanes]float64, least float64) bool
