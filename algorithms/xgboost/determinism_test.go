package xgboost

import (
	"context"
	"errors"
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/batchmill/batchmill/algorithms"
	"github.com/batchmill/batchmill/algorithms/xgboost/internal/modelfile"
)

// tables that between them use every kind of split, sampling and output.
func determinismCases(t testing.TB) map[string]struct {
	ref reference
	hp  map[string]string
} {
	adult, iris, abalone := loadReference(t, "adult_categorical"), loadReference(t, "iris_softprob"), loadReference(t, "abalone_poisson")
	adult.train = adult.train.pick(func(i int) bool { return i < 6000 })
	return map[string]struct {
		ref reference
		hp  map[string]string
	}{
		"adult":         {adult, map[string]string{"objective": "binary:logistic", "num_round": "6", "eval_metric": "logloss,auc"}},
		"adult sampled": {adult, map[string]string{"objective": "binary:logistic", "num_round": "6", "subsample": "0.6", "colsample_bytree": "0.7", "colsample_bylevel": "0.8", "colsample_bynode": "0.8", "num_parallel_tree": "2", "seed": "9"}},
		"adult leaves":  {adult, map[string]string{"objective": "binary:logistic", "num_round": "6", "grow_policy": "lossguide", "max_leaves": "40", "max_depth": "0", "max_bin": "1000"}},
		"dart":          {adult, map[string]string{"objective": "binary:logistic", "num_round": "8", "booster": "dart", "rate_drop": "0.4", "one_drop": "1", "sample_type": "weighted", "eval_metric": "logloss"}},
		"gblinear":      {abalone, map[string]string{"objective": "count:poisson", "num_round": "8", "booster": "gblinear", "feature_selector": "shuffle", "alpha": "0.001", "eval_metric": "poisson-nloglik"}},
		"absolute":      {abalone, map[string]string{"objective": "reg:absoluteerror", "num_round": "6", "num_parallel_tree": "2", "subsample": "0.5", "sampling_method": "gradient_based", "interaction_constraints": "[[0,1,2],[3,4,5,6,7]]"}},
		"iris":          {iris, map[string]string{"objective": "multi:softprob", "num_class": "3", "num_round": "6", "subsample": "0.7"}},
		// Outputs enough for their roots to be built together.
		"iris whole": {iris, map[string]string{"objective": "multi:softprob", "num_class": "3", "num_round": "6", "num_parallel_tree": "2", "colsample_bynode": "0.7", "seed": "5"}},
		// Several outputs for every core: their trees are grown side by side.
		"many classes": {iris, map[string]string{"objective": "multi:softprob", "num_class": "16", "num_round": "4", "subsample": "0.7", "num_parallel_tree": "2"}},
	}
}

// TestThreads checks that the model's bytes do not depend on the number of threads.
func TestThreads(t *testing.T) {
	t.Parallel()
	for name, test := range determinismCases(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var first map[string][]byte
			for _, threads := range []int{1, 2, 3, 5, 8} {
				result := trainRows(t, test.hp, test.ref.train, test.ref.test, func(r *algorithms.TrainRequest) { r.Threads = threads })
				if first == nil {
					first = result.Files
				}
				require.Equal(t, first, result.Files, "threads %d", threads)
			}
			other := maps.Clone(test.hp)
			other["seed"] = "123456"
			files := trainRows(t, other, test.ref.train, test.ref.test, nil).Files
			if test.hp["subsample"] != "" {
				require.NotEqual(t, first, files)
			}
		})
	}
}

// TestResume stops after each round and goes on from the checkpoint: same bytes, same metrics as never having stopped.
func TestResume(t *testing.T) {
	t.Parallel()
	for name, test := range determinismCases(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			hp := maps.Clone(test.hp)
			hp["early_stopping_rounds"] = "3"
			var lines []string
			var states [][]byte
			whole := trainRows(t, hp, test.ref.train, test.ref.test, func(r *algorithms.TrainRequest) {
				r.OnRound = func(round algorithms.Round) error { lines = append(lines, round.Log); return nil }
				r.Checkpoint = func(_ int, encode func() ([]byte, error)) error {
					state, err := encode()
					states = append(states, state)
					return err
				}
			})
			for k, state := range states {
				got := slices.Clone(lines[:k+1])
				resumed := trainRows(t, hp, test.ref.train, test.ref.test, func(r *algorithms.TrainRequest) {
					r.Resume, r.Threads = state, k%3+1
					r.OnRound = func(round algorithms.Round) error { got = append(got, round.Log); return nil }
				})
				require.Equal(t, whole, resumed, "after round %d", k)
				require.Equal(t, lines, got, "after round %d", k)
			}
		})
	}
}

// TestResumeRefuses checks that a checkpoint of another training is not taken up.
func TestResumeRefuses(t *testing.T) {
	t.Parallel()
	iris := loadReference(t, "iris_softprob")
	hp := map[string]string{"objective": "multi:softprob", "num_class": "3", "num_round": "2"}
	var state []byte
	trainRows(t, hp, iris.train, nil, func(r *algorithms.TrainRequest) {
		r.Checkpoint = func(_ int, encode func() ([]byte, error)) (err error) { state, err = encode(); return err }
	})
	for _, test := range []struct {
		key, value string
		state      []byte
	}{{"eta", "0.2", state}, {"max_depth", "5", state}, {"num_round", "2", state[:len(state)/2]}, {"num_round", "2", []byte{}}} {
		other := maps.Clone(hp)
		other[test.key] = test.value
		_, err := New().Train(context.Background(), &algorithms.TrainRequest{HyperParameters: other, Resume: test.state, Channels: map[string]*algorithms.Data{"train": iris.train.data()}})
		require.ErrorContains(t, err, "checkpoint", test.key)
	}
}

func TestStopAndCancel(t *testing.T) {
	t.Parallel()
	iris := loadReference(t, "iris_softprob")
	hp := map[string]string{"objective": "multi:softprob", "num_class": "3", "num_round": "50"}
	rounds := 0
	result := trainRows(t, hp, iris.train, nil, func(r *algorithms.TrainRequest) {
		r.OnRound = func(algorithms.Round) error { rounds++; return nil }
		r.Stop = func() bool { return rounds == 3 }
	})
	require.Equal(t, 3, result.Rounds)
	model, err := modelfile.Read(result.Files[modelFile])
	require.NoError(t, err)
	require.Equal(t, 3, model.Rounds())

	ctx, cancel := context.WithCancel(context.Background())
	_, err = New().Train(ctx, &algorithms.TrainRequest{HyperParameters: hp, Channels: map[string]*algorithms.Data{"train": iris.train.data()},
		OnRound: func(r algorithms.Round) error {
			if r.Index == 2 {
				cancel()
			}
			return nil
		}})
	require.ErrorIs(t, err, context.Canceled)

	broken := errors.New("broken")
	_, err = New().Train(context.Background(), &algorithms.TrainRequest{HyperParameters: hp, Channels: map[string]*algorithms.Data{"train": iris.train.data()},
		OnRound: func(algorithms.Round) error { return broken }})
	require.ErrorIs(t, err, broken)
}
