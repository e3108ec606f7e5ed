package objective

import (
	"math"
	"slices"
)

// cox is the negative partial log-likelihood of proportional hazards, ties as Breslow's. A negative label is a censored
// time. It follows XGBoost's CoxRegression (src/objective/regression_obj.cu).
type cox struct {
	order []int32 // rows by time
}

func (*cox) CheckLabel(float32) error                  { return nil }
func (*cox) EvalMetric() string                        { return "cox-nloglik" }
func (*cox) Response() Response                        { return expResponse }
func (*cox) Gradients(*Rows, [][]float32, [][]float32) {}

func (l *cox) Prepare(rows *Rows) error {
	l.order = byTime(rows.Labels)
	return nil
}

// byTime sorts rows by the size of their label.
func byTime(labels []float32) []int32 {
	order := make([]int32, len(labels))
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortStableFunc(order, func(a, b int32) int {
		switch x, y := abs(labels[a]), abs(labels[b]); {
		case x < y:
			return -1
		case x > y:
			return 1
		}
		return 0
	})
	return order
}

func abs(x float32) float32 { return math.Float32frombits(math.Float32bits(x) &^ (1 << 31)) }

func (l *cox) GradientsOfAll(rows *Rows, _ uint64, _ func(int, func(int)), g, h []float32) {
	risk := 0.0 // of the rows still at risk
	for _, m := range rows.Margins[0] {
		risk += math.Exp(float64(m))
	}
	r, s, left, lastExp, lastTime := 0.0, 0.0, 0.0, 0.0, float32(0)
	for _, i := range l.order {
		e, y, w := math.Exp(float64(rows.Margins[0][i])), rows.Labels[i], rows.Weight(int(i))
		left += lastExp
		if lastTime < abs(y) {
			risk -= left
			left = 0
		}
		event := 0.0
		if y > 0 {
			event = 1
			r += 1 / risk
			s += 1 / (risk * risk)
		}
		g[i], h[i] = float32((e*r-event)*w), float32(max(e*r-e*e*s, 0)*w)
		lastTime, lastExp = abs(y), e
	}
}

// coxNegLogLik is XGBoost's cox-nloglik, which knows no weights.
func coxNegLogLik(r *Rows) float64 {
	order := byTime(r.Labels)
	risk := 0.0
	for _, p := range r.Predictions[0] {
		risk += float64(p)
	}
	out, left, events := 0.0, 0.0, 0
	for k, i := range order {
		if r.Labels[i] > 0 {
			out -= math.Log(float64(r.Predictions[0][i])) - math.Log(risk)
			events++
		}
		left += float64(r.Predictions[0][i])
		if k+1 == len(order) || abs(r.Labels[i]) < abs(r.Labels[order[k+1]]) {
			risk -= left
			left = 0
		}
	}
	return out / float64(events)
}
