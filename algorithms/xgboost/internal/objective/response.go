package objective

import "github.com/batchmill/batchmill/algorithms/xgboost/internal/vector"

// Response turns margins into predictions, both by output: what Link.Predict does, for rows that lie output by output, as
// in training. It is nil where predictions are margins.
type Response func(margins, predictions [][]float32)

func sigmoidResponse(margins, predictions [][]float32) { vector.Sigmoid(predictions[0], margins[0]) }

func expResponse(margins, predictions [][]float32) { vector.Exp(predictions[0], margins[0]) }

func stepResponse(margins, predictions [][]float32) { step(predictions[0], margins[0]) }

// softmaxRun is how many rows' largest margins and sums are kept at a time.
const softmaxRun = 512

func softmaxResponse(margins, predictions [][]float32) {
	var tops, sums [softmaxRun]float32
	n := len(margins[0])
	for from := 0; from < n; from += softmaxRun {
		to := min(n, from+softmaxRun)
		top, sum := tops[:to-from], sums[:to-from]
		copy(top, margins[0][from:to])
		for _, m := range margins[1:] {
			vector.Max(top, m[from:to])
		}
		clear(sum)
		for c, m := range margins {
			vector.ExpLess(predictions[c][from:to], m[from:to], top, sum)
		}
		for _, p := range predictions {
			vector.Divide(p[from:to], sum)
		}
	}
}
