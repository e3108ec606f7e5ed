package lightgbm

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/batchmill/batchmill/internal/testdata"
)

const small = `tree
version=v4
num_class=1
num_tree_per_iteration=1
label_index=0
max_feature_idx=1
objective=binary sigmoid:1
feature_names=a b
feature_infos=[0:1] 1:2:40

Tree=0
num_leaves=3
num_cat=1
split_feature=1 0
split_gain=2 1
threshold=0 0.5
decision_type=1 8
left_child=1 -1
right_child=-3 -2
leaf_value=1 2 3
cat_boundaries=0 2
cat_threshold=6 256
is_linear=0
shrinkage=1


end of trees

pandas_categorical:[["x", "y"]]
`

func TestSmall(t *testing.T) {
	t.Parallel()
	m, err := ReadText([]byte(small))
	require.NoError(t, err)
	require.Equal(t, []string{"a", "b"}, m.Features)
	require.Equal(t, [][]Category{nil, {{Text: "x", IsText: true}, {Text: "y", IsText: true}}}, m.Categories)
	e := NewEngine(m)
	rows := [][]float64{{0.4, 0.6, 0, 0}, {1, 40, 3, -1}}
	out, leaves := make([]float64, 4), make([]int32, 4)
	e.Margins(rows, 4, out)
	e.Leaves(rows, 4, leaves)
	require.Equal(t, []float64{1, 2, 3, 3}, out)
	require.Equal(t, []int32{0, 1, 2, 2}, leaves)
}

// TestHostile checks that broken files give errors that say where.
func TestHostile(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ from, to, want string }{
		{"left_child=1 -1", "left_child=0 -1", "Tree=0: child 0 has two parents"},
		{"left_child=1 -1", "left_child=7 -1", "child 7 of a tree of 2 splits"},
		{"left_child=1 -1", "left_child=1 -3", "child -3 has two parents"},
		{"left_child=1 -1", "left_child=1 -1e99", "of a tree of 2 splits"},
		{"split_feature=1 0", "split_feature=1 2", "split 1 is on feature 2 of 2"},
		{"split_feature=1 0", "split_feature=1", "split_feature has 1 values, not 2"},
		{"threshold=0 0.5", "threshold=4 0.5", "categories 4 of 1"},
		{"threshold=0 0.5", "threshold=0 nan", "NaN as its threshold"},
		{"leaf_value=1 2 3", "leaf_value=1 x 3", `leaf_value: "x" is no number`},
		{"leaf_value=1 2 3", "leaf_value=1 nan 3", "NaN as its value"},
		{"num_leaves=3", "num_leaves=1000000000", "leaf_value has 3 values"},
		{"num_leaves=3", "num_leaves=0", "num_leaves is"},
		{"num_cat=1", "num_cat=99999999999", "cat_boundaries has 2 values"},
		{"cat_boundaries=0 2", "cat_boundaries=0 3", "cat_boundaries 0 to 3 of 2"},
		{"cat_threshold=6 256", "cat_threshold=6 -1", "no word of 32 bits"},
		{"decision_type=1 8", "decision_type=1 16", "decision_type 16 is not known"},
		{"decision_type=1 8", "decision_type=1 12", "decision_type 12 is not known"},
		{"is_linear=0", "is_linear=1", "linear trees (linear_tree) are not supported"},
		{"max_feature_idx=1", "max_feature_idx=1000000000", "feature_names: 2 names for"},
		{"objective=binary sigmoid:1", "objective=binary sigmoid:-1", `sigmoid is "-1"`},
		{"objective=binary", "objective=magic", `objective "magic" is not supported`},
		{"num_tree_per_iteration=1", "num_tree_per_iteration=2", "no multiple of num_tree_per_iteration=2"},
		{"num_tree_per_iteration=1", "num_tree_per_iteration=-2", "num_tree_per_iteration is -2"},
		{`[["x", "y"]]`, `[["x"], ["y"]]`, "2 columns of categories, but 1 features"},
		{`[["x", "y"]]`, `{"x": 1}`, "not a list of lists"},
		{"Tree=0", "Wood=0", `"Wood=0" where a tree should begin`},
		{"tree\n", "forest\n", "does not begin with"},
	} {
		require.Contains(t, small, test.from)
		_, err := ReadText([]byte(strings.Replace(small, test.from, test.to, 1)))
		var fault *Error
		require.ErrorAs(t, err, &fault, test.to)
		require.ErrorContains(t, err, test.want)
	}
	for _, test := range []struct{ text, want string }{
		{`{"tree_info":[{"tree_structure":{"split_feature":0,"decision_type":"<=","threshold":1,"left_child":{"leaf_value":1}}}],"feature_names":["a"]}`, "a child is missing"},
		{`{"tree_info":[{"tree_structure":{}}],"feature_names":["a"]}`, "neither split nor leaf"},
		{`{"tree_info":[{"tree_structure":{"split_feature":0,"decision_type":"==","threshold":"1||99999999999","left_child":{"leaf_value":1},"right_child":{"leaf_value":1}}}],"feature_names":["a"]}`, `category "99999999999" is none`},
		{`{"tree_info":[{"tree_structure":{"leaf_value":1,"leaf_const":0}}],"feature_names":["a"]}`, "linear trees"},
		{`{"tree_info":[],"max_feature_idx":99999999}`, "is too many"},
		{`{"tree_info":[],"feature_names":["a"]}`, "no trees"},
		{`{"tree_info":7}`, "JSON"},
		{strings.Repeat(`{"tree_info":`, 20000), "JSON"},
	} {
		_, err := ReadJSON([]byte(test.text))
		require.ErrorContains(t, err, test.want)
	}
}

// score runs whatever was read over a few values that break comparisons.
func score(m *Model) {
	if len(m.Features) > 1000 || m.Outputs > 1000 {
		return
	}
	columns := make([][]float64, len(m.Features))
	for f := range columns {
		columns[f] = []float64{0, -1, 1e300, zeroThreshold}
	}
	NewEngine(m).Predict(columns, 4, make([]float64, 4*m.Outputs))
}

func seeds(f *testing.F, pattern string) {
	files, err := filepath.Glob(filepath.Join(testdata.Path(f, "interop_models", "leaves"), pattern))
	require.NoError(f, err)
	for _, file := range files {
		data, err := os.ReadFile(file)
		require.NoError(f, err)
		f.Add(data)
	}
}

func FuzzText(f *testing.F) {
	f.Add([]byte(small))
	seeds(f, "model_simple.txt")
	f.Fuzz(func(_ *testing.T, data []byte) {
		if m, err := ReadText(data); err == nil {
			score(m)
		}
	})
}

func FuzzJSON(f *testing.F) {
	seeds(f, "lg_1tree*.json")
	f.Fuzz(func(_ *testing.T, data []byte) {
		if m, err := ReadJSON(data); err == nil {
			score(m)
		}
	})
}
