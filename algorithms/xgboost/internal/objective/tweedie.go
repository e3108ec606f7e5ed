package objective

import (
	"strconv"

	"github.com/batchmill/batchmill/algorithms/xgboost/internal/vector"
)

// tweedie is the negative log-likelihood of a Tweedie distribution of variance power rho with a log link.
type tweedie struct{ rho float64 }

func (tweedie) CheckLabel(y float32) error { return notNegative("Tweedie")(y) }

func (l tweedie) EvalMetric() string {
	return "tweedie-nloglik@" + strconv.FormatFloat(l.rho, 'g', -1, 64)
}

func (tweedie) Response() Response { return expResponse }

func (l tweedie) Gradients(rows *Rows, g, h [][]float32) {
	g0, h0, p := g[0], h[0], rows.Predictions[0]
	for i, m := range rows.Margins[0] {
		g0[i] = float32((1 - l.rho) * float64(m))
	}
	vector.Exp(g0, g0)
	for i, e := range g0 {
		a := float64(e) * float64(rows.Labels[i])
		b := float64(e) * float64(p[i]) // e to the power of (2-rho) margin
		w := rows.Weight(i)
		g0[i], h0[i] = float32((b-a)*w), float32(((2-l.rho)*b-(1-l.rho)*a)*w)
	}
}
