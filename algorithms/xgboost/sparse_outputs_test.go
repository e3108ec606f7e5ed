package xgboost

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/batchmill/batchmill/algorithms"
	"github.com/batchmill/batchmill/dataset"
)

// outputsOf are some outputs for the rows of a channel, as text.
func outputsOf(t *testing.T, p algorithms.Predictor, names []string, d *algorithms.Data) (out []string) {
	t.Helper()
	multi, err := algorithms.SelectOutputs(p, names)
	require.NoError(t, err)
	eachFeatures(t, d, func(features dataset.Batch) {
		s, err := multi.Bind(features.Schema(), d.Named)
		require.NoError(t, err)
		columns, err := s.Score(features)
		require.NoError(t, err)
		for _, c := range columns {
			out = append(out, fmt.Sprint(c))
		}
	})
	return out
}

// TestSparseOutputs: whatever a model says of rows it says of sparse rows, too.
func TestSparseOutputs(t *testing.T) {
	t.Parallel()
	text, table := sparseText(rand.New(rand.NewPCG(3, 4)), 300, 20, 2)
	sparse, dense := channelOfBytes(t, "text/libsvm", "a", text), channelOfBytes(t, "text/csv", "a", table)
	for name, hp := range map[string]map[string]string{
		"trees":  {"num_round": "5", "objective": "binary:logistic"},
		"dart":   {"num_round": "5", "booster": "dart", "rate_drop": "0.5"},
		"folds":  {"num_round": "3", "_kfold": "3"},
		"forest": {"num_round": "2", "num_parallel_tree": "3", "subsample": "0.7"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := load(t, train(t, hp, map[string]*algorithms.Data{"train": dense}).Files)
			for _, outputs := range [][]string{nil, {"margin", "leaf"}, {"contributions"}, {"interactions", "prediction"}} {
				require.Equal(t, outputsOf(t, p, outputs, dense), outputsOf(t, p, outputs, sparse), outputs)
			}
		})
	}
}
