package objective

import (
	"fmt"
	"math"
)

// Loss is an objective that can be trained.
type Loss interface {
	// CheckLabel says what is wrong with a label, or nil. NaN never gets here.
	CheckLabel(y float32) error
	// Gradients writes first and second derivatives of the loss by the margin for rows [from, to): g[c][r] and h[c][r]
	// for output c. The predictions of rows are margins here.
	Gradients(rows *Rows, from, to int, g, h [][]float32)
	// EvalMetric is the metric reported where the user names none.
	EvalMetric() string
	// Probabilities turns margins in place into what metrics compare with labels.
	Probabilities(margins []float32, groups int)
}

// Whole is a loss whose rows depend on one another: its derivatives are those of all rows at once. Gradients is not called.
type Whole interface {
	Loss
	// Prepare checks the rows and remembers what every round needs; it is called once, before the first round.
	Prepare(rows *Rows) error
	// GradientsOfAll writes the derivatives of one round. each runs pieces of work, see Metric.Eval.
	GradientsOfAll(rows *Rows, seed uint64, each func(n int, do func(i int)), g, h []float32)
}

// Adaptive is a loss with a constant second derivative, whose leaves therefore are set anew once the tree is grown: to the
// quantile Alpha of label minus margin, times the learning rate (XGBoost's adaptive trees, src/objective/adaptive.cc).
type Adaptive interface {
	Loss
	Alpha() float64
}

// minHessian keeps second derivatives above zero, as XGBoost does.
const minHessian = 1e-16

// Options are what objectives can be told.
type Options struct {
	Classes        int
	ScalePosWeight float64
	MaxDeltaStep   float64 // count:poisson
	TweediePower   float64
	HuberSlope     float64
	QuantileAlpha  float64
	Distribution   string // survival:aft: normal, logistic or extreme
	Scale          float64
	PairMethod     string // ranking: topk or mean
	Pairs          int    // ranking: pairs per row (mean) or rows that pairs start from (topk); 0: 1 and 32
}

// New returns the loss of an objective; ok is false where it cannot be trained.
func New(name string, o Options) (loss Loss, ok bool) {
	scale := float32(o.ScalePosWeight)
	switch name {
	case "reg:squarederror", "reg:linear":
		return squared{scale}, true
	case "reg:logistic":
		return logistic{metric: "rmse", scalePos: scale}, true
	case "binary:logistic", "binary:logitraw":
		return logistic{metric: "logloss", binary: true, scalePos: scale}, true
	case "multi:softmax", "multi:softprob":
		return multiclass{o.Classes}, true
	case "survival:cox":
		return &cox{}, true
	case "survival:aft":
		return newAFT(o), true
	case "reg:absoluteerror":
		return adaptive{pointwise: absoluteError, alpha: 0.5}, true
	case "reg:quantileerror":
		return adaptive{pointwise: quantileError(o.QuantileAlpha), alpha: o.QuantileAlpha}, true
	case "rank:pairwise", "rank:ndcg", "rank:map":
		return newRanking(name, o), true
	}
	p, ok := pointwiseLoss(name, o)
	return p, ok
}

// squared is half the squared error. Like XGBoost's, it counts rows with label 1 scale_pos_weight times.
type squared struct{ scalePos float32 }

func (squared) CheckLabel(float32) error     { return nil }
func (squared) EvalMetric() string           { return "rmse" }
func (squared) Probabilities([]float32, int) {}
func (l squared) Gradients(rows *Rows, from, to int, g, h [][]float32) {
	g0, h0, labels := g[0][from:to], h[0][from:to], rows.Labels[from:to]
	for i, m := range rows.Predictions[from:to] {
		g0[i], h0[i] = m-labels[i], 1
	}
	if rows.Weights != nil {
		for i, w := range rows.Weights[from:to] {
			g0[i] *= w
			h0[i] = w
		}
	}
	if l.scalePos != 1 {
		for i, y := range labels {
			if y == 1 {
				g0[i] *= l.scalePos
				h0[i] *= l.scalePos
			}
		}
	}
}

// logistic is the log loss of a probability, for labels in [0, 1] or, if binary, 0 and 1.
type logistic struct {
	metric   string
	binary   bool
	scalePos float32 // factor on the weight of rows with label 1
}

func (l logistic) CheckLabel(y float32) error {
	if l.binary {
		return zeroOrOne(y)
	}
	if y < 0 || y > 1 {
		return fmt.Errorf("the label must be in [0, 1]")
	}
	return nil
}

func zeroOrOne(y float32) error {
	if y != 0 && y != 1 {
		return fmt.Errorf("the label must be 0 or 1")
	}
	return nil
}

func (l logistic) EvalMetric() string { return l.metric }

func (logistic) Probabilities(m []float32, groups int) { logitLink.Predict(m, groups) }

func (l logistic) Gradients(rows *Rows, from, to int, g, h [][]float32) {
	g0, h0, labels, weights := g[0][from:to], h[0][from:to], rows.Labels, rows.Weights
	for i, m := range rows.Predictions[from:to] {
		p, y := fastSigmoid(m), labels[from+i]
		w := float32(1)
		if weights != nil {
			w = weights[from+i]
		}
		if y == 1 {
			w *= l.scalePos
		}
		g0[i], h0[i] = (p-y)*w, max(p*(1-p), minHessian)*w
	}
}

// multiclass is the cross entropy of softmax probabilities.
type multiclass struct{ classes int }

func (l multiclass) CheckLabel(y float32) error {
	if y < 0 || y >= float32(l.classes) || y != float32(math.Trunc(float64(y))) {
		return fmt.Errorf("the label must be a class from 0 to num_class-1 = %d", l.classes-1)
	}
	return nil
}

func (multiclass) EvalMetric() string { return "mlogloss" }

func (multiclass) Probabilities(m []float32, groups int) { softmaxRows(m, groups) }

func (l multiclass) Gradients(rows *Rows, from, to int, g, h [][]float32) {
	p := make([]float32, l.classes)
	for r := from; r < to; r++ {
		fastSoftmax(p, rows.Predictions[r*l.classes:(r+1)*l.classes])
		w := float32(1)
		if rows.Weights != nil {
			w = rows.Weights[r]
		}
		for c, pc := range p {
			h[c][r] = max(2*pc*(1-pc), minHessian) * w
			if c == int(rows.Labels[r]) {
				pc--
			}
			g[c][r] = pc * w
		}
	}
}
