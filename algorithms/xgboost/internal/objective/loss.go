package objective

import (
	"fmt"
	"math"

	"github.com/batchmill/batchmill/algorithms/xgboost/internal/vector"
)

// Loss is an objective that can be trained.
type Loss interface {
	// CheckLabel says what is wrong with a label, or nil. NaN never gets here.
	CheckLabel(y float32) error
	// EvalMetric is the metric reported where the user names none.
	EvalMetric() string
	// Response turns margins into what metrics compare with labels.
	Response() Response
	// Gradients writes first and second derivatives of the loss by the margin: g[c][i] and h[c][i] for output c and row i.
	// The rows have both margins and predictions.
	Gradients(rows *Rows, g, h [][]float32)
}

// Whole is a loss whose rows depend on one another: its derivatives are those of all rows at once. Gradients is not called.
type Whole interface {
	Loss
	// Prepare checks the rows and remembers what every round needs; it is called once, before the first round.
	Prepare(rows *Rows) error
	// GradientsOfAll writes the derivatives of one round; it asks for margins only. each runs pieces of work, see Pass.
	GradientsOfAll(rows *Rows, seed uint64, each func(n int, do func(i int)), g, h []float32)
}

// Adaptive is a loss with a constant second derivative, whose leaves therefore are set anew once the tree is grown: to the
// quantile Alpha of label minus margin, times the learning rate (XGBoost's adaptive trees, src/objective/adaptive.cc).
type Adaptive interface {
	Loss
	Alpha(output int) float64
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
	Quantiles      []float64 // reg:quantileerror: one per output
	Distribution   string    // survival:aft: normal, logistic or extreme
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
		return adaptive{metric: absoluteError.metric, outputs: []pointwise{absoluteError}, alphas: []float64{0.5}}, true
	case "reg:quantileerror":
		return quantiles(o.Quantiles), true
	case "reg:tweedie":
		return tweedie{o.TweediePower}, true
	case "rank:pairwise", "rank:ndcg", "rank:map":
		return newRanking(name, o), true
	}
	p, ok := pointwiseLoss(name, o)
	return p, ok
}

// squared is half the squared error. Like XGBoost's, it counts rows with label 1 scale_pos_weight times.
type squared struct{ scalePos float32 }

func (squared) CheckLabel(float32) error { return nil }
func (squared) EvalMetric() string       { return "rmse" }
func (squared) Response() Response       { return nil }
func (l squared) Gradients(rows *Rows, g, h [][]float32) {
	vector.Subtract(g[0], rows.Margins[0], rows.Labels)
	for i := range h[0] {
		h[0][i] = 1
	}
	rows.weigh(l.scalePos, g[0], h[0])
}

// weigh multiplies derivatives by the rows' weights, those of rows with label 1 by scalePos as well.
func (r *Rows) weigh(scalePos float32, g, h []float32) {
	if r.Weights != nil {
		vector.Multiply(g, r.Weights)
		vector.Multiply(h, r.Weights)
	}
	if scalePos == 1 {
		return
	}
	for i, y := range r.Labels {
		if y == 1 {
			g[i] *= scalePos
			h[i] *= scalePos
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

func (logistic) Response() Response { return sigmoidResponse }

func (l logistic) Gradients(rows *Rows, g, h [][]float32) {
	p := rows.Predictions[0]
	vector.Subtract(g[0], p, rows.Labels)
	vector.Variance(h[0], p, 1, minHessian)
	rows.weigh(l.scalePos, g[0], h[0])
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

func (multiclass) Response() Response { return softmaxResponse }

func (l multiclass) Gradients(rows *Rows, g, h [][]float32) {
	for c, p := range rows.Predictions {
		copy(g[c], p)
		vector.Variance(h[c], p, 2, minHessian)
	}
	for i, y := range rows.Labels {
		g[int(y)][i]--
	}
	for c := range g {
		rows.weigh(1, g[c], h[c])
	}
}
