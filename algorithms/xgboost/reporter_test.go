package xgboost

import (
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/batchmill/batchmill/algorithms"
)

func TestReports(t *testing.T) {
	t.Parallel()
	for metric, want := range map[string]bool{
		"validation:rmse": true, "train:auc": true, "validation:mlogloss": true, "validation:ndcg@5": true, "validation:error@0.7": true,
		"train:cox-nloglik": true, "validation:f1": true,
		"rmse": false, "validation:sharpness": false, "test:rmse": false, "validation:": false, "": false,
	} {
		require.Equal(t, want, algorithm{}.Reports(metric), metric)
	}
}

// TestMetricPatterns: each finds its value in the log as it is stored, and only its own.
func TestMetricPatterns(t *testing.T) {
	t.Parallel()
	line := strings.ReplaceAll(logLine(3, []algorithms.Metric{{Name: "train:rmse", Value: 0.5}, {Name: "validation:rmse", Value: 1.25}, {Name: "validation:ndcg@5", Value: 0.75}}), "\t", "#011")
	patterns := algorithm{}.MetricPatterns("validation:ndcg@5")
	require.Len(t, patterns, 2*len(listedMetrics)+1)
	for name, want := range map[string]string{"train:rmse": "0.50000", "validation:rmse": "1.25000", "validation:ndcg@5": "0.75000"} {
		m := regexp.MustCompile(patterns[name]).FindStringSubmatch(line)
		require.NotNil(t, m, name)
		require.Equal(t, want, m[1], name)
	}
	require.Nil(t, regexp.MustCompile(patterns["validation:mae"]).FindStringSubmatch(line))
}
