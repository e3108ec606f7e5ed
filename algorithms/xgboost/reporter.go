package xgboost

import (
	"errors"
	"regexp"
	"strings"

	"github.com/batchmill/batchmill/algorithms/xgboost/internal/objective"
)

// listedMetrics are those that SageMaker lists for its XGBoost.
var listedMetrics = []string{"mae", "auc", "merror", "error", "logloss", "mlogloss", "rmse", "ndcg", "map"}

// Reports tells whether the metric is one of a channel, "train:rmse", that some objective has.
func (algorithm) Reports(metric string) bool {
	channel, name, ok := strings.Cut(metric, ":")
	if !ok || channel != "train" && channel != "validation" {
		return false
	}
	for _, goal := range []string{"reg:squarederror", "binary:logistic", "multi:softprob", "rank:ndcg", "survival:cox", "survival:aft"} {
		_, err := objective.NewMetric(name, goal, objective.Options{Classes: 2})
		var unknown *objective.UnknownMetricError
		if err == nil {
			return true
		}
		if errors.As(err, &unknown) {
			return false
		}
	}
	return false
}

// MetricPatterns find the metrics in the log, whose tabs are stored as #011.
func (algorithm) MetricPatterns(metric string) map[string]string {
	all := map[string]string{}
	add := func(channel, name string) {
		all[channel+":"+name] = `.*\[[0-9]+\].*#011` + channel + "-" + regexp.QuoteMeta(name) + `:([-+]?[0-9]*\.?[0-9]+(?:[eE][-+]?[0-9]+)?).*`
	}
	for _, name := range listedMetrics {
		add("train", name)
		add("validation", name)
	}
	if channel, name, ok := strings.Cut(metric, ":"); ok {
		add(channel, name)
	}
	return all
}
