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
	// for output c. margins has len(g) values a row; weights is nil where every row counts 1.
	Gradients(margins, labels, weights []float32, from, to int, g, h [][]float32)
	// EvalMetric is the metric reported where the user names none.
	EvalMetric() string
	// Probabilities turns margins in place into what metrics compare with labels.
	Probabilities(margins []float32, groups int)
}

// minHessian keeps second derivatives above zero, as XGBoost does.
const minHessian = 1e-16

// Trainable lists the objectives New knows.
var Trainable = []string{"reg:squarederror", "reg:linear", "reg:logistic", "binary:logistic", "binary:logitraw", "multi:softmax", "multi:softprob"}

// New returns the loss of an objective; ok is false where it cannot be trained.
func New(name string, classes int, scalePosWeight float64) (loss Loss, ok bool) {
	switch name {
	case "reg:squarederror", "reg:linear":
		return squared{}, true
	case "reg:logistic":
		return logistic{metric: "rmse", scalePos: float32(scalePosWeight)}, true
	case "binary:logistic", "binary:logitraw":
		return logistic{metric: "logloss", binary: true, scalePos: float32(scalePosWeight)}, true
	case "multi:softmax", "multi:softprob":
		return multiclass{classes}, true
	}
	return nil, false
}

// squared is half the squared error.
type squared struct{}

func (squared) CheckLabel(float32) error     { return nil }
func (squared) EvalMetric() string           { return "rmse" }
func (squared) Probabilities([]float32, int) {}
func (squared) Gradients(margins, labels, weights []float32, from, to int, g, h [][]float32) {
	g0, h0 := g[0][from:to], h[0][from:to]
	for i, m := range margins[from:to] {
		g0[i], h0[i] = m-labels[from+i], 1
	}
	if weights != nil {
		for i, w := range weights[from:to] {
			g0[i] *= w
			h0[i] = w
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
	if l.binary && y != 0 && y != 1 {
		return fmt.Errorf("the label must be 0 or 1")
	}
	if y < 0 || y > 1 {
		return fmt.Errorf("the label must be in [0, 1]")
	}
	return nil
}

func (l logistic) EvalMetric() string { return l.metric }

func (logistic) Probabilities(m []float32, groups int) { logitLink.Predict(m, groups) }

func (l logistic) Gradients(margins, labels, weights []float32, from, to int, g, h [][]float32) {
	g0, h0 := g[0][from:to], h[0][from:to]
	for i, m := range margins[from:to] {
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

func (l multiclass) Gradients(margins, labels, weights []float32, from, to int, g, h [][]float32) {
	p := make([]float32, l.classes)
	for r := from; r < to; r++ {
		fastSoftmax(p, margins[r*l.classes:(r+1)*l.classes])
		w := float32(1)
		if weights != nil {
			w = weights[r]
		}
		for c, pc := range p {
			h[c][r] = max(2*pc*(1-pc), minHessian) * w
			if c == int(labels[r]) {
				pc--
			}
			g[c][r] = pc * w
		}
	}
}
