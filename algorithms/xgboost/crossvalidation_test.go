package xgboost

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/batchmill/batchmill/algorithms"
)

// TestDealFolds checks that folds, and classes in them, are of the same size but for one row.
func TestDealFolds(t *testing.T) {
	t.Parallel()
	classes := make([]float32, 103)
	for i := range classes {
		classes[i] = float32(min(i%7, 2))
	}
	folds := dealFolds(len(classes), 5, classes, 1)
	sizes, perClass := map[int]int{}, map[[2]int]int{}
	for i, f := range folds {
		sizes[f]++
		perClass[[2]int{f, int(classes[i])}]++
	}
	require.Len(t, sizes, 5)
	for f, n := range sizes {
		require.InDelta(t, 103.0/5, n, 1, "fold %d", f)
	}
	for key, n := range perClass {
		all := 0
		for _, c := range classes {
			all += int(boolTo(int(c) == key[1]))
		}
		require.InDelta(t, float64(all)/5, n, 1, "fold and class %v", key)
	}
	require.Equal(t, folds, dealFolds(len(classes), 5, classes, 1))
	require.NotEqual(t, folds, dealFolds(len(classes), 5, classes, 2))
}

// TestPick compares the picked rows of a table with what reading those rows alone gives.
func TestPick(t *testing.T) {
	t.Parallel()
	for _, q := range []struct{ queries, rows, want []int }{
		{[]int{0, 3, 5, 9}, []int{0, 1, 2, 5, 6, 7, 8}, []int{0, 3, 7}}, {[]int{0, 3, 5, 9}, []int{3, 4}, []int{0, 2}},
	} {
		require.Equal(t, q.want, pickQueries(q.queries, q.rows))
	}
	require.Equal(t, [][]entry{{{0, 2}, {1, 4}}}, pickEntries([][]entry{{{1, 2}, {2, 3}, {3, 4}}}, 4, []int{1, 3}))
	require.Equal(t, []float32{3, 4, 7, 8}, pickOf([]float32{1, 2, 3, 4, 5, 6, 7, 8}, []int{1, 3}, 2))
}

// cases of cross validation: between them every kind of model and label.
func foldCases(t *testing.T) map[string]struct {
	ref reference
	hp  map[string]string
} {
	abalone, iris, adult := loadReference(t, "abalone_squarederror"), loadReference(t, "iris_softprob"), loadReference(t, "adult_categorical")
	return map[string]struct {
		ref reference
		hp  map[string]string
	}{
		"squared error": {abalone, map[string]string{"num_round": "12", "eta": "0.2", "max_depth": "5", "gamma": "4", "min_child_weight": "6", "subsample": "0.7", "_kfold": "5", "_num_cv_round": "2", "eval_metric": "rmse,mae"}},
		"early":         {abalone, map[string]string{"num_round": "60", "eta": "0.8", "_kfold": "3", "early_stopping_rounds": "3", "booster": "dart", "rate_drop": "0.2"}},
		"softprob":      {iris, map[string]string{"objective": "multi:softprob", "num_class": "3", "num_round": "6", "_kfold": "4"}},
		"softmax":       {iris, map[string]string{"objective": "multi:softmax", "num_class": "3", "num_round": "6", "_kfold": "4", "_num_cv_round": "2", "subsample": "0.5"}},
		"gblinear":      {abalone, map[string]string{"objective": "count:poisson", "num_round": "8", "_kfold": "2", "booster": "gblinear", "base_score": "9"}},
		"categories":    {adult, map[string]string{"objective": "binary:logistic", "num_round": "3", "_kfold": "3", "eval_metric": "auc"}},
	}
}

// TestCrossValidation checks that folds' metrics are of rows their models have not seen, that means are logged and returned,
// and that the artifact says the mean of its models.
func TestCrossValidation(t *testing.T) {
	t.Parallel()
	for name, test := range foldCases(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			set, err := readSettings(test.hp)
			require.NoError(t, err)
			var rounds []algorithms.Round
			result := trainRows(t, test.hp, test.ref.train, test.ref.test, func(r *algorithms.TrainRequest) {
				r.OnRound = func(r algorithms.Round) error { rounds = append(rounds, r); return nil }
			})
			require.Equal(t, result.Rounds, len(rounds))
			means := 0
			for i, r := range rounds {
				require.Equal(t, i, r.Index)
				require.Equal(t, set.rounds*set.models(), r.Total)
				means += strings.Count(r.Log, "\n")
			}
			wanted := set.repeats
			if wanted > 1 {
				wanted++
			}
			require.Equal(t, wanted, means)
			lines := strings.Split(rounds[len(rounds)-1].Log, "\n")
			require.Equal(t, logLine(set.rounds, result.Metrics), lines[len(lines)-1])

			var single []float32
			for i := range set.models() {
				one := scoreRows(t, load(t, map[string][]byte{modelFile: result.Files[foldFile(i)], layoutFile: result.Files[layoutFile]}), test.ref.test)
				if i == 0 {
					single = make([]float32, len(one))
				}
				for j, v := range one {
					single[j] += v / float32(set.models())
				}
			}
			require.NotContains(t, result.Files, foldFile(set.models()))
			p := load(t, result.Files)
			got := scoreRows(t, p, test.ref.test)
			if name == "softmax" {
				for _, v := range got {
					require.Equal(t, math.Trunc(float64(v)), float64(v))
				}
			} else {
				require.InDeltaSlice(t, single, got, 1e-5)
			}
			held := result.Files[heldFile]
			require.Equal(t, test.ref.train[0].len()+test.ref.test[0].len(), bytes.Count(held, []byte("\n")))
			if name == "squared error" {
				squares := 0.0
				for _, row := range matrixOf(t, bytes.ReplaceAll(held, []byte(","), []byte(" "))) {
					squares += (row[0] - row[1]) * (row[0] - row[1])
				}
				rmse := math.Sqrt(squares / float64(bytes.Count(held, []byte("\n"))))
				require.InEpsilon(t, result.Metrics[2].Value, rmse, 0.02, "validation:rmse") // of means of two predictions: a little better
			}
		})
	}
}

// TestCrossValidationRepeats checks that threads, and being interrupted anywhere, change no byte.
func TestCrossValidationRepeats(t *testing.T) {
	t.Parallel()
	for name, test := range foldCases(t) {
		if name == "categories" {
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var states [][]byte
			var lines []string
			whole := trainRows(t, test.hp, test.ref.train, test.ref.test, func(r *algorithms.TrainRequest) {
				r.Threads = 1
				r.OnRound = func(r algorithms.Round) error { lines = append(lines, r.Log); return nil }
				r.Checkpoint = func(_ int, encode func() ([]byte, error)) error {
					state, err := encode()
					states = append(states, state)
					return err
				}
			})
			require.Len(t, states, len(lines))
			for k := 0; k < len(states); k += 5 {
				got := append([]string{}, lines[:k+1]...)
				again := trainRows(t, test.hp, test.ref.train, test.ref.test, func(r *algorithms.TrainRequest) {
					r.Threads, r.Resume = 3, states[k]
					r.OnRound = func(r algorithms.Round) error { got = append(got, r.Log); return nil }
				})
				require.Equal(t, whole, again, "resumed after round %d", k)
				require.Equal(t, lines, got)
			}
			stopAt := 0
			part := trainRows(t, test.hp, test.ref.train, test.ref.test, func(r *algorithms.TrainRequest) {
				r.OnRound = func(algorithms.Round) error { stopAt++; return nil }
				r.Stop = func() bool { return stopAt >= len(states)*2/3 }
			})
			require.Contains(t, part.Files, foldFile(0))
			require.NotContains(t, part.Files, heldFile)
			require.Len(t, scoreRows(t, load(t, part.Files), test.ref.test), len(scoreRows(t, load(t, whole.Files), test.ref.test)))
		})
	}
}

func TestCrossValidationErrors(t *testing.T) {
	t.Parallel()
	iris := loadReference(t, "iris_softprob")
	for _, test := range []struct {
		hp   map[string]string
		rows rows
		want string
	}{
		{map[string]string{"num_round": "1", "_num_cv_round": "2"}, iris.train, "Hyperparameter _num_cv_round: needs _kfold"},
		{map[string]string{"num_round": "1", "_kfold": "1"}, iris.train, "Hyperparameter _kfold: 1 is not in [2, inf)"},
		{map[string]string{"num_round": "1", "_kfold": "5"}, iris.train.pick(func(i int) bool { return i < 4 }), "channel train: _kfold is 5, but there are 4 rows or queries to deal to the folds"},
	} {
		_, err := New().Train(t.Context(), &algorithms.TrainRequest{HyperParameters: test.hp, Channels: map[string]*algorithms.Data{"train": test.rows.data()}})
		require.EqualError(t, err, test.want)
	}
	other := iris.test[:3]
	_, err := New().Train(t.Context(), &algorithms.TrainRequest{HyperParameters: map[string]string{"num_round": "1", "_kfold": "2"},
		Channels: map[string]*algorithms.Data{"train": iris.train.data(), "validation": other.data()}})
	require.ErrorContains(t, err, fmt.Sprintf("channel validation: column %q", iris.train[3].name))
	files := trainRows(t, map[string]string{"num_round": "1", "_kfold": "2"}, iris.train, nil, nil).Files
	files[foldFile(1)] = trainRows(t, map[string]string{"num_round": "1", "objective": "reg:gamma"}, iris.train.plusOne(), nil, nil).Files[modelFile]
	_, err = New().Load(asFS(files))
	require.EqualError(t, err, "xgboost-model-0 and xgboost-model-1 are models of different trainings")
}

// plusOne makes labels positive.
func (r rows) plusOne() rows {
	out := append(rows{}, r...)
	out[0].numbers = append([]float32{}, out[0].numbers...)
	for i := range out[0].numbers {
		out[0].numbers[i]++
	}
	return out
}

// TestCrossValidationQueries keeps queries whole.
func TestCrossValidationQueries(t *testing.T) {
	t.Parallel()
	queries := queriesOf(t, "lightgbm_examples", "rank.train.query")
	train := readLibSVM(t, 301, 0, "lightgbm_examples", "rank.train.gz").withColumns(column{name: "qid", numbers: queries}).data()
	hp := map[string]string{"objective": "rank:ndcg", "num_round": "3", "_kfold": "4", "eval_metric": "ndcg@5"}
	result, err := New().Train(t.Context(), &algorithms.TrainRequest{HyperParameters: hp, Channels: map[string]*algorithms.Data{"train": train}})
	require.NoError(t, err)
	require.Len(t, result.Metrics, 2)
	require.Greater(t, result.Metrics[0].Value, result.Metrics[1].Value)
	require.Contains(t, result.Files, foldFile(3))
}

// TestEnsembleOutputs checks that contributions of a cross validation's models add up to their mean margin.
func TestEnsembleOutputs(t *testing.T) {
	t.Parallel()
	ref := loadReference(t, "iris_softprob")
	result := trainRows(t, map[string]string{"objective": "multi:softprob", "num_class": "3", "num_round": "3", "_kfold": "3"}, ref.train, nil, nil)
	p := load(t, result.Files)
	multi, err := algorithms.SelectOutputs(p, []string{"margin", "leaf", "contributions", "predicted_label"})
	require.NoError(t, err)
	s, err := multi.Bind(ref.test[1:].schema(), true)
	require.NoError(t, err)
	n := ref.test[0].len()
	columns, err := s.Score(ref.test[1:].batch(0, n))
	require.NoError(t, err)
	margins := values(t, columns[0])
	sums := make([]float64, n*3)
	for c := range 3 * 5 {
		for r, v := range values(t, columns[2+c]) {
			sums[r*3+c/5] += float64(v)
		}
	}
	for i, m := range margins {
		require.InDelta(t, m, sums[i], 1e-5)
	}
	require.Len(t, multi.Fields(), 2+15+1)
}

// TestPeerFolds has the Python package load the models of a cross validation, every file at the top of the artifact as
// SageMaker's container does, and compares the mean of its predictions.
func TestPeerFolds(t *testing.T) {
	t.Parallel()
	ref := loadReference(t, "iris_softprob")
	result := trainRows(t, map[string]string{"objective": "multi:softprob", "num_class": "3", "num_round": "4", "_kfold": "3"}, ref.train, nil, nil)
	mean, models := make([]float64, 3*ref.test[0].len()), 0
	for name, data := range maps.All(result.Files) {
		if strings.Contains(name, "/") {
			continue
		}
		models++
		dir := t.TempDir()
		model, table, out := filepath.Join(dir, name), filepath.Join(dir, "table.csv"), filepath.Join(dir, "out.txt")
		require.NoError(t, os.WriteFile(model, data, 0o600))
		writeTable(t, table, columnsOf(ref.test))
		python(t, "load_model.py", table, model, out)
		theirs, err := os.ReadFile(out)
		require.NoError(t, err)
		for r, row := range matrixOf(t, theirs) {
			for c, v := range row {
				mean[r*3+c] += v / 3
			}
		}
	}
	require.Equal(t, 3, models)
	for i, v := range scoreRows(t, load(t, result.Files), ref.test) {
		require.InDelta(t, mean[i], v, 1e-6)
	}
	var kinds map[string]map[string]float64
	require.NoError(t, json.Unmarshal(result.Files[importanceFile], &kinds))
	require.NotEmpty(t, kinds["gain"])
}
