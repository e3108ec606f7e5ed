package modelfile

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/batchmill/batchmill/internal/testdata"
)

func shared(t testing.TB, name, file string) []byte {
	data, err := os.ReadFile(filepath.Join(testdata.Path(t, "xgboost_reference", name), file))
	require.NoError(t, err)
	return data
}

// TestJSONAndUBJSON checks that both forms of a model that XGBoost wrote read the same.
func TestJSONAndUBJSON(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"abalone_rf", "adult_categorical", "agaricus_dart", "agaricus_gblinear", "iris_softprob", "california_gamma"} {
		a, err := Read(shared(t, name, "model.json"))
		require.NoError(t, err)
		b, err := Read(shared(t, name, "model.ubj"))
		require.NoError(t, err)
		// NaN, in split_conditions of categorical splits, equals nothing.
		for i := range a.Trees {
			for j := range a.Trees[i].Nodes {
				if a.Trees[i].Nodes[j].Categorical {
					a.Trees[i].Nodes[j].Value, b.Trees[i].Nodes[j].Value = 0, 0
				}
			}
		}
		require.Equal(t, a, b, name)
	}
}

// TestWriteJSON checks that what is written reads back the same, and that writing has no choices.
func TestWriteJSON(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"abalone_rf", "adult_categorical", "iris_softprob", "agaricus_dart", "agaricus_gblinear"} {
		m, err := Read(shared(t, name, "model.json"))
		require.NoError(t, err)
		for i := range m.Trees {
			for j := range m.Trees[i].Nodes {
				if m.Trees[i].Nodes[j].Categorical {
					m.Trees[i].Nodes[j].Value = 0
				}
			}
		}
		written := m.WriteJSON()
		back, err := Read(written)
		require.NoError(t, err)
		require.Equal(t, m, back)
		require.Equal(t, written, back.WriteJSON())
		binary := m.WriteUBJSON()
		back, err = Read(binary)
		require.NoError(t, err)
		require.Equal(t, m, back)
		require.Equal(t, binary, back.WriteUBJSON())
	}
}

func TestBaseScoreForms(t *testing.T) {
	t.Parallel()
	plain := shared(t, "iris_softprob", "model.json")
	for text, want := range map[string][]float64{`"5E-1"`: {0.5}, `"[5E-1]"`: {0.5}, `"[1E-1,2E-1,3E-1]"`: {0.1, 0.2, 0.3}, `0.25`: {0.25}} {
		m, err := Read(bytes.Replace(plain, []byte(`"base_score":"5E-1"`), []byte(`"base_score":`+text), 1))
		require.NoError(t, err)
		require.Equal(t, want, m.BaseScore)
	}
}

// TestHostile checks that broken files give errors that say where.
func TestHostile(t *testing.T) {
	t.Parallel()
	plain := shared(t, "iris_softprob", "model.json")
	for _, test := range []struct{ from, to, want string }{
		{`"left_children":[1,`, `"left_children":[0,`, "trees[0]: node 0 has two parents"},
		{`"left_children":[1,`, `"left_children":[99,`, "trees[0]: child 99 of a tree"},
		{`"split_indices":[2,`, `"split_indices":[4,`, "trees[0]: node 0 splits feature 4 of 4"},
		{`"num_feature":"4","num_target"`, `"num_feature":"-4","num_target"`, "learner_model_param.num_feature: not a count"},
		{`"num_class":"3","num_feature"`, `"num_class":"3000000","num_feature"`, "learner_model_param.num_class: 3000000 is too many"},
		{`"base_score":"5E-1"`, `"base_score":"half"`, `base_score: bad number "half"`},
		{`"base_score":"5E-1"`, `"base_score":"[1,2]"`, "base_score: 2 values for 3 outputs"},
		{`"name":"gbtree"`, `"name":"gbforest"`, `booster "gbforest" is not known`},
		{`"tree_info":[0,`, `"tree_info":[7,`, "tree for output 7 of 3"},
		{`"default_left":[`, `"default_left":[1,`, "arrays of different lengths"},
		{`{"learner"`, `{"teacher"`, "learner: missing"},
	} {
		require.Contains(t, string(plain), test.from)
		_, err := Read(bytes.Replace(plain, []byte(test.from), []byte(test.to), 1))
		var fault *Error
		require.ErrorAs(t, err, &fault, test.to)
		require.ErrorContains(t, err, test.want)
	}
	for n := range 200 {
		_, err := Read(plain[:len(plain)*n/200])
		require.Error(t, err)
	}
	deep := append(bytes.Repeat([]byte(`{"a":`), 1000), '1')
	_, err := Read(deep)
	require.ErrorContains(t, err, "nested too deeply")
	// A UBJSON array that claims to be longer than any file.
	claim := binary.BigEndian.AppendUint64([]byte("{U\x07learner[$d#L"), 1<<60)
	_, err = Read(claim)
	require.ErrorContains(t, err, "longer than the file")
}

func FuzzRead(f *testing.F) {
	for _, name := range []string{"iris_softprob", "agaricus_dart", "agaricus_gblinear", "abalone_poisson"} {
		for _, file := range []string{"model.json", "model.ubj"} {
			f.Add(shared(f, name, file))
		}
	}
	f.Add([]byte(`{"learner":{"learner_model_param":{"num_feature":"1","num_class":"0","base_score":"0"},"objective":{"name":"x"},"gradient_booster":{"name":"gbtree","model":{"gbtree_model_param":{},"tree_info":[0],"trees":[{"left_children":[-1],"right_children":[-1],"split_indices":[0],"split_conditions":[1],"default_left":[0]}]}}}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := Read(data)
		if err == nil {
			if _, err := Read(m.WriteJSON()); err != nil {
				t.Fatalf("what was read does not read back: %v", err)
			}
		}
	})
}
