package objective

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Metric measures predictions.
type Metric struct {
	Name     string
	Maximize bool
	width    int                                     // sums kept by add
	add      func(rows *Rows, i int, sums []float64) // adds row i to sums
	finish   func(sums []float64) float64            // turns sums into the value
	whole    func(rows *Rows) float64                // instead of the three above: needs all rows at once
	// span, if there is one, adds up what add would for all rows without weights, more quickly; ok is false where it cannot.
	span func(rows *Rows) (sum float64, ok bool)

	checkLabel func(y float32) error // what labels it cannot take; nil: none
}

// CheckLabel says why the metric cannot take a label, or nil.
func (m *Metric) CheckLabel(y float32) error {
	if m.checkLabel == nil {
		return nil
	}
	if err := m.checkLabel(y); err != nil {
		return fmt.Errorf("for the metric %s, %w", m.Name, err)
	}
	return nil
}

// sum adds rows to sums.
func (m *Metric) sum(rows *Rows, sums []float64) {
	if m.span != nil && rows.Weights == nil {
		if sum, ok := m.span(rows); ok {
			sums[0] += sum
			sums[1] += float64(len(rows.Labels))
			return
		}
	}
	for i := range rows.Labels {
		m.add(rows, i, sums)
	}
}

// Task is what an objective predicts; it decides which metrics make sense.
type Task int

// The tasks.
const (
	Regression Task = iota
	Binary          // one probability
	Multiclass      // one probability per class
	Ranking         // an order within queries
)

// TaskOf returns an objective's task.
func TaskOf(objective string) Task {
	switch {
	case strings.HasPrefix(objective, "multi:"):
		return Multiclass
	case strings.HasPrefix(objective, "binary:"), objective == "reg:logistic":
		return Binary
	case strings.HasPrefix(objective, "rank:"):
		return Ranking
	}
	return Regression
}

// NewMetric returns the metric of a name, e.g. "rmse" or "error@0.7", for predictions of an objective with those options.
func NewMetric(name, objective string, o Options) (*Metric, error) {
	task := TaskOf(objective)
	base, argument, hasArgument := strings.Cut(name, "@")
	if m, ok := valueMetrics[base]; ok && !hasArgument {
		if task == Multiclass {
			return nil, fmt.Errorf("%s does not go with multi: objectives", name)
		}
		m.Name = name
		return &m, nil
	}
	switch strings.TrimSuffix(base, "-") {
	case "ndcg", "map", "pre":
		return rankMetric(name, task)
	}
	if hasArgument && base != "error" && base != "tweedie-nloglik" {
		return nil, unknown(name)
	}
	switch base {
	case "logloss", "error", "auc", "aucpr":
		return binaryMetric(name, base, argument, task)
	case "merror", "mlogloss":
		if task != Multiclass {
			return nil, fmt.Errorf("%s needs a multi: objective", name)
		}
		return multiclassMetric(base), nil
	case "mphe", "quantile", "poisson-nloglik", "gamma-nloglik", "gamma-deviance", "tweedie-nloglik":
		if task == Multiclass {
			return nil, fmt.Errorf("%s does not go with multi: objectives", name)
		}
		return valueMetric(name, base, argument, o)
	case "cox-nloglik", "aft-nloglik", "interval-regression-accuracy":
		return survivalMetric(name, objective, o)
	}
	if m, ok := confusionMetric(base, task, o.Classes); ok {
		if task == Regression || task == Ranking {
			return nil, fmt.Errorf("%s needs a binary: or multi: objective", name)
		}
		if m.finish == nil {
			return nil, fmt.Errorf("%s needs a binary: objective", name)
		}
		m.checkLabel = func(y float32) error {
			if y != float32(math.Trunc(float64(y))) {
				return fmt.Errorf("the label must be a class")
			}
			return nil
		}
		return m, nil
	}
	return nil, unknown(name)
}

// UnknownMetricError says that no metric has the name.
type UnknownMetricError struct{ Name string }

func (e *UnknownMetricError) Error() string {
	return fmt.Sprintf("%s is not in [%s]", e.Name, strings.Join(MetricNames, ", "))
}

func unknown(name string) error { return &UnknownMetricError{Name: name} }

// MetricNames are the names NewMetric knows.
var MetricNames = []string{"rmse", "mse", "mae", "mape", "rmsle", "r2", "mphe", "quantile", "logloss", "error", "error@t", "auc", "aucpr", "merror", "mlogloss",
	"poisson-nloglik", "gamma-nloglik", "gamma-deviance", "tweedie-nloglik", "tweedie-nloglik@rho", "cox-nloglik", "aft-nloglik", "interval-regression-accuracy",
	"ndcg", "ndcg@n", "ndcg@n-", "map", "map@n", "map@n-", "pre", "pre@n",
	"accuracy", "balanced_accuracy", "f1", "f1_binary", "f1_macro", "precision", "precision_macro", "precision_micro", "recall", "recall_macro", "recall_micro"}

// mean is a metric that averages loss(prediction, label) over the weights.
func mean(loss func(p, y float64) float64, finish func(float64) float64) Metric {
	return Metric{width: 2,
		add: func(r *Rows, i int, s []float64) {
			w := r.Weight(i)
			s[0] += w * loss(float64(r.Predictions[0][i]), float64(r.Labels[i]))
			s[1] += w
		},
		finish: func(s []float64) float64 { return finish(s[0] / s[1]) },
	}
}

// squares is a mean of squared errors.
func squares(finish func(float64) float64) Metric {
	m := mean(squareError, finish)
	m.span = squareSpan
	return m
}

func same(v float64) float64 { return v }

func squareError(p, y float64) float64 { return (p - y) * (p - y) }

var valueMetrics = map[string]Metric{
	"rmse": squares(math.Sqrt),
	"mse":  squares(same),
	"mae":  mean(func(p, y float64) float64 { return math.Abs(p - y) }, same),
	"mape": mean(func(p, y float64) float64 { return math.Abs((p - y) / y) }, same),
	"rmsle": mean(func(p, y float64) float64 {
		d := math.Log1p(max(p, -1+1e-6)) - math.Log1p(y)
		return d * d
	}, math.Sqrt),
	"r2": {Maximize: true, width: 4,
		add: func(r *Rows, i int, s []float64) {
			w, y := r.Weight(i), float64(r.Labels[i])
			s[0] += w * squareError(float64(r.Predictions[0][i]), y)
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
	ranks := task == Ranking && base != "logloss" && base != "error"
	if task != Binary && !ranks {
		return nil, fmt.Errorf("%s needs a binary: objective or reg:logistic", name)
	}
	var m Metric
	switch base {
	case "auc", "aucpr":
		if ranks {
			m = Metric{Maximize: true, whole: byQuery(map[string]func(*Rows, int, int) (float64, bool){"auc": queryAUC, "aucpr": queryAUCPR}[base])}
			if base == "aucpr" {
				m.checkLabel = zeroOrOne
			}
			break
		}
		m = Metric{Maximize: true, whole: map[string]func(*Rows) float64{"auc": auc, "aucpr": aucpr}[base]}
	case "logloss":
		m = mean(logloss, same)
		m.span = loglossSpan
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
	m := &Metric{Name: name, width: 2,
		add: func(r *Rows, i int, s []float64) {
			y, w := int(r.Labels[i]), r.Weight(i)
			if name == "mlogloss" {
				s[0] += w * negLog(float64(r.Predictions[y][i]))
			} else if r.likeliest(i) != y {
				s[0] += w
			}
			s[1] += w
		},
		finish: func(s []float64) float64 { return s[0] / s[1] },
	}
	if name == "mlogloss" {
		m.span = mloglossSpan
	}
	return m
}
