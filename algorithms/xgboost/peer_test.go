package xgboost

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/batchmill/batchmill/algorithms/xgboost/internal/modelfile"
)

const peers = "../../bench/peers"

// python runs a script of bench/peers in the environment that setup.sh makes, on one core: tests run side by side.
func python(t testing.TB, script string, args ...string) string {
	t.Helper()
	interpreter := os.Getenv("BATCHMILL_PEER_PYTHON") // to try another release
	if interpreter == "" {
		var err error
		interpreter, err = filepath.Abs(filepath.Join(peers, ".venv/bin/python"))
		require.NoError(t, err)
	}
	if _, err := os.Stat(interpreter); err != nil {
		t.Skip("no Python packages to compare with: run bench/peers/setup.sh")
	}
	command := exec.Command(interpreter, append([]string{filepath.Join(peers, script)}, args...)...)
	command.Env = append(os.Environ(), "OMP_NUM_THREADS=1", "OPENBLAS_NUM_THREADS=1")
	out, err := command.Output()
	if exit, ok := err.(*exec.ExitError); ok {
		t.Fatalf("%s: %v\n%s", script, err, exit.Stderr)
	}
	require.NoError(t, err)
	return strings.TrimSpace(string(out))
}

// writeTable writes columns as CSV of numbers.
func writeTable(t testing.TB, path string, columns [][]float32) {
	var b bytes.Buffer
	for r := range columns[0] {
		for f, c := range columns {
			if f > 0 {
				b.WriteByte(',')
			}
			if c[r] == c[r] {
				b.WriteString(strconv.FormatFloat(float64(c[r]), 'g', -1, 32))
			}
		}
		b.WriteByte('\n')
	}
	require.NoError(t, os.WriteFile(path, b.Bytes(), 0o600))
}

// TestPeerLoads has the Python package load models of ours and predict.
func TestPeerLoads(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, reference string
		more            map[string]string
	}{
		{"squared error, lossguide", "abalone_hist_lossguide", nil},
		{"forest", "abalone_rf", nil},
		{"missing values", "california_missing", nil},
		{"logistic, sparse", "agaricus_logistic", nil},
		{"logitraw", "agaricus_logistic", map[string]string{"objective": "binary:logitraw", "base_score": "0.3", "eval_metric": "error"}},
		{"categories", "adult_categorical", nil},
		{"early stopping", "abalone_squarederror", map[string]string{"early_stopping_rounds": "3", "eta": "0.5", "gamma": "0"}},
		{"softprob", "iris_softprob", nil},
		{"dart", "agaricus_dart", map[string]string{"one_drop": "1"}},
		{"gblinear", "agaricus_gblinear", nil},
		{"gblinear of classes", "iris_softprob", map[string]string{"booster": "gblinear"}},
		{"poisson", "abalone_poisson", nil},
		{"tweedie", "abalone_tweedie", nil},
		{"pseudo-Huber", "abalone_poisson", map[string]string{"objective": "reg:pseudohubererror", "huber_slope": "2"}},
		{"quantile", "abalone_poisson", map[string]string{"objective": "reg:quantileerror", "quantile_alpha": "0.3"}},
		{"quantiles", "abalone_poisson", map[string]string{"objective": "reg:quantileerror", "quantile_alpha": "[0.1, 0.5, 0.9]"}},
		{"aft", "abalone_poisson", map[string]string{"objective": "survival:aft", "aft_loss_distribution": "extreme"}},
		{"cox", "abalone_poisson", map[string]string{"objective": "survival:cox"}},
		{"hinge", "agaricus_logistic", map[string]string{"objective": "binary:hinge", "eval_metric": "error"}},
		{"softmax", "iris_softmax", map[string]string{"num_parallel_tree": "3", "subsample": "0.8"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			ref := loadReference(t, test.reference)
			hp := ref.info.hyperParameters()
			maps.Copy(hp, test.more)
			result := trainRows(t, hp, ref.train, ref.test, nil)
			p := load(t, result.Files).(*predictor)
			data := ref.test.data()
			b, err := bind(p.layout, data.Schema, data.Features, true)
			require.NoError(t, err)
			n := ref.test[0].len()
			columns := blank(nil, len(data.Features), nil, n)
			require.NoError(t, b.fill(ref.test.batch(0, n), columns))

			dir := t.TempDir()
			m, err := modelfile.Read(result.Files[modelFile])
			require.NoError(t, err)
			args := []string{filepath.Join(dir, "table.csv")}
			for ending, data := range map[string][]byte{".json": result.Files[modelFile], ".ubj": m.WriteUBJSON()} {
				model := filepath.Join(dir, "model"+ending)
				require.NoError(t, os.WriteFile(model, data, 0o600))
				args = append(args, model, model+".out")
			}
			writeTable(t, args[0], columns)
			version := python(t, "load_model.py", args...)
			for _, out := range []string{args[2], args[4]} {
				theirs, err := os.ReadFile(out)
				require.NoError(t, err)
				requireClose(t, matrixOf(t, theirs), scoreRows(t, p, ref.test), 1e-6, version+" "+out)
			}
		})
	}
}

// TestPeerQuality trains beside the Python package at equal settings and compares what both say of rows held back,
// in the mean of several splits.
func TestPeerQuality(t *testing.T) {
	if os.Getenv("BATCHMILL_PEER_QUALITY") == "" {
		t.Skip("trains for many seconds: set BATCHMILL_PEER_QUALITY=1")
	}
	t.Parallel()
	adult := loadReference(t, "adult_categorical")
	california := loadReference(t, "california_missing")
	for _, test := range []struct {
		name, metric string
		ref          reference
		hp           map[string]string
	}{
		{"california", "rmse", california, map[string]string{"objective": "reg:squarederror", "max_depth": "6", "eta": "0.1", "num_round": "200"}},
		{"california, lossguide", "rmse", california, map[string]string{"objective": "reg:squarederror", "grow_policy": "lossguide", "max_leaves": "63", "max_depth": "0", "eta": "0.1", "num_round": "200"}},
		{"adult", "auc", adult, map[string]string{"objective": "binary:logistic", "max_depth": "6", "eta": "0.1", "num_round": "200"}},
		{"adult, subsampled", "auc", adult, map[string]string{"objective": "binary:logistic", "max_depth": "6", "eta": "0.1", "num_round": "200", "subsample": "0.7", "colsample_bytree": "0.7"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			all := test.ref.train.concatTexts(test.ref.test)
			worse := 0.0
			for fold := range qualityFolds {
				held := func(i int) bool { return i%qualityFolds == fold }
				worse += qualityLost(t, test.hp, test.metric, all.pick(func(i int) bool { return !held(i) }), all.pick(held)) / qualityFolds
			}
			t.Logf("worse by %.3f %% in the mean", 100*worse)
			require.Less(t, worse, 0.003)
		})
	}
}

// qualityFolds is how many splits TestPeerQuality takes the mean of: on one of the California table, either side may be ahead by
// 1 %, for bins lie elsewhere.
const qualityFolds = 5

// qualityLost trains beside the Python package and returns by how much our metric on the rows held back is worse, relative.
func qualityLost(t *testing.T, params map[string]string, metric string, train, held rows) float64 {
	hp := maps.Clone(params)
	hp["eval_metric"] = metric
	result := trainRows(t, hp, train, held, nil)
	ours := result.Metrics[len(result.Metrics)-1].Value

	types := make([]string, 0, len(train)-1)
	for _, c := range train[1:] {
		types = append(types, map[bool]string{true: "c", false: "float"}[c.texts != nil])
	}
	both, split, dir := train.concatTexts(held).coded(), train[0].len(), t.TempDir()
	var files []string
	for _, side := range []bool{true, false} {
		part := both.pick(func(i int) bool { return (i < split) == side })
		path := filepath.Join(dir, fmt.Sprintf("%v.csv", side))
		writeTable(t, path, append([][]float32{part[0].numbers}, columnsOf(part)...))
		files = append(files, path)
	}
	args := map[string]any{"tree_method": "hist", "base_score": 0.5, "num_boost_round": 200, "feature_types": types, "nthread": 1}
	for k, v := range hp {
		if k != "num_round" {
			args[k] = v
		}
	}
	text, err := json.Marshal(args)
	require.NoError(t, err)
	var theirs struct {
		Version string
		Metrics map[string]float64
	}
	require.NoError(t, json.Unmarshal([]byte(python(t, "train_model.py", string(text), files[0], files[1])), &theirs))
	want := theirs.Metrics["test-"+metric]
	t.Logf("%s on rows held back: %.6f, xgboost %s %.6f", metric, ours, theirs.Version, want)
	if metric == "auc" {
		return (want - ours) / want
	}
	return (ours - want) / want
}

// TestPeerMetrics compares metrics, weighted and not, with the Python package's on the same predictions.
func TestPeerMetrics(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		reference, objective string
		metrics              []string
	}{
		{"california_missing", "reg:squarederror", []string{"rmse", "mae", "mape", "rmsle"}},
		{"adult_categorical", "binary:logistic", []string{"logloss", "error", "error@0.3", "auc", "aucpr"}},
		{"iris_softprob", "multi:softprob", []string{"mlogloss", "merror"}},
	} {
		for _, weighted := range []string{"0", "1"} {
			ref := loadReference(t, test.reference)
			train, validation := ref.train.coded(), ref.test.coded()
			if test.reference == "adult_categorical" { // codes of their own would differ between the two
				all := ref.train.concatTexts(ref.test).coded()
				n := ref.train[0].len()
				train, validation = all.pick(func(i int) bool { return i < n }), all.pick(func(i int) bool { return i >= n })
			}
			if weighted == "1" {
				train, validation = train.withWeights(), validation.withWeights()
			}
			hp := map[string]string{"objective": test.objective, "num_round": "5", "csv_weights": weighted, "eval_metric": strings.Join(test.metrics, ",")}
			if test.objective == "multi:softprob" {
				hp["num_class"] = "3"
			}
			result := trainRows(t, hp, train, validation, nil)
			dir := t.TempDir()
			model, table := filepath.Join(dir, "model.json"), filepath.Join(dir, "table.csv")
			require.NoError(t, os.WriteFile(model, result.Files[modelFile], 0o600))
			writeTable(t, table, append([][]float32{validation[0].numbers}, columnsOf(validation)...))
			var theirs map[string]float64
			require.NoError(t, json.Unmarshal([]byte(python(t, "eval_model.py", model, table, weighted, strings.Join(test.metrics, ","))), &theirs))
			for _, m := range result.Metrics {
				if channel, name, _ := strings.Cut(m.Name, ":"); channel == "validation" {
					require.InEpsilon(t, theirs[name], m.Value, 2e-6, "%s weighted=%s", name, weighted)
				}
			}
		}
	}
}

// withWeights puts a column of weights after the label.
func (t rows) withWeights() rows {
	w := column{name: "w"}
	for i := range t[0].len() {
		w.numbers = append(w.numbers, float32(i%5)/2)
	}
	return append(rows{t[0], w}, t[1:]...)
}
