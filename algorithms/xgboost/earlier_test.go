package xgboost

import (
	"encoding/json"
	"maps"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/batchmill/batchmill/algorithms"
	"github.com/batchmill/batchmill/algorithms/xgboost/internal/modelfile"
)

func asFS(files map[string][]byte) fstest.MapFS {
	m := fstest.MapFS{}
	for name, data := range files {
		m[name] = &fstest.MapFile{Data: data}
	}
	return m
}

// TestGoOn trains some rounds, takes the model as that of the model channel and trains the others: same bytes as in one go,
// with the artifact and with the bare model.
func TestGoOn(t *testing.T) {
	t.Parallel()
	for name, test := range determinismCases(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rounds, err := strconv.Atoi(test.hp["num_round"])
			require.NoError(t, err)
			whole := trainRows(t, test.hp, test.ref.train, test.ref.test, nil)
			first, rest := maps.Clone(test.hp), maps.Clone(test.hp)
			first["num_round"], rest["num_round"] = "2", strconv.Itoa(rounds-2)
			begun := trainRows(t, first, test.ref.train, nil, nil).Files
			var states [][]byte
			got := trainRows(t, rest, test.ref.train, test.ref.test, func(r *algorithms.TrainRequest) {
				r.Model = asFS(begun)
				r.Checkpoint = func(_ int, encode func() ([]byte, error)) error {
					state, err := encode()
					states = append(states, state)
					return err
				}
			})
			require.Equal(t, whole, got)
			got = trainRows(t, rest, test.ref.train, test.ref.test, func(r *algorithms.TrainRequest) { r.Model, r.Resume = asFS(begun), states[1] })
			require.Equal(t, whole, got, "resumed")
			bare := map[string][]byte{"model.json": begun[modelFile]}
			got = trainRows(t, rest, test.ref.train, nil, func(r *algorithms.TrainRequest) { r.Model = asFS(bare) })
			require.Equal(t, whole.Files[modelFile], got.Files[modelFile], "bare model")
		})
	}
}

// TestGoOnElsewhere goes on from XGBoost's own model with other rows.
func TestGoOnElsewhere(t *testing.T) {
	t.Parallel()
	ref := loadReference(t, "abalone_squarederror")
	model := map[string][]byte{}
	for _, file := range []string{"model.ubj"} {
		data, err := os.ReadFile(filepath.Join(referencePath(t), "abalone_squarederror", file))
		require.NoError(t, err)
		model[file] = data
	}
	hp := map[string]string{"num_round": "1", "eta": "0.1", "max_depth": "3"}
	result := trainRows(t, hp, ref.train, ref.test, func(r *algorithms.TrainRequest) { r.Model = asFS(model) })
	was := ref.info.Eval["train"]["rmse"]
	require.Less(t, result.Metrics[0].Value, was[len(was)-1])
	require.Equal(t, ref.info.Rounds+1, result.Rounds)
	m, err := modelfile.Read(result.Files[modelFile])
	require.NoError(t, err)
	require.Equal(t, ref.info.Rounds+1, m.Rounds())

	for _, test := range []struct{ key, value, want string }{
		{"objective", "reg:gamma", "Hyperparameter objective: reg:gamma, but the model of the model channel has reg:squarederror"},
		{"booster", "gblinear", "Hyperparameter booster: gblinear, but the model of the model channel has gbtree"},
		{"num_parallel_tree", "3", "Hyperparameter num_parallel_tree: 3, but the model of the model channel has 1"},
		{"base_score", "0.25", "Hyperparameter base_score: 0.25, but the model of the model channel has 0.5"},
	} {
		other := maps.Clone(hp)
		other[test.key] = test.value
		_, err := New().Train(t.Context(), &algorithms.TrainRequest{HyperParameters: other, Model: asFS(model), Channels: map[string]*algorithms.Data{"train": ref.train.data()}})
		require.EqualError(t, err, test.want)
	}
	_, err = New().Train(t.Context(), &algorithms.TrainRequest{HyperParameters: hp, Model: asFS(map[string][]byte{"a": []byte("nonsense")}), Channels: map[string]*algorithms.Data{"train": ref.train.data()}})
	require.ErrorContains(t, err, "channel model: ")
}

// TestRefresh updates a model with other rows, as the Python package does.
func TestRefresh(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		reference string
		hp        map[string]string
	}{
		{"abalone_squarederror", map[string]string{"refresh_leaf": "1"}},
		{"abalone_squarederror", map[string]string{"refresh_leaf": "0"}},
		{"agaricus_logistic", map[string]string{"objective": "binary:logistic", "eta": "0.5", "lambda": "2"}},
		{"iris_softprob", map[string]string{"objective": "multi:softprob", "num_class": "3", "alpha": "0.1"}},
	} {
		ref := loadReference(t, test.reference)
		hp := maps.Clone(test.hp)
		maps.Copy(hp, map[string]string{"process_type": "update", "updater": "refresh", "num_round": "4"})
		from := filepath.Join(referencePath(t), test.reference, "model.json")
		data, err := os.ReadFile(from)
		require.NoError(t, err)
		var states [][]byte
		result := trainRows(t, hp, ref.test, nil, func(r *algorithms.TrainRequest) {
			r.Model = asFS(map[string][]byte{"model.json": data})
			r.Checkpoint = func(_ int, encode func() ([]byte, error)) error {
				state, err := encode()
				states = append(states, state)
				return err
			}
		})
		again := trainRows(t, hp, ref.test, nil, func(r *algorithms.TrainRequest) {
			r.Model, r.Resume = asFS(map[string][]byte{"model.json": data}), states[1]
		})
		require.Equal(t, result, again)

		dir := t.TempDir()
		table, out := filepath.Join(dir, "table.csv"), filepath.Join(dir, "model.json")
		writeTable(t, table, append([][]float32{ref.test[0].numbers}, columnsOf(ref.test)...))
		spec, err := json.Marshal(map[string]any{"params": hp, "rounds": 4})
		require.NoError(t, err)
		python(t, "refresh_model.py", string(spec), from, table, out)
		written, err := os.ReadFile(out)
		require.NoError(t, err)
		theirs, err := modelfile.Read(written)
		require.NoError(t, err)
		ours, err := modelfile.Read(result.Files[modelFile])
		require.NoError(t, err)
		require.Len(t, ours.Trees, len(theirs.Trees))
		for i, tree := range theirs.Trees {
			for j, want := range tree.Nodes {
				got := ours.Trees[i].Nodes[j]
				require.InDelta(t, want.Value, got.Value, 1e-4, "tree %d node %d", i, j)
				require.InDelta(t, want.Hessian, got.Hessian, 1e-4*float64(1+want.Hessian), "tree %d node %d", i, j)
				require.InDelta(t, want.Weight, got.Weight, 1e-4*float64(1+want.Weight*want.Weight), "tree %d node %d", i, j)
				require.InDelta(t, want.Gain, got.Gain, 1e-3*(1+math.Abs(float64(want.Gain))), "tree %d node %d", i, j)
			}
		}
	}
}
