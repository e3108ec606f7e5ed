// Package gp is Gaussian process regression over the unit cube with a Matérn-5/2 kernel: one length-scale for each
// coordinate, categories by exchangeable distance, inputs warped by Kumaraswamy's distribution, hyperparameters by maximum
// a posteriori with analytic gradients. Plain linear algebra: it knows no trials and no objective's goal.
package gp

import (
	"math"
	"slices"
)

// Shape says what the coordinates of a point are. A numeric one lies in [0, 1]; a categorical one is a code.
type Shape struct {
	Categorical []bool // by coordinate
	Warped      bool   // numeric coordinates are warped
}

// Hyper are a kernel's hyperparameters, all positive.
type Hyper struct {
	Lengths  []float64 `json:"lengths"`     // length-scale by coordinate
	A        []float64 `json:"a,omitempty"` // Kumaraswamy's exponents by coordinate, where warped; unused for categories
	B        []float64 `json:"b,omitempty"`
	Variance float64   `json:"variance"` // of the function
	Noise    float64   `json:"noise"`    // variance of an observation
}

// Fits tells whether h are hyperparameters of so many coordinates, positive and finite.
func (h Hyper) Fits(n int) bool {
	if len(h.Lengths) != n || len(h.A) != len(h.B) || h.A != nil && len(h.A) != n {
		return false
	}
	for _, v := range slices.Concat(h.Lengths, h.A, h.B, []float64{h.Variance, h.Noise}) {
		if !(v > 0) || math.IsInf(v, 0) {
			return false
		}
	}
	return true
}

// The vector that is optimised holds the logarithms: lengths, variance, noise, then A and B.

// size is how many hyperparameters there are.
func (s Shape) size() int {
	n := len(s.Categorical)
	if s.Warped {
		return 3*n + 2
	}
	return n + 2
}

func (s Shape) hyper(v []float64) Hyper {
	n := len(s.Categorical)
	h := Hyper{Lengths: exps(v[:n]), Variance: math.Exp(v[n]), Noise: math.Exp(v[n+1])}
	if s.Warped {
		h.A, h.B = exps(v[n+2:2*n+2]), exps(v[2*n+2:])
	}
	return h
}

// vector is the inverse of hyper.
func (s Shape) vector(h Hyper) []float64 {
	v := make([]float64, 0, s.size())
	v = appendLogs(v, h.Lengths)
	v = append(v, math.Log(h.Variance), math.Log(h.Noise))
	if s.Warped {
		v = appendLogs(appendLogs(v, h.A), h.B)
	}
	return v
}

func exps(v []float64) []float64 {
	out := make([]float64, len(v))
	for i, x := range v {
		out[i] = math.Exp(x)
	}
	return out
}

func appendLogs(dst, v []float64) []float64 {
	for _, x := range v {
		dst = append(dst, math.Log(x))
	}
	return dst
}

// normal is a prior on the logarithm of a hyperparameter, with the bounds it is searched in.
type normal struct{ mean, deviation, lo, hi float64 }

// term is the log density at x, up to a constant, and its slope.
func (p normal) term(x float64) (value, slope float64) {
	z := (x - p.mean) / p.deviation
	return -z * z / 2, -z / p.deviation
}

// Prior says how wide priors are: deviations of logarithms.
type Prior struct {
	Lengths  float64 // √3 in the paper of priors
	Variance float64
	Warp     bool // inputs may be warped
}

// priors are those of the whole vector. The lengths' grows with the root of the number of coordinates, so that a
// function of many is not taken for noise: Hvarfner, Hellsten and Nardi (2024), Vanilla Bayesian Optimization Performs
// Great in High Dimensions, ICML. The noise's reaches far down: most functions tuned here have little.
func (s Shape) priors(w Prior) []normal {
	n := len(s.Categorical)
	lengths := normal{math.Sqrt2 + math.Log(float64(n))/2, w.Lengths, math.Log(5e-3), math.Log(1e3)}
	out := make([]normal, 0, s.size())
	for range n {
		out = append(out, lengths)
	}
	out = append(out, normal{0, w.Variance, math.Log(1e-2), math.Log(1e5)}, normal{noiseMean, noiseDeviation, math.Log(MinNoise), 0})
	if s.Warped {
		for range 2 * n {
			out = append(out, normal{0, warpDeviation, -warpBound, warpBound})
		}
	}
	return out
}
