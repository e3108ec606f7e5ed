package objective

import (
	"math"

	"github.com/batchmill/batchmill/algorithms/xgboost/internal/vector"
)

// The commonest metrics of rows without weights, a run of rows at a time: they are measured after every round, and a call
// and a logarithm per row would cost as much as a fifth of the training. They sum what the plain forms sum.

// loglossSpan sums -log of each row's probability of its own label, which must be 0 or 1; ok is false where one is not.
func loglossSpan(r *Rows) (sum float64, ok bool) {
	sum, ok = vector.LogLikelihood(r.Predictions[0], r.Labels)
	return -sum, ok
}

// productRows is how many probabilities are multiplied before one logarithm is taken of them all: each is at least
// minProbability, so their product stays far above the smallest float64.
const productRows = 16

// mloglossSpan does the same for the probability of each row's class.
func mloglossSpan(r *Rows) (sum float64, ok bool) {
	product := 1.0
	for i, y := range r.Labels {
		product *= max(float64(r.Predictions[int(y)][i]), minProbability)
		if i%productRows == productRows-1 {
			sum -= math.Log(product)
			product = 1
		}
	}
	return sum - math.Log(product), true
}

// squareSpan sums squared errors.
func squareSpan(r *Rows) (sum float64, ok bool) {
	return vector.Squares(r.Predictions[0], r.Labels), true
}
