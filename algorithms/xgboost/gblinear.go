package xgboost

import (
	"math/rand/v2"

	"github.com/batchmill/batchmill/algorithms"
	"github.com/batchmill/batchmill/algorithms/xgboost/internal/hist"
	"github.com/batchmill/batchmill/algorithms/xgboost/internal/objective"
)

// entry is a value of a feature that is there and not 0.
type entry struct {
	row   uint32
	value float32
}

// keepRaw adds n rows to the values that gblinear trains on, by feature.
func (t *table) keepRaw(columns [][]float32, n, before int) {
	if t.raw == nil {
		t.raw = make([][]entry, len(columns))
	}
	for f, column := range columns {
		for i, x := range column[:n] {
			if x == x && x != 0 {
				t.raw[f] = append(t.raw[f], entry{uint32(before + i), x})
			}
		}
	}
}

// linearTraining is the gblinear booster being trained: coordinate descent, one feature after the other, as XGBoost's
// updater coord_descent (src/linear/updater_coordinate.cc). Its shotgun does the same on several features at once, with a
// race for the residuals; here it is the same as coord_descent, so that the model does not depend on the threads.
type linearTraining struct {
	weights       []float32 // of feature f for output g at f*outputs+g, then the biases
	features      int
	outputs       int
	eta           float64
	lambda, alpha float64 // times the sum of instance weights
	lambdaBias    float64
	selector      string
	seed          uint64
}

// Defaults of XGBoost's gblinear, which differ from those of trees (src/linear/param.h).
const (
	linearEta    = 0.5
	linearLambda = 0
)

func newLinearTraining(set *settings, t *table, l *layout) (*linearTraining, error) {
	for _, f := range l.Features {
		if f.Kind == kindText {
			return nil, &algorithms.DataError{Channel: "train", Column: f.Name, Reason: "booster gblinear needs numbers, not text"}
		}
	}
	b := &linearTraining{features: len(l.Features), outputs: set.outputs(), eta: linearEta, lambda: linearLambda, selector: set.values.Text("feature_selector"), seed: set.seed}
	if set.values.Given("eta") {
		b.eta = set.values.Float("eta")
	}
	if set.values.Given("lambda") {
		b.lambda = set.values.Float("lambda")
	}
	total := 0.0
	rows := t.truth(nil)
	for i := range rows.Labels {
		total += rows.Weight(i)
	}
	b.lambda, b.alpha, b.lambdaBias = b.lambda*total, set.values.Float("alpha")*total, set.values.Float("lambda_bias")*total
	b.weights = make([]float32, (b.features+1)*b.outputs)
	return b, nil
}

// round moves the bias and then every weight once, and keeps the gradients up to date as it goes.
func (b *linearTraining) round(raw [][]entry, g, h [][]float32, round int) {
	for output := range b.outputs {
		b.moveBias(output, g[output], h[output])
	}
	for output := range b.outputs {
		for _, f := range b.order(round, output) {
			b.move(f, output, raw[f], g[output], h[output])
		}
	}
}

// order lists the features in the order they are moved.
func (b *linearTraining) order(round, output int) []int {
	random := rand.New(rand.NewPCG(hist.Seed(b.seed, round, output, 0), 0))
	if b.selector == "shuffle" {
		return random.Perm(b.features)
	}
	order := make([]int, b.features)
	for i := range order {
		order[i] = i
		if b.selector == "random" {
			order[i] = random.IntN(b.features)
		}
	}
	return order
}

func (b *linearTraining) moveBias(output int, g, h []float32) {
	sumG, sumH := 0.0, 0.0
	for i := range g {
		sumG += float64(g[i])
		sumH += float64(h[i])
	}
	bias := &b.weights[b.features*b.outputs+output]
	sumG += b.lambdaBias * float64(*bias)
	if sumH += b.lambdaBias; sumH <= 0 {
		return
	}
	step := float32(-sumG / sumH * b.eta)
	*bias += step
	for i := range g {
		g[i] += h[i] * step
	}
}

// leastHessian is the sum of second derivatives below which a weight stays, as in XGBoost.
const leastHessian = 1e-5

func (b *linearTraining) move(feature, output int, values []entry, g, h []float32) {
	sumG, sumH := 0.0, 0.0
	for _, e := range values {
		x := float64(e.value)
		sumG += float64(g[e.row]) * x
		sumH += float64(h[e.row]) * x * x
	}
	if sumH < leastHessian {
		return
	}
	w := &b.weights[feature*b.outputs+output]
	step := float32(b.eta * b.step(sumG, sumH, float64(*w)))
	*w += step
	for _, e := range values {
		g[e.row] += h[e.row] * e.value * step
	}
}

// step is Newton's with both penalties; a weight that would change sign stops at 0.
func (b *linearTraining) step(g, h, w float64) float64 {
	g += b.lambda * w
	h += b.lambda
	if w-g/h >= 0 {
		return max(-(g+b.alpha)/h, -w)
	}
	return min(-(g-b.alpha)/h, -w)
}

// addTo sets margins to what the weights say, in the order in which scoring adds.
func (b *linearTraining) addTo(raw [][]entry, margins [][]float32) {
	for output, m := range margins {
		for i := range m {
			m[i] += b.weights[b.features*b.outputs+output]
		}
		for f, values := range raw {
			w := b.weights[f*b.outputs+output]
			for _, e := range values {
				m[e.row] += float32(e.value * w)
			}
		}
	}
}

// moveWeights is a round of gblinear.
func (t *training) moveWeights() {
	t.linear.round(t.train.raw, t.g, t.h, t.roundsBefore()+t.done)
	t.addLinear()
}

func (t *training) addLinear() {
	for _, c := range t.channels {
		c.restart(t.base)
		t.linear.addTo(c.raw, c.margins)
	}
}

// adaptiveNeedsTrees refuses objectives whose leaves are refitted: gblinear has none.
func (s *settings) adaptiveNeedsTrees(c *checker) {
	if _, ok := s.loss.(objective.Adaptive); ok && s.values.Text("booster") == "gblinear" {
		c.fault("booster", "gblinear does not go with %s, which needs trees", s.objective)
	}
}
