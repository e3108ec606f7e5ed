//go:build !amd64

package vector

// Here the plain Go does it all.

func kernelExp(dst, src []float32) int                                { return 0 }
func kernelSigmoid(dst, src []float32) int                            { return 0 }
func kernelExpLess(dst, src, less, sums []float32) int                { return 0 }
func kernelMax(dst, src []float32) int                                { return 0 }
func kernelSubtract(dst, a, b []float32) int                          { return 0 }
func kernelMultiply(dst, src []float32) int                           { return 0 }
func kernelDivide(dst, src []float32) int                             { return 0 }
func kernelVariance(_, _ []float32, _, _ float32) int                 { return 0 }
func kernelSquares(a, b []float32, _ *[lanes]float64) int             { return 0 }
func kernelMultiplyOwn(_, _ []float32, _ *[lanes]float64) (int, bool) { return 0, true }
