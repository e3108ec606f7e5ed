package xgboost

import (
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/batchmill/batchmill/algorithms"
	"github.com/batchmill/batchmill/algorithms/xgboost/internal/modelfile"
	"github.com/batchmill/batchmill/dataset"
)

// madeModels unpacks models that the scripts in testdata had a Python package make, with its predictions.
func madeModels(t *testing.T, archive string) fstest.MapFS {
	return sharedFiles(t, filepath.Join("testdata", archive)).(fstest.MapFS)
}

func member(t *testing.T, files fstest.MapFS, name string) []byte {
	data, err := fs.ReadFile(files, name)
	require.NoError(t, err)
	return data
}

// forms are the endings of model files in the archives.
var forms = map[string]bool{".json": true, ".ubj": true, ".txt": true, ".deprecated": true, ".serialised": true,
	".pickle2": true, ".pickle3": true, ".pickle4": true, ".pickle5": true}

// TestMadeModels scores models of several releases of XGBoost and LightGBM in every form they write.
func TestMadeModels(t *testing.T) {
	t.Parallel()
	for _, archive := range []string{"xgboost-1.7.6", "xgboost-2.1.4", "xgboost-3.2.0", "lightgbm-4.7.0"} {
		files := madeModels(t, archive+".tar.gz")
		var names []string
		for name := range files {
			if forms[filepath.Ext(name)] {
				names = append(names, name)
			}
		}
		sort.Strings(names)
		require.Greater(t, len(names), 20)
		for _, name := range names {
			t.Run(archive+"/"+name, func(t *testing.T) {
				t.Parallel()
				stem := strings.TrimSuffix(name, filepath.Ext(name))
				p, err := New().Load(fstest.MapFS{name: files[name]})
				if stem == "linear" && archive == "lightgbm-4.7.0" {
					var fault *algorithms.DataError
					require.ErrorAs(t, err, &fault)
					require.ErrorContains(t, err, "linear trees (linear_tree) are not supported")
					return
				}
				require.NoError(t, err)
				table := "rows.csv"
				if stem == "pandas" || stem == "cats" {
					table = stem + ".csv"
				}
				got := scoreTable(t, p, member(t, files, table), table == "rows.csv")
				meetsTable(t, member(t, files, stem+".predict"), got.predictions, 1e-6)
				if stem == "pandas" || archive != "lightgbm-4.7.0" || !strings.HasPrefix(stem, "rf") { // LightGBM's raw score of a forest is a sum
					meetsTable(t, member(t, files, stem+".raw"), got.margins, 1e-6)
				}
				if leaves, ok := files[stem+".leaf"]; ok {
					meetsTable(t, leaves.Data, got.leaves, 0)
				}
			})
		}
	}
}

// TestPeerReadsBack has the Python package read what is written of models it made, in both forms.
func TestPeerReadsBack(t *testing.T) {
	t.Parallel()
	files := madeModels(t, "xgboost-3.2.0.tar.gz")
	for name, write := range map[string]func(*modelfile.Model) []byte{
		"dart": (*modelfile.Model).WriteUBJSON, "linear": (*modelfile.Model).WriteUBJSON, "softprob": (*modelfile.Model).WriteUBJSON,
		"quantiles": (*modelfile.Model).WriteJSON, "forest": (*modelfile.Model).WriteUBJSON, "named": (*modelfile.Model).WriteJSON,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m, err := modelfile.Read(member(t, files, name+".ubj"))
			require.NoError(t, err)
			data, dir := write(m), t.TempDir()
			model, table, out := filepath.Join(dir, "model.ubj"), filepath.Join(dir, "rows.csv"), filepath.Join(dir, "out")
			if data[1] == '"' {
				model = filepath.Join(dir, "model.json")
			}
			require.NoError(t, os.WriteFile(model, data, 0o600))
			// The script takes an empty field for a missing value.
			text := strings.ReplaceAll(string(member(t, files, "rows.csv")), "nan", "")
			require.NoError(t, os.WriteFile(table, []byte(text), 0o600))
			python(t, "load_model.py", table, model, out)
			got, err := os.ReadFile(out)
			require.NoError(t, err)
			p, err := New().Load(fstest.MapFS{"model": {Data: data}})
			require.NoError(t, err)
			ours := scoreTable(t, p, member(t, files, "rows.csv"), true)
			meetsTable(t, []byte(strings.ReplaceAll(string(got), " ", ",")), ours.predictions, 1e-6)
			meetsTable(t, member(t, files, name+".predict"), ours.predictions, 1e-6)
		})
	}
}

// scoreTable scores CSV text: rows of numbers without a header, or with a header and texts.
func scoreTable(t *testing.T, p algorithms.Predictor, text []byte, bare bool) inspected {
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	type wide struct {
		name    string
		texts   []string
		doubles []float64
	}
	var columns []wide
	for i, name := range strings.Split(lines[0], ",") {
		c := wide{name: name}
		if bare {
			c.name = "c" + strconv.Itoa(i)
		}
		columns = append(columns, c)
	}
	if !bare {
		lines = lines[1:]
	}
	for _, line := range lines {
		for i, w := range strings.Split(line, ",") {
			c := &columns[i]
			if c.name == "c" || c.name == "colour" {
				c.texts = append(c.texts, w)
				continue
			}
			c.doubles = append(c.doubles, parseNumber(t, w))
		}
	}
	var fields []dataset.Field
	var cols []dataset.Column
	for _, c := range columns {
		f, col := dataset.NullField(c.name, dataset.StringType), dataset.NewStrings(c.texts)
		if c.texts == nil {
			f.Type, col = dataset.Float64Type, dataset.NewFloat64(c.doubles)
		}
		fields, cols = append(fields, f), append(cols, col)
	}
	schema := dataset.NewSchema(!bare, fields...)
	s, err := p.Bind(schema, !bare)
	require.NoError(t, err)
	b := dataset.NewBatch(schema, cols, len(lines))
	defer b.Release()
	col, err := s.Score(b)
	require.NoError(t, err)
	out := inspected{predictions: values(t, col)}
	out.margins, _, err = s.(inspector).marginBatch(b)
	require.NoError(t, err)
	leaves, _, err := s.(inspector).leafBatch(b)
	require.NoError(t, err)
	for _, l := range leaves {
		out.leaves = append(out.leaves, float32(l))
	}
	return out
}

func meetsTable(t *testing.T, text []byte, got []float32, tolerance float64) {
	t.Helper()
	var want [][]float64
	for _, line := range strings.Split(strings.TrimSpace(string(text)), "\n") {
		var row []float64
		for _, w := range strings.Split(line, ",") {
			row = append(row, parseNumber(t, w))
		}
		want = append(want, row)
	}
	requireClose(t, want, got, tolerance, "")
}

// TestFindModel checks which file of an artifact is taken for the model, and what is said of artifacts without one.
func TestFindModel(t *testing.T) {
	t.Parallel()
	files := madeModels(t, "xgboost-3.2.0.tar.gz")
	a, b := files["logistic.json"], files["softprob.ubj"]
	text := &fstest.MapFile{Data: []byte("read me")}
	for _, test := range []struct {
		files fstest.MapFS
		width int
		want  string
	}{
		{fstest.MapFS{"what.ever": a}, 1, ""},
		{fstest.MapFS{"code/inference.py": text, "data.bst": b}, 3, ""},
		{fstest.MapFS{"xgboost-model": a, "other.ubj": b}, 1, ""},
		{fstest.MapFS{"model.json": b, "model.ubj": b, "notes": text}, 3, ""},
		{fstest.MapFS{"a.json": a, "b.ubj": b}, 0, "several models, none of them named xgboost-model: a.json, b.ubj"},
		{fstest.MapFS{"a": text, "params.json": {Data: []byte(`{"eta": 1}`)}}, 0, "no model of XGBoost or LightGBM: a (something else), params.json (a JSON document)"},
		{fstest.MapFS{"a": text}, 0, "neither JSON, UBJSON nor XGBoost's old binary form"},
		{fstest.MapFS{"model.gz": {Data: []byte("\x1f\x8b\x08")}}, 0, "a gzip file"},
		{fstest.MapFS{"dump.txt": {Data: []byte("booster[0]:\n0:leaf=1\n")}}, 0, "a text dump of XGBoost's trees"},
		{fstest.MapFS{}, 0, "the artifact is empty"},
	} {
		p, err := New().Load(test.files)
		if test.want == "" {
			require.NoError(t, err)
			require.Equal(t, outputField(test.width), p.Output())
			continue
		}
		var fault *algorithms.DataError
		require.ErrorAs(t, err, &fault)
		require.ErrorContains(t, err, test.want)
	}
}

// TestLightGBMSparse checks that what a sparse row leaves out counts as 0, and that doubles are told apart where float32
// does not.
func TestLightGBMSparse(t *testing.T) {
	t.Parallel()
	model := "tree\nversion=v4\nnum_class=1\nnum_tree_per_iteration=1\nmax_feature_idx=0\nobjective=regression\nfeature_names=x\nfeature_infos=[0:1]\n\n" +
		"Tree=0\nnum_leaves=2\nnum_cat=0\nsplit_feature=0\nthreshold=0.10000000000000002\ndecision_type=2\nleft_child=-1\nright_child=-2\nleaf_value=1 2\n\nend of trees\n"
	p, err := New().Load(fstest.MapFS{"model.txt": {Data: []byte(model)}})
	require.NoError(t, err)
	double := p.(*lightPredictor)
	require.Equal(t, []float32{1, 1, 2, 1}, double.margins([][]float64{{0.1, 0.10000000000000002, 0.10000000000000003, 0}}, 4))
}
