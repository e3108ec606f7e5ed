package xgboost

import (
	"maps"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/batchmill/batchmill/algorithms"
)

// ofRows picks rows, some of them perhaps twice.
func (t rows) ofRows(index []int) rows {
	var out rows
	for _, c := range t {
		out = append(out, c.pick(index))
	}
	return out
}

// marginsOf trains and returns the margins of test.
func marginsOf(t *testing.T, hp map[string]string, train *algorithms.Data, test rows) []float32 {
	result, err := New().Train(t.Context(), &algorithms.TrainRequest{HyperParameters: hp, Channels: map[string]*algorithms.Data{"train": train}})
	require.NoError(t, err)
	return load(t, result.Files).(*predictor).margins(columnsOf(test), test[0].len())
}

// requireAlike wants two models to say the same of nearly all rows. Derivatives are rounded by a hash of the row's number
// to a part in 2^31 of their sum, so two splits that gain the same to about that may change places.
func requireAlike(t *testing.T, want, got []float32, what string) {
	far := 0
	for i := range want {
		if math.Abs(float64(want[i]-got[i])) > 1e-3*math.Max(1, math.Abs(float64(want[i]))) {
			far++
		}
	}
	require.LessOrEqual(t, far, len(want)/50, "%s: %d of %d rows differ", what, far, len(want))
}

// TestWeightsAndOrder checks that a weight of 2 is a row twice, and that the order of rows does not matter.
func TestWeightsAndOrder(t *testing.T) {
	t.Parallel()
	ref := loadReference(t, "abalone_poisson")
	r := rand.New(rand.NewPCG(4, 2))
	n := ref.train[0].len()
	var twice []int
	weights := column{name: "w", numbers: make([]float32, n)}
	for i := range n {
		weights.numbers[i] = float32(1 + r.IntN(2))
		for range int(weights.numbers[i]) {
			twice = append(twice, i)
		}
	}
	weighted := ref.train.withColumns(weights).data()
	weighted.Weight, weighted.Features = "w", weighted.Features[1:]
	base := map[string]string{"num_round": "8", "max_depth": "3", "max_bin": "10000"}
	for name, more := range map[string]map[string]string{
		"squared error": {}, "poisson": {"objective": "count:poisson"}, "lossguide": {"grow_policy": "lossguide", "max_leaves": "7"},
		"monotone": {"monotone_constraints": "(0,1,1,1,1,0,0,1)"}, "aft": {"objective": "survival:aft"}, "gblinear": {"booster": "gblinear"},
		"tweedie": {"objective": "reg:tweedie"}, "pseudo-Huber": {"objective": "reg:pseudohubererror", "base_score": "9", "huber_slope": "3"}, "dart": {"booster": "dart", "rate_drop": "0.3"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			hp := maps.Clone(base)
			maps.Copy(hp, more)
			requireAlike(t, marginsOf(t, hp, ref.train.ofRows(twice).data(), ref.test), marginsOf(t, hp, weighted, ref.test), "weights")
			requireAlike(t, marginsOf(t, hp, ref.train.data(), ref.test), marginsOf(t, hp, ref.train.ofRows(rand.New(rand.NewPCG(1, 1)).Perm(n)).data(), ref.test), "order")
		})
	}
}
