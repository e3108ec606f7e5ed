package objective

import "math"

// The commonest metrics of rows without weights, a run of rows at a time: they are measured after every round, and a call
// and a logarithm per row would cost as much as a fifth of the training. They sum what the plain forms sum.

// productRows is how many probabilities are multiplied before one logarithm is taken of them all: each is at least
// minProbability, so their product stays far above the smallest float64.
const productRows = 16

// loglossSpan sums -log of each row's probability of its own label, which must be 0 or 1; ok is false where one is not.
func loglossSpan(r *Rows, from, to int) (sum float64, ok bool) {
	for ; from < to; from += productRows {
		end := min(to, from+productRows)
		product := 1.0
		labels := r.Labels[from:end]
		for i, p := range r.Predictions[from:end] {
			q := float64(p)
			switch labels[i] {
			case 1:
			case 0:
				q = 1 - q
			default:
				return 0, false
			}
			product *= max(q, minProbability)
		}
		sum -= math.Log(product)
	}
	return sum, true
}

// mloglossSpan does the same for the probability of each row's class.
func mloglossSpan(r *Rows, from, to int) (sum float64, ok bool) {
	for ; from < to; from += productRows {
		end := min(to, from+productRows)
		product := 1.0
		for i := from; i < end; i++ {
			product *= max(float64(r.Predictions[i*r.Groups+int(r.Labels[i])]), minProbability)
		}
		sum -= math.Log(product)
	}
	return sum, true
}

// squareSpan sums squared errors.
func squareSpan(r *Rows, from, to int) (sum float64, ok bool) {
	labels := r.Labels[from:to]
	for i, p := range r.Predictions[from:to] {
		d := float64(p) - float64(labels[i])
		sum += d * d
	}
	return sum, true
}
