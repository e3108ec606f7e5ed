package gp

import "math"

// warp is Kumaraswamy's distribution function 1 - (1 - xᵃ)ᵇ, which bends an axis so that a function changes evenly along it
// (Snoek et al. 2014, Input Warping for Bayesian Optimization of Non-stationary Functions, ICML), with its derivatives by x,
// log a and log b.
// Outside [0, 1] the axis stays as it is.
func warp(x, a, b float64) (w, byX, byLogA, byLogB float64) {
	if x < 0 || x > 1 {
		return x, 1, 0, 0
	}
	x = min(max(x, edge), 1-edge)
	logX := math.Log(x)
	xa := math.Exp(a * logX)
	rest := 1 - xa
	logRest := math.Log(rest)
	power := math.Exp(b * logRest)
	slope := b * power / rest * xa // by log x times 1/a
	return 1 - power, slope * a / x, slope * a * logX, -power * b * logRest
}

// edge keeps logarithms finite at both ends of the axis.
const edge = 1e-9
