package objective

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Rows is what a metric looks at: probabilities or values, Groups a row, and the truth.
type Rows struct {
	Predictions []float32
	Labels      []float32
	Weights     []float32 // nil: every row counts 1
	Groups      int
}

func (r *Rows) weight(i int) float64 {
	if r.Weights == nil {
		return 1
	}
	return float64(r.Weights[i])
}

// Metric measures predictions.
type Metric struct {
	Name     string
	Maximize bool
	width    int                                     // sums kept by add
	add      func(rows *Rows, i int, sums []float64) // adds row i to sums
	finish   func(sums []float64) float64            // turns sums into the value
	whole    func(rows *Rows) float64                // instead of the three above: needs all rows at once
}

// chunkRows is how many rows are summed in one go. Chunks are added up in order, so the value does not depend on who sums
// which.
const chunkRows = 16384

// Eval measures rows. each must call its argument once for every i in [0, n), in any order and on any goroutines.
func (m *Metric) Eval(rows *Rows, each func(n int, do func(i int))) float64 {
	if m.whole != nil {
		return m.whole(rows)
	}
	n := len(rows.Labels)
	chunks := (n + chunkRows - 1) / chunkRows
	sums := make([]float64, chunks*m.width)
	each(chunks, func(c int) {
		part := sums[c*m.width : (c+1)*m.width]
		for i := c * chunkRows; i < min(n, (c+1)*chunkRows); i++ {
			m.add(rows, i, part)
		}
	})
	total := make([]float64, m.width)
	for i, s := range sums {
		total[i%m.width] += s
	}
	return m.finish(total)
}

// Task is what an objective predicts; it decides which metrics make sense.
type Task int

// The tasks.
const (
	Regression Task = iota
	Binary          // one probability
	Multiclass      // one probability per class
)

// TaskOf returns an objective's task.
func TaskOf(objective string) Task {
	switch {
	case strings.HasPrefix(objective, "multi:"):
		return Multiclass
	case strings.HasPrefix(objective, "binary:"), objective == "reg:logistic":
		return Binary
	}
	return Regression
}

// NewMetric returns the metric of a name, e.g. "rmse" or "error@0.7". classes is used by metrics of classes.
func NewMetric(name string, task Task, classes int) (*Metric, error) {
	base, argument, hasArgument := strings.Cut(name, "@")
	if hasArgument && base != "error" {
		return nil, unknown(name)
	}
	if m, ok := valueMetrics[base]; ok {
		if task == Multiclass {
			return nil, fmt.Errorf("%s does not go with multi: objectives", name)
		}
		m.Name = name
		return &m, nil
	}
	switch base {
	case "logloss", "error", "auc", "aucpr":
		return binaryMetric(name, base, argument, task)
	case "merror", "mlogloss":
		if task != Multiclass {
			return nil, fmt.Errorf("%s needs a multi: objective", name)
		}
		return multiclassMetric(base), nil
	}
	if m, ok := confusionMetric(base, task, classes); ok {
		if task == Regression {
			return nil, fmt.Errorf("%s needs a binary: or multi: objective", name)
		}
		if m.finish == nil {
			return nil, fmt.Errorf("%s needs a binary: objective", name)
		}
		return m, nil
	}
	return nil, unknown(name)
}

// UnknownMetricError says that no metric has the name.
type UnknownMetricError struct {
	Name string
	Soon bool // XGBoost has it, Batchmill not yet
}

func (e *UnknownMetricError) Error() string {
	if e.Soon {
		return e.Name + " is not supported yet"
	}
	return fmt.Sprintf("%s is not in [%s]", e.Name, strings.Join(MetricNames, ", "))
}

func unknown(name string) error {
	base, _, _ := strings.Cut(name, "@")
	base = strings.TrimSuffix(base, "-")
	for _, s := range []string{"ndcg", "map", "pre", "poisson-nloglik", "gamma-nloglik", "gamma-deviance", "tweedie-nloglik",
		"mphe", "cox-nloglik", "aft-nloglik", "interval-regression-accuracy", "quantile"} {
		if base == s {
			return &UnknownMetricError{name, true}
		}
	}
	return &UnknownMetricError{Name: name}
}

// MetricNames are the names NewMetric knows.
var MetricNames = []string{"rmse", "mse", "mae", "mape", "rmsle", "r2", "logloss", "error", "error@t", "auc", "aucpr", "merror", "mlogloss",
	"accuracy", "balanced_accuracy", "f1", "f1_binary", "f1_macro", "precision", "precision_macro", "precision_micro", "recall", "recall_macro", "recall_micro"}

// mean is a metric that averages loss(prediction, label) over the weights.
func mean(loss func(p, y float64) float64, finish func(float64) float64) Metric {
	return Metric{width: 2,
		add: func(r *Rows, i int, s []float64) {
			w := r.weight(i)
			s[0] += w * loss(float64(r.Predictions[i]), float64(r.Labels[i]))
			s[1] += w
		},
		finish: func(s []float64) float64 { return finish(s[0] / s[1]) },
	}
}

func same(v float64) float64 { return v }

func squareError(p, y float64) float64 { return (p - y) * (p - y) }

var valueMetrics = map[string]Metric{
	"rmse": mean(squareError, math.Sqrt),
	"mse":  mean(squareError, same),
	"mae":  mean(func(p, y float64) float64 { return math.Abs(p - y) }, same),
	"mape": mean(func(p, y float64) float64 { return math.Abs((p - y) / y) }, same),
	"rmsle": mean(func(p, y float64) float64 {
		d := math.Log1p(max(p, -1+1e-6)) - math.Log1p(y)
		return d * d
	}, math.Sqrt),
	"r2": {Maximize: true, width: 4,
		add: func(r *Rows, i int, s []float64) {
			w, y := r.weight(i), float64(r.Labels[i])
			s[0] += w * squareError(float64(r.Predictions[i]), y)
			s[1] += w
			s[2] += w * y
			s[3] += w * y * y
		},
		finish: func(s []float64) float64 { return 1 - s[0]/(s[3]-s[2]*s[2]/s[1]) },
	},
}

// minProbability keeps logarithms finite, as XGBoost does.
const minProbability = 1e-16

func negLog(p float64) float64 { return -math.Log(max(p, minProbability)) }

func logloss(p, y float64) float64 {
	switch y { // one logarithm instead of two for the usual labels
	case 1:
		return negLog(p)
	case 0:
		return negLog(1 - p)
	}
	return y*negLog(p) + (1-y)*negLog(1-p)
}

func binaryMetric(name, base, argument string, task Task) (*Metric, error) {
	if task == Multiclass {
		return nil, fmt.Errorf("%s does not go with multi: objectives", name)
	}
	if task == Regression {
		return nil, fmt.Errorf("%s needs a binary: objective or reg:logistic", name)
	}
	var m Metric
	switch base {
	case "auc":
		m = Metric{Maximize: true, whole: auc}
	case "aucpr":
		m = Metric{Maximize: true, whole: aucpr}
	case "logloss":
		m = mean(logloss, same)
	case "error":
		threshold := 0.5
		if argument != "" {
			t, err := strconv.ParseFloat(argument, 64)
			if err != nil || math.IsNaN(t) {
				return nil, fmt.Errorf("%s: the threshold is not a number", name)
			}
			threshold = t
		}
		m = mean(func(p, y float64) float64 {
			if p > threshold {
				return 1 - y
			}
			return y
		}, same)
	}
	m.Name = name
	return &m, nil
}

func multiclassMetric(name string) *Metric {
	return &Metric{Name: name, width: 2,
		add: func(r *Rows, i int, s []float64) {
			p := r.Predictions[i*r.Groups : (i+1)*r.Groups]
			y, w := int(r.Labels[i]), r.weight(i)
			if name == "mlogloss" {
				s[0] += w * negLog(float64(p[y]))
			} else if likeliest(p) != y {
				s[0] += w
			}
			s[1] += w
		},
		finish: func(s []float64) float64 { return s[0] / s[1] },
	}
}

func likeliest(p []float32) int {
	best := 0
	for c, v := range p {
		if v > p[best] {
			best = c
		}
	}
	return best
}
