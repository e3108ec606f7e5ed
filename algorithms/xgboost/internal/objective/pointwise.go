package objective

import (
	"errors"
	"math"
	"strconv"
)

// pointwise is a loss of one margin and one label. The formulas are XGBoost's (src/objective/regression_obj.cu and
// regression_loss.h).
type pointwise struct {
	metric   string
	link     Link
	check    func(y float32) error
	scalePos float32                                // factor on rows with label 1; 0 counts as 1
	derive   func(margin, y float64) (g, h float64) // first and second derivative
}

func (l pointwise) CheckLabel(y float32) error {
	if l.check == nil {
		return nil
	}
	return l.check(y)
}

func (l pointwise) EvalMetric() string { return l.metric }

func (l pointwise) Probabilities(m []float32, groups int) { l.link.Predict(m, groups) }

func (l pointwise) Gradients(rows *Rows, from, to int, g, h [][]float32) {
	for r := from; r < to; r++ {
		y := rows.Labels[r]
		w := rows.Weight(r)
		if y == 1 && l.scalePos != 0 {
			w *= float64(l.scalePos)
		}
		gr, hr := l.derive(float64(rows.Predictions[r]), float64(y))
		g[0][r], h[0][r] = float32(gr*w), float32(hr*w)
	}
}

func pointwiseLoss(name string, o Options) (pointwise, bool) {
	switch name {
	case "reg:squaredlogerror":
		l := squaredLogError
		l.scalePos = float32(o.ScalePosWeight)
		return l, true
	case "reg:pseudohubererror":
		return pseudoHuber(o.HuberSlope), true
	case "reg:gamma":
		l := gammaDeviance
		l.scalePos = float32(o.ScalePosWeight)
		return l, true
	case "reg:tweedie":
		return tweedie(o.TweediePower), true
	case "count:poisson":
		return poisson(o.MaxDeltaStep), true
	case "binary:hinge":
		return hinge, true
	}
	return pointwise{}, false
}

var squaredLogError = pointwise{metric: "rmsle", link: identityLink,
	check: func(y float32) error {
		if y <= -1 {
			return errors.New("the label must be above -1, for its logarithm is taken after adding 1")
		}
		return nil
	},
	derive: func(m, y float64) (g, h float64) {
		p := math.Max(m, -1+1e-6) // the logarithm needs it
		d := math.Log1p(p) - math.Log1p(y)
		return d / (p + 1), math.Max((1-d)/((p+1)*(p+1)), 1e-6)
	},
}

// pseudoHuber is quadratic near 0 and linear from about slope on.
func pseudoHuber(slope float64) pointwise {
	return pointwise{metric: "mphe", link: identityLink, derive: func(m, y float64) (g, h float64) {
		z := m - y
		root := math.Sqrt(1 + z*z/(slope*slope))
		return z / root, slope * slope / ((slope*slope + z*z) * root)
	}}
}

// gammaDeviance is the negative log-likelihood of a gamma distribution with a log link.
var gammaDeviance = pointwise{metric: "gamma-nloglik", link: logLink,
	check: func(y float32) error {
		if y <= 0 {
			return errors.New("the label must be above 0 for a gamma distribution")
		}
		return nil
	},
	derive: func(m, y float64) (g, h float64) {
		ratio := y / math.Exp(m)
		return 1 - ratio, ratio
	},
}

func notNegative(of string) func(y float32) error {
	return func(y float32) error {
		if y < 0 {
			return errors.New("the label must be 0 or more for a " + of + " distribution")
		}
		return nil
	}
}

func tweedie(rho float64) pointwise {
	return pointwise{metric: "tweedie-nloglik@" + strconv.FormatFloat(rho, 'g', -1, 64), link: logLink, check: notNegative("Tweedie"),
		derive: func(m, y float64) (g, h float64) {
			a, b := y*math.Exp((1-rho)*m), math.Exp((2-rho)*m)
			return b - a, (2-rho)*b - (1-rho)*a
		}}
}

// poisson adds maxDeltaStep to the margin in the second derivative, which keeps steps small.
func poisson(maxDeltaStep float64) pointwise {
	return pointwise{metric: "poisson-nloglik", link: logLink, check: notNegative("Poisson"),
		derive: func(m, y float64) (g, h float64) { return math.Exp(m) - y, math.Exp(m + maxDeltaStep) }}
}

var hinge = pointwise{metric: "error", link: hingeLink, check: zeroOrOne,
	derive: func(m, y float64) (g, h float64) {
		if y = 2*y - 1; m*y < 1 {
			return -y, 1
		}
		return 0, math.SmallestNonzeroFloat32
	},
}

// adaptive is a loss whose gradient only says on which side of the label the margin is.
type adaptive struct {
	pointwise
	alpha float64
}

func (l adaptive) Alpha() float64 { return l.alpha }

var absoluteError = pointwise{metric: "mae", link: identityLink, derive: func(m, y float64) (g, h float64) {
	switch {
	case m > y:
		return 1, 1
	case m < y:
		return -1, 1
	}
	return 0, 1
}}

func quantileError(alpha float64) pointwise {
	return pointwise{metric: "quantile", link: identityLink, derive: func(m, y float64) (g, h float64) {
		if m >= y {
			return 1 - alpha, 1
		}
		return -alpha, 1
	}}
}
