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

// TestGradientSampling compares rows drawn by gradient with rows drawn alike, a tenth of them, on rows held back and on average
// over seeds. XGBoost has this on GPUs only, so there is no peer. Rows drawn by gradient stand for all rows, so that sums are
// ten times those of rows drawn alike; penalties are therefore as well.
func TestGradientSampling(t *testing.T) {
	t.Parallel()
	california, adult := californiaRows(t), loadReference(t, "adult_categorical")
	for _, test := range []struct {
		objective   string
		train, held rows
		limit       float64 // of the ratio of losses, gradient_based by uniform
	}{
		{"reg:squarederror", california.pick(func(i int) bool { return i%5 != 0 }), california.pick(func(i int) bool { return i%5 == 0 }), 1},
		{"binary:logistic", adult.train.pick(func(i int) bool { return i%4 == 0 }), adult.test, 1},
	} {
		mean := map[string]float64{}
		for _, method := range []string{"uniform", "gradient_based"} {
			for _, seed := range []string{"1", "2", "3", "4", "5"} {
				hp := map[string]string{"objective": test.objective, "num_round": "40", "eta": "0.2", "subsample": "0.1", "sampling_method": method, "seed": seed}
				if method == "gradient_based" {
					hp["lambda"], hp["min_child_weight"] = "10", "10"
				}
				metrics := trainRows(t, hp, test.train, test.held, nil).Metrics
				mean[method] += metrics[len(metrics)-1].Value / 5
			}
		}
		t.Logf("%s: %v", test.objective, mean)
		require.Less(t, mean["gradient_based"]/mean["uniform"], test.limit)
	}
}
