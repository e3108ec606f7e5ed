package objective

import (
	"errors"
	"math"
)

// aft is the accelerated failure time model: the logarithm of the time is the margin plus noise of a given distribution
// and scale. Formulas and bounds are XGBoost's (src/common/survival_util.h and probability_distribution.h).
type aft struct {
	noise noise
	sigma float64
}

// noise is a distribution: density, its first two derivatives, and the share below.
type noise struct {
	density, slope, bend, below func(z float64) float64
	limits                      limits
}

// limits are the derivatives of the loss where the margin is so far off that its formula is 0/0, for z below 0 (the margin
// is above) and from 0 up.
type limits struct {
	gradient, hessian func(sigma float64, above bool) float64
}

func newAFT(o Options) aft {
	return aft{noise: map[string]noise{"normal": normal, "logistic": logisticNoise, "extreme": extreme}[o.Distribution], sigma: o.Scale}
}

const (
	aftMaxGradient = 15
	aftTiny        = 1e-12
)

func (aft) EvalMetric() string { return "aft-nloglik" }
func (aft) Response() Response { return nil } // the metrics of survival:aft take margins
func (aft) CheckLabel(y float32) error {
	if y < 0 {
		return errors.New("the label must be a time from 0 up for survival:aft")
	}
	return nil
}

func (l aft) Gradients(rows *Rows, g, h [][]float32) {
	for r, m := range rows.Margins[0] {
		low, high := rows.interval(r)
		gr, hr := l.derive(float64(m), low, high)
		w := rows.Weight(r)
		g[0][r], h[0][r] = float32(gr*w), float32(hr*w)
	}
}

// interval is where a row's true time lies: both ends are the label where it is known.
func (r *Rows) interval(i int) (low, high float64) {
	low = float64(r.Labels[i])
	if r.Upper == nil {
		return low, low
	}
	return low, float64(r.Upper[i])
}

func (l aft) derive(m, low, high float64) (g, h float64) {
	var numerator, denominator, bend, square float64
	var above bool
	if low == high {
		z := (math.Log(low) - m) / l.sigma
		f, s := l.noise.density(z), l.noise.slope(z)
		numerator, denominator = s, l.sigma*f
		bend, square = -(f*l.noise.bend(z) - s*s), l.sigma*l.sigma*f*f
		above = z > 0
	} else {
		var fl, fu, sl, su float64
		share := 1.0
		if high < math.Inf(1) {
			z := (math.Log(high) - m) / l.sigma
			fu, su, share = l.noise.density(z), l.noise.slope(z), l.noise.below(z)
			above = z > 0
		}
		if low > 0 {
			z := (math.Log(low) - m) / l.sigma
			fl, sl = l.noise.density(z), l.noise.slope(z)
			share -= l.noise.below(z)
			above = above || z > 0
		}
		numerator, denominator = fu-fl, l.sigma*share
		bend, square = -(share*(su-sl) - (fu-fl)*(fu-fl)), l.sigma*l.sigma*share*share
	}
	g, h = numerator/denominator, bend/square
	if denominator < aftTiny && (math.IsNaN(g) || math.IsInf(g, 0)) {
		g = l.limitGradient(low, high, above)
	}
	if square < aftTiny && (math.IsNaN(h) || math.IsInf(h, 0)) {
		h = l.limitHessian(low, high, above)
	}
	return min(max(g, -aftMaxGradient), aftMaxGradient), min(max(h, minHessian), aftMaxGradient)
}

// limitGradient is 0 where the row's interval is open towards the margin: there nothing is left to gain.
func (l aft) limitGradient(low, high float64, above bool) float64 {
	if low != high && (high == math.Inf(1) && !above || low <= 0 && above) {
		return 0
	}
	return l.noise.limits.gradient(l.sigma, above)
}

func (l aft) limitHessian(low, high float64, above bool) float64 {
	if low != high && (high == math.Inf(1) && !above || low <= 0 && above) {
		return minHessian
	}
	return l.noise.limits.hessian(l.sigma, above)
}

// negLogLik is the loss itself.
func (l aft) negLogLik(m, low, high float64) float64 {
	if low == high {
		return -math.Log(max(l.noise.density((math.Log(low)-m)/l.sigma)/(l.sigma*low), aftTiny))
	}
	share := 1.0
	if high < math.Inf(1) {
		share = l.noise.below((math.Log(high) - m) / l.sigma)
	}
	if low > 0 {
		share -= l.noise.below((math.Log(low) - m) / l.sigma)
	}
	return -math.Log(max(share, aftTiny))
}

var normal = noise{
	density: normalDensity,
	slope:   func(z float64) float64 { return -z * normalDensity(z) },
	bend:    func(z float64) float64 { return (z*z - 1) * normalDensity(z) },
	below:   func(z float64) float64 { return 0.5 * (1 + math.Erf(z/math.Sqrt2)) },
	limits: limits{
		gradient: func(_ float64, above bool) float64 { return pick(above, -aftMaxGradient, aftMaxGradient) },
		hessian:  func(sigma float64, _ bool) float64 { return 1 / (sigma * sigma) },
	},
}

func normalDensity(z float64) float64 { return math.Exp(-z*z/2) / math.Sqrt(2*math.Pi) }

func pick(first bool, a, b float64) float64 {
	if first {
		return a
	}
	return b
}

var logisticNoise = noise{
	density: logisticDensity,
	slope: func(z float64) float64 {
		w := math.Exp(z)
		if math.IsInf(w*w, 0) {
			return 0
		}
		return logisticDensity(z) * (1 - w) / (1 + w)
	},
	bend: func(z float64) float64 {
		w := math.Exp(z)
		if math.IsInf(w*w, 0) {
			return 0
		}
		return logisticDensity(z) * (w*w - 4*w + 1) / ((1 + w) * (1 + w))
	},
	below: func(z float64) float64 { return 1 / (1 + math.Exp(-z)) },
	limits: limits{
		gradient: func(sigma float64, above bool) float64 { return pick(above, -1/sigma, 1/sigma) },
		hessian:  func(float64, bool) float64 { return minHessian },
	},
}

func logisticDensity(z float64) float64 {
	w := math.Exp(z)
	if math.IsInf(w*w, 0) {
		return 0
	}
	return w / ((1 + w) * (1 + w))
}

var extreme = noise{
	density: extremeDensity,
	slope: func(z float64) float64 {
		w := math.Exp(z)
		if math.IsInf(w, 0) {
			return 0
		}
		return (1 - w) * extremeDensity(z)
	},
	bend: func(z float64) float64 {
		w := math.Exp(z)
		if math.IsInf(w*w, 0) {
			return 0
		}
		return (w*w - 3*w + 1) * extremeDensity(z)
	},
	below: func(z float64) float64 { return 1 - math.Exp(-math.Exp(z)) },
	limits: limits{
		gradient: func(sigma float64, above bool) float64 { return pick(above, -aftMaxGradient, 1/sigma) },
		hessian:  func(_ float64, above bool) float64 { return pick(above, aftMaxGradient, minHessian) },
	},
}

func extremeDensity(z float64) float64 {
	w := math.Exp(z)
	if math.IsInf(w, 0) {
		return 0
	}
	return w * math.Exp(-w)
}
