package tables

import (
	"cmp"
	"math"
	"slices"
)

// Metric is the quality of predictions on rows held back.
type Metric struct {
	Name    string
	Greater bool // the greater the better
	// Of compares predictions, a column for each output, with labels.
	Of func(scores [][]float32, label []float32) float64
}

// MetricFor is what tables of so many classes are judged by: RMSE for numbers (0), AUC for two classes (1), else the mean
// log loss over the classes.
func MetricFor(classes int) Metric {
	switch classes {
	case 0:
		return Metric{"RMSE", false, rmse}
	case 1:
		return Metric{"AUC", true, auc}
	}
	return Metric{"mlogloss", false, logLoss}
}

// Better is by how much a is better than b, in percent of b.
func (m Metric) Better(a, b float64) float64 {
	if m.Greater {
		return 100 * (a - b) / b
	}
	return 100 * (b - a) / b
}

// auc is the chance that a positive row is scored above a negative one, ties counting half.
func auc(outputs [][]float32, label []float32) float64 {
	scores := outputs[0]
	order := make([]int, len(scores))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(scores[a], scores[b]) })
	var rankSum, positives float64
	for from := 0; from < len(order); {
		to := from
		for to < len(order) && scores[order[to]] == scores[order[from]] {
			to++
		}
		mean := float64(from+to+1) / 2
		for _, i := range order[from:to] {
			if label[i] > 0.5 {
				rankSum += mean
				positives++
			}
		}
		from = to
	}
	negatives := float64(len(label)) - positives
	return (rankSum - positives*(positives+1)/2) / (positives * negatives)
}

// least is where a class's probability is cut off, as XGBoost's mlogloss does it.
const least = 1e-16

func logLoss(outputs [][]float32, label []float32) float64 {
	var sum float64
	for i, y := range label {
		sum -= math.Log(max(float64(outputs[int(y)][i]), least))
	}
	return sum / float64(len(label))
}

func rmse(outputs [][]float32, label []float32) float64 {
	var sum float64
	for i, y := range label {
		d := float64(outputs[0][i]) - float64(y)
		sum += d * d
	}
	return math.Sqrt(sum / float64(len(label)))
}
