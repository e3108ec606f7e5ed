package gp

import "math"

// warp is Kumaraswamy's distribution function 1 - (1 - xᵃ)ᵇ, which bends an axis so that a function changes evenly along it
// (Snoek et al. 2014, Input Warping for Bayesian Optimization of Non-stationary Functions, ICML), with its derivatives by x,
// log a and log b.
// Outside [0, 1] the axis stays as it is.
func warp(x, a, b float64) (w, byX, byLogA, byLogB float64) {
	if !warps(x) {
		return x, 1, 0, 0
	}
	x = inward(x)
	return warpAt(x, math.Log(x), a, b)
}

// warps tells whether x lies on the axis' part that is bent.
func warps(x float64) bool { return x >= 0 && x <= 1 }

// warpAt is warp at an x that inward gave, and its logarithm.
func warpAt(x, logX, a, b float64) (w, byX, byLogA, byLogB float64) {
	xa := decay(-a * logX)
	rest := 1 - xa
	logRest := math.Log(rest)
	power := decay(-b * logRest)
	slope := b * power / rest * xa // by log x times 1/a
	return 1 - power, slope * a / x, slope * a * logX, -power * b * logRest
}

// inward keeps a little distance from the ends, so that logarithms are finite.
func inward(x float64) float64 { return min(max(x, edge), 1-edge) }

const edge = 1e-9
