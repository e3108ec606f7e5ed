package xgboost

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/batchmill/batchmill/algorithms"
	"github.com/batchmill/batchmill/algorithms/xgboost/internal/modelfile"
)

// TestEarlyStopping stops a few rounds after the best one, says which it was, and scores with the rounds up to it.
func TestEarlyStopping(t *testing.T) {
	t.Parallel()
	ref := loadReference(t, "abalone_squarederror")
	hp := map[string]string{"num_round": "200", "eta": "0.5", "early_stopping_rounds": "4", "eval_metric": "mae,rmse"}
	var series []float64
	result := trainRows(t, hp, ref.train, ref.test, func(r *algorithms.TrainRequest) {
		r.OnRound = func(round algorithms.Round) error {
			last := round.Metrics[len(round.Metrics)-1]
			require.Equal(t, "validation:rmse", last.Name)
			require.True(t, strings.HasPrefix(round.Log, "["), round.Log)
			series = append(series, last.Value)
			return nil
		}
	})
	best := 0
	for i, v := range series {
		if v < series[best] {
			best = i
		}
	}
	require.Equal(t, best+5, len(series))
	require.Equal(t, len(series), result.Rounds)
	m, err := modelfile.Read(result.Files[modelFile])
	require.NoError(t, err)
	require.Equal(t, len(series), m.Rounds())
	p := load(t, result.Files)
	squares := 0.0
	for i, y := range scoreRows(t, p, ref.test) {
		d := float64(y - ref.test[0].numbers[i])
		squares += d * d
	}
	require.InEpsilon(t, series[best]*series[best], squares/float64(ref.test[0].len()), 1e-6)
}

func TestLogLine(t *testing.T) {
	t.Parallel()
	require.Equal(t, "[3]\ttrain-rmse:0.50000\tvalidation-rmse:0.60000", logLine(3, []algorithms.Metric{{Name: "train:rmse", Value: 0.5}, {Name: "validation:rmse", Value: 0.6}}))
}

// TestTuningObjective adds the metric that a tuning job asks for.
func TestTuningObjective(t *testing.T) {
	t.Parallel()
	set, err := readSettings(map[string]string{"num_round": "1", "objective": "binary:logistic", "_tuning_objective_metric": "validation:auc"})
	require.NoError(t, err)
	require.Len(t, set.metrics, 2)
	require.Equal(t, "auc", set.metrics[1].Name)
}
