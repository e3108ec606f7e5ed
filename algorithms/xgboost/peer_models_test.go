package xgboost

import (
	"encoding/json"
	"maps"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/batchmill/batchmill/algorithms"
)

// made is what a Python package made of rows: model files by their endings, and predictions.
type made struct {
	models      map[string][]byte
	predictions [][]float64
}

// makeModel trains with a Python package. The label is the first column.
func makeModel(t *testing.T, pack string, spec map[string]any, r rows, endings ...string) made {
	dir := t.TempDir()
	text, err := json.Marshal(spec)
	require.NoError(t, err)
	args := []string{pack, string(text), filepath.Join(dir, "table.csv"), filepath.Join(dir, "out")}
	writeTable(t, args[2], append([][]float32{r[0].numbers}, columnsOf(r)...))
	for _, e := range endings {
		args = append(args, filepath.Join(dir, "model"+e))
	}
	python(t, "make_model.py", args...)
	m := made{models: map[string][]byte{}}
	for _, e := range endings {
		m.models[e], err = os.ReadFile(filepath.Join(dir, "model"+e))
		require.NoError(t, err)
	}
	out, err := os.ReadFile(args[3])
	require.NoError(t, err)
	m.predictions = matrixOf(t, out)
	return m
}

// TestPeerModels has the Python packages train models of every kind, and predicts the same.
func TestPeerModels(t *testing.T) {
	t.Parallel()
	abalone, iris, agaricus := loadReference(t, "abalone_poisson").train, loadReference(t, "iris_softprob").train, loadReference(t, "california_missing").test
	adult := loadReference(t, "adult_categorical").test.coded()
	adult[0].numbers = append([]float32{}, adult[0].numbers...)
	rank := readLibSVM(t, 301, 0, "lightgbm_examples", "rank.test.gz")
	var sizes []int
	for _, q := range numbers(t, "lightgbm_examples", "rank.test.query") {
		sizes = append(sizes, int(q[0]))
	}
	type params map[string]any
	for _, test := range []struct {
		pack, name  string
		rows        rows
		categorical []int
		qid         []int
		params      params
	}{
		{"xgboost", "trees", agaricus, nil, nil, params{"objective": "reg:squarederror"}},
		{"xgboost", "dart", abalone, nil, nil, params{"objective": "count:poisson", "booster": "dart", "rate_drop": 0.3}},
		{"xgboost", "gblinear", abalone, nil, nil, params{"objective": "reg:squarederror", "booster": "gblinear", "updater": "coord_descent"}},
		{"xgboost", "forest", agaricus, nil, nil, params{"objective": "reg:squarederror", "num_parallel_tree": 4, "subsample": 0.5}},
		{"xgboost", "categories", adult, adultCategories, nil, params{"objective": "binary:logistic", "max_cat_to_onehot": 5}},
		{"xgboost", "categories, one against the rest", adult, adultCategories, nil, params{"objective": "binary:logitraw", "max_cat_to_onehot": 100}},
		{"xgboost", "classes", iris, nil, nil, params{"objective": "multi:softprob", "num_class": 3}},
		{"xgboost", "class", iris, nil, nil, params{"objective": "multi:softmax", "num_class": 3, "booster": "dart", "rate_drop": 0.5}},
		{"xgboost", "ranking", rank, nil, sizes, params{"objective": "rank:ndcg"}},
		{"xgboost", "cox", abalone, nil, nil, params{"objective": "survival:cox"}},
		{"xgboost", "aft", abalone, nil, nil, params{"objective": "survival:aft", "aft_loss_distribution": "logistic"}},
		{"xgboost", "quantiles", abalone, nil, nil, params{"objective": "reg:quantileerror", "quantile_alpha": []float64{0.2, 0.7}}},
		{"lightgbm", "trees", agaricus, nil, nil, params{"objective": "regression"}},
		{"lightgbm", "dart", abalone, nil, nil, params{"objective": "poisson", "boosting": "dart"}},
		{"lightgbm", "forest", agaricus, nil, nil, params{"objective": "regression", "boosting": "rf", "bagging_freq": 1, "bagging_fraction": 0.6}},
		{"lightgbm", "categories", adult, adultCategories, nil, params{"objective": "binary"}},
		{"lightgbm", "classes", iris, nil, nil, params{"objective": "multiclass", "num_class": 3, "min_data_in_leaf": 5}},
		{"lightgbm", "ranking", rank, nil, sizes, params{"objective": "lambdarank"}},
		{"lightgbm", "quantised", agaricus, nil, nil, params{"objective": "l1", "use_quantized_grad": true}},
	} {
		t.Run(test.pack+" "+test.name, func(t *testing.T) {
			t.Parallel()
			spec := map[string]any{"params": test.params, "rounds": 6}
			if test.categorical != nil {
				spec["categorical"] = test.categorical
			}
			if test.qid != nil {
				spec["qid"] = test.qid
			}
			endings := []string{".json", ".ubj"}
			if test.pack == "lightgbm" {
				endings[1] = ".txt"
			}
			m := makeModel(t, test.pack, spec, test.rows, endings...)
			for ending, data := range m.models {
				p := load(t, map[string][]byte{"model" + ending: data})
				requireClose(t, m.predictions, scoreByPosition(t, p, test.rows), 1e-6, ending)
			}
		})
	}
}

// scoreByPosition scores rows whatever their columns are named.
func scoreByPosition(t testing.TB, p algorithms.Predictor, r rows) []float32 {
	s, err := p.Bind(r[1:].schema(), false)
	require.NoError(t, err)
	b := r[1:].batch(0, r[0].len())
	defer b.Release()
	col, err := s.Score(b)
	require.NoError(t, err)
	return values(t, col)
}

// TestPeerGoesOn goes on from the Python package's models as it does itself: with a base score per class, and with DART where
// nothing is left to chance, for it drops no tree or all.
func TestPeerGoesOn(t *testing.T) {
	t.Parallel()
	abalone, iris := loadReference(t, "abalone_poisson").train.coarse(), loadReference(t, "iris_softprob").train
	for _, test := range []struct {
		name   string
		rows   rows
		params map[string]string
	}{
		{"trees", abalone, map[string]string{"objective": "reg:squarederror"}},
		{"classes", iris, map[string]string{"objective": "multi:softprob", "num_class": "3"}},
		{"quantiles", abalone, map[string]string{"objective": "reg:quantileerror", "quantile_alpha": "[0.25,0.75]"}},
		{"dart, none dropped", abalone, map[string]string{"objective": "reg:squarederror", "booster": "dart"}},
		{"dart, all dropped", abalone, map[string]string{"objective": "reg:squarederror", "booster": "dart", "rate_drop": "1", "eta": "0.5"}},
		{"dart, all dropped, forest", abalone, map[string]string{"objective": "reg:squarederror", "booster": "dart", "rate_drop": "1", "normalize_type": "forest", "num_parallel_tree": "2"}},
		{"dart, all dropped, classes", iris, map[string]string{"objective": "multi:softprob", "num_class": "3", "booster": "dart", "rate_drop": "1"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			params := map[string]any{}
			for k, v := range test.params {
				params[k] = v
			}
			params["max_depth"], params["max_bin"], params["seed"] = "3", "255", "7"
			first := makeModel(t, "xgboost", map[string]any{"params": params, "rounds": 4}, test.rows, ".json").models[".json"]
			dir := t.TempDir()
			model, table, out := filepath.Join(dir, "first.json"), filepath.Join(dir, "table.csv"), filepath.Join(dir, "then.json")
			require.NoError(t, os.WriteFile(model, first, 0o600))
			writeTable(t, table, append([][]float32{test.rows[0].numbers}, columnsOf(test.rows)...))
			spec, err := json.Marshal(map[string]any{"params": params, "rounds": 5})
			require.NoError(t, err)
			python(t, "refresh_model.py", string(spec), model, table, out)
			then, err := os.ReadFile(out)
			require.NoError(t, err)

			hp := maps.Clone(test.params)
			maps.Copy(hp, map[string]string{"num_round": strconv.Itoa(5), "max_depth": "3", "max_bin": "255", "seed": "7"})
			ours := trainRows(t, hp, test.rows, nil, func(r *algorithms.TrainRequest) { r.Model = asFS(map[string][]byte{"model.json": first}) })
			theirs := scoreByPosition(t, load(t, map[string][]byte{"model.json": then}), test.rows)
			var away, spread float64
			for i, v := range scoreRows(t, load(t, ours.Files), test.rows) {
				away += math.Pow(float64(v-theirs[i]), 2)
				spread += math.Pow(float64(theirs[i]), 2)
			}
			t.Logf("root mean square difference %.2g of the predictions", math.Sqrt(away/spread))
			require.Less(t, math.Sqrt(away/spread), 1e-4)
		})
	}
}

// coarse rounds features to so few different values that each has a bin of its own: bins are then the same in any tool.
func (r rows) coarse() rows {
	out := append(rows{}, r...)
	for f := range out[1:] {
		c := out[f+1]
		high := float32(0)
		for _, x := range c.numbers {
			if x == x {
				high = max(high, x, -x)
			}
		}
		c.numbers = append([]float32{}, c.numbers...)
		for i, x := range c.numbers {
			c.numbers[i] = float32(math.Round(float64(x/high*200))) / 200
		}
		out[f+1] = c
	}
	return out
}
