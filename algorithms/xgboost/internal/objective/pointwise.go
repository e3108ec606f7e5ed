package objective

import (
	"errors"
	"math"
)

// pointwise is a loss of one margin and one label. The formulas are XGBoost's (src/objective/regression_obj.cu and
// regression_loss.h).
type pointwise struct {
	metric   string
	response Response
	check    func(y float32) error
	scalePos float32                              // factor on rows with label 1; 0 counts as 1
	derive   func(m, p, y float64) (g, h float64) // first and second derivative at margin m, which predicts p
}

func (l pointwise) CheckLabel(y float32) error {
	if l.check == nil {
		return nil
	}
	return l.check(y)
}

func (l pointwise) EvalMetric() string { return l.metric }

func (l pointwise) Response() Response { return l.response }

func (l pointwise) Gradients(rows *Rows, g, h [][]float32) { l.gradients(rows, 0, g[0], h[0]) }

// gradients writes the derivatives of one output.
func (l pointwise) gradients(rows *Rows, output int, g, h []float32) {
	p := rows.Predictions[output]
	for i, m := range rows.Margins[output] {
		y, w := rows.Labels[i], rows.Weight(i)
		if y == 1 && l.scalePos != 0 {
			w *= float64(l.scalePos)
		}
		gi, hi := l.derive(float64(m), float64(p[i]), float64(y))
		g[i], h[i] = float32(gi*w), float32(hi*w)
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
	case "count:poisson":
		return poisson(o.MaxDeltaStep), true
	case "binary:hinge":
		return hinge, true
	}
	return pointwise{}, false
}

var squaredLogError = pointwise{metric: "rmsle",
	check: func(y float32) error {
		if y <= -1 {
			return errors.New("the label must be above -1, for its logarithm is taken after adding 1")
		}
		return nil
	},
	derive: func(m, _, y float64) (g, h float64) {
		p := math.Max(m, -1+1e-6) // the logarithm needs it
		d := math.Log1p(p) - math.Log1p(y)
		return d / (p + 1), math.Max((1-d)/((p+1)*(p+1)), 1e-6)
	},
}

// pseudoHuber is quadratic near 0 and linear from about slope on.
func pseudoHuber(slope float64) pointwise {
	return pointwise{metric: "mphe", derive: func(m, _, y float64) (g, h float64) {
		z := m - y
		root := math.Sqrt(1 + z*z/(slope*slope))
		return z / root, slope * slope / ((slope*slope + z*z) * root)
	}}
}

// gammaDeviance is the negative log-likelihood of a gamma distribution with a log link.
var gammaDeviance = pointwise{metric: "gamma-nloglik", response: expResponse,
	check: func(y float32) error {
		if y <= 0 {
			return errors.New("the label must be above 0 for a gamma distribution")
		}
		return nil
	},
	derive: func(_, p, y float64) (g, h float64) { return 1 - y/p, y / p },
}

func notNegative(of string) func(y float32) error {
	return func(y float32) error {
		if y < 0 {
			return errors.New("the label must be 0 or more for a " + of + " distribution")
		}
		return nil
	}
}

// poisson adds maxDeltaStep to the margin in the second derivative, which keeps steps small.
func poisson(maxDeltaStep float64) pointwise {
	factor := math.Exp(maxDeltaStep)
	return pointwise{metric: "poisson-nloglik", response: expResponse, check: notNegative("Poisson"),
		derive: func(_, p, y float64) (g, h float64) { return p - y, p * factor }}
}

var hinge = pointwise{metric: "error", response: stepResponse, check: zeroOrOne,
	derive: func(m, _, y float64) (g, h float64) {
		if y = 2*y - 1; m*y < 1 {
			return -y, 1
		}
		return 0, math.SmallestNonzeroFloat32
	},
}

// adaptive is a loss whose gradient only says on which side of the label the margin is, for each output by itself.
type adaptive struct {
	metric  string
	outputs []pointwise
	alphas  []float64
}

func (adaptive) CheckLabel(float32) error { return nil }

func (l adaptive) EvalMetric() string { return l.metric }

func (adaptive) Response() Response { return nil }

func (l adaptive) Alpha(output int) float64 { return l.alphas[output] }

func (l adaptive) Gradients(rows *Rows, g, h [][]float32) {
	for output, loss := range l.outputs {
		loss.gradients(rows, output, g[output], h[output])
	}
}

// quantiles is the pinball loss of a quantile per output.
func quantiles(alphas []float64) adaptive {
	l := adaptive{metric: "quantile", alphas: alphas}
	for _, alpha := range alphas {
		l.outputs = append(l.outputs, quantileError(alpha))
	}
	return l
}

var absoluteError = pointwise{metric: "mae", derive: func(m, _, y float64) (g, h float64) {
	switch {
	case m > y:
		return 1, 1
	case m < y:
		return -1, 1
	}
	return 0, 1
}}

func quantileError(alpha float64) pointwise {
	return pointwise{metric: "quantile", derive: func(m, _, y float64) (g, h float64) {
		if m >= y {
			return 1 - alpha, 1
		}
		return -alpha, 1
	}}
}
