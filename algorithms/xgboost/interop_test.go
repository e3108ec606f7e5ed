package xgboost

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/batchmill/batchmill/algorithms"
	"github.com/batchmill/batchmill/algorithms/xgboost/internal/modelfile"
	"github.com/batchmill/batchmill/internal/testdata"
)

// foreign is what is recorded of one model that something else trained.
type foreign struct {
	rows                         foreignRows
	predictions, margins, leaves string // files of expected values; all below rely on rows
	skipLines                    int    // of predictions
	rounds, leafTrees            int    // where only the first few count: boosting rounds of a prediction, trees of leaves
	same                         string // a model with equal margins and leaves
	refused                      string // what the error says instead
	loadsOnly                    bool   // nothing is recorded of it
}

// foreignRows is where rows come from.
type foreignRows struct {
	file  string
	kind  string // libsvm, csv, tsv (blanks and tabs)
	base  int    // libsvm: index of the first feature
	first int    // column of the first feature
	head  bool
	width int // columns to take, 0: all
}

const (
	agaricusJava = "interop_models/xgboost_predictor_java/data/agaricus.txt.0.test"
	java         = "interop_models/xgboost_predictor_java/"
	rust         = "interop_models/gbdt_rs/"
	leavesDir    = "interop_models/leaves/"
	container    = "interop_models/sagemaker_xgboost_container/"
)

var (
	agaricus0   = foreignRows{file: agaricusJava, kind: "libsvm"}
	mq2008      = foreignRows{file: java + "data/mq2008.test", kind: "libsvm"}
	dermatology = foreignRows{file: rust + "xgb_multi_softmax/dermatology.data.test", kind: "csv", width: 33}
	iris        = foreignRows{file: "small_classics/iris.csv", kind: "csv", head: true, width: 4}
	agaricus1   = foreignRows{file: leavesDir + "agaricus_test.libsvm", kind: "libsvm"}
	cancer      = foreignRows{file: leavesDir + "breast_cancer_test.tsv", kind: "tsv"}
)

// foreignModels tells of each model file in the shared data what to feed it and what comes out; see the README there.
var foreignModels = map[string]foreign{
	rust + "xgb_binary_logistic/xgb.model": {rows: agaricus0, predictions: rust + "xgb_binary_logistic/pred.csv"},
	rust + "xgb_binary_logitraw/xgb.model": {rows: agaricus0, predictions: rust + "xgb_binary_logitraw/pred.csv"},
	rust + "xgb_multi_softmax/xgb.model":   {rows: dermatology, predictions: rust + "xgb_multi_softmax/pred.csv"},
	rust + "xgb_multi_softprob/xgb.model":  {rows: dermatology, predictions: rust + "xgb_multi_softprob/pred.csv"},
	rust + "xgb_rank_pairwise/xgb.model":   {rows: mq2008, predictions: rust + "xgb_rank_pairwise/pred.csv"},
	rust + "xgb_reg_linear/xgb.model":      {rows: foreignRows{file: rust + "xgb_reg_linear/machine.txt.test", kind: "libsvm"}, predictions: rust + "xgb_reg_linear/pred.csv"},
	rust + "xgb_reg_logistic/xgb.model":    {rows: agaricus0, predictions: rust + "xgb_reg_logistic/pred.csv"},

	leavesDir + "genlin_fmtp_gamma_AvgClaimAmount.model": {rows: foreignRows{file: leavesDir + "genlin_fmtp_gamma_AvgClaimAmount_features.tsv", kind: "tsv"}, predictions: leavesDir + "genlin_fmtp_gamma_AvgClaimAmount_true_predictions.txt"},
	leavesDir + "genlin_fmtp_poisson_Frequency.model":    {rows: foreignRows{file: leavesDir + "genlin_fmtp_poisson_Frequency_features.tsv", kind: "tsv"}, predictions: leavesDir + "genlin_fmtp_poisson_Frequency_true_predictions.txt"},
	leavesDir + "genlin_fmtp_tweedie_PurePremium.model":  {rows: foreignRows{file: leavesDir + "genlin_fmtp_tweedie_PurePremium_features.tsv", kind: "tsv"}, predictions: leavesDir + "genlin_fmtp_tweedie_PurePremium_true_predictions.txt"},
	leavesDir + "lg_1tree.json":                          {loadsOnly: true},
	leavesDir + "lg_1tree_1leaf.json":                    {loadsOnly: true},
	leavesDir + "lg_breast_cancer.txt":                   {rows: foreignRows{file: leavesDir + "lg_breast_cancer_data.txt", kind: "tsv"}, leaves: leavesDir + "lg_breast_cancer_data_pred_leaves.txt"},
	leavesDir + "lg_dart_breast_cancer.json":             {rows: cancer, same: leavesDir + "lg_dart_breast_cancer.model"}, // it names no objective
	leavesDir + "lg_dart_breast_cancer.model":            {rows: cancer, predictions: leavesDir + "lg_dart_breast_cancer_true_predictions.txt"},
	leavesDir + "lg_kddcup99.model":                      {rows: foreignRows{file: leavesDir + "kddcup99_test.tsv", kind: "tsv"}, margins: leavesDir + "lg_kddcup99_true_predictions.txt"},
	leavesDir + "lg_rf_iris.model":                       {rows: foreignRows{file: leavesDir + "iris_test.libsvm", kind: "libsvm"}, predictions: leavesDir + "lg_rf_iris_true_predictions.txt"},
	leavesDir + "lgmulticlass.model":                     {rows: foreignRows{file: leavesDir + "multiclass_test.tsv", kind: "tsv", first: 1}, predictions: leavesDir + "lgmulticlass_true_predictions.txt", margins: leavesDir + "lgmulticlass_true_raw_predictions.txt"},
	leavesDir + "model_simple.txt":                       {loadsOnly: true},
	leavesDir + "tree_1leaf.txt":                         {refused: "a single LightGBM tree without the model's head"},
	leavesDir + "tree_2leaves.txt":                       {refused: "a single LightGBM tree without the model's head"},
	leavesDir + "tree_3leaves.txt":                       {refused: "a single LightGBM tree without the model's head"},
	leavesDir + "xg_dart_agaricus.model":                 {rows: agaricus1, margins: leavesDir + "xg_dart_agaricus_true_predictions.txt", rounds: 10},
	leavesDir + "xgagaricus.model":                       {rows: agaricus1, predictions: leavesDir + "xgagaricus_true_predictions.txt"},
	leavesDir + "xgblin_agaricus.model":                  {rows: agaricus1, predictions: leavesDir + "xgblin_agaricus_true_predictions.txt", margins: leavesDir + "xgblin_agaricus_true_raw_predictions.txt"},
	leavesDir + "xgdermatology.model":                    {rows: foreignRows{file: leavesDir + "dermatology_test.libsvm", kind: "libsvm"}, margins: leavesDir + "xgdermatology_true_predictions.txt"},

	container + "abalone.ubj":       {rows: foreignRows{file: "abalone/abalone.validation.libsvm", kind: "libsvm", base: 1}, predictions: container + "abalone.validation_predictions.txt"},
	container + "iris_r_binf.model": {rows: iris, predictions: container + "iris_r_binf.predictions.txt"},
	container + "saved_booster.bin": {rows: iris, predictions: container + "saved_booster.iris_predictions.txt"},

	java + "model/dart/rank-pairwise.model":       {rows: mq2008, predictions: java + "expectation/dart/rank-pairwise.predict"},
	java + "model/gbtree/v47/rank-pairwise.model": {rows: mq2008, predictions: java + "expectation/gbtree/v47/rank-pairwise.predict"},
	java + "model/gbtree/spark/agaricus.model":    {rows: agaricus0, predictions: java + "expectation/gbtree/spark/agaricus.predict"},
	java + "model/gbtree/spark/housing.model":     {rows: foreignRows{file: java + "data/housing.test", kind: "libsvm", base: 1}, predictions: java + "expectation/gbtree/spark/housing.predict"},
	java + "model/gbtree/spark/iris.model":        {rows: foreignRows{file: java + "data/iris.test", kind: "libsvm", base: 1}, predictions: java + "expectation/gbtree/spark/iris.predict"},
	java + "model/gbtree/v47/sms-spam.model":      {rows: foreignRows{file: java + "data/sms-spam.test", kind: "libsvm"}, predictions: java + "expectation/gbtree/v47/sms-spam.predict", leaves: java + "expectation/gbtree/v47/sms-spam.leaf"},
}

func init() {
	for _, objective := range []string{"binary-logistic", "binary-logitraw", "multi-softmax", "multi-softprob"} {
		for _, booster := range []string{"gbtree", "gblinear"} {
			expected := java + "expectation/" + booster + "/v47/" + objective
			f := foreign{rows: agaricus0, predictions: expected + ".predict", margins: expected + ".margin"}
			if booster == "gbtree" {
				f.leaves = expected + ".leaf"
				foreignModels["first: "+java+"model/gbtree/v47/"+objective+".model"] = foreign{rows: agaricus0, rounds: 1, leafTrees: 2, predictions: expected + ".predict_ntree", leaves: expected + ".leaf_ntree"}
			}
			foreignModels[java+"model/"+booster+"/v47/"+objective+".model"] = f
		}
	}
	for _, name := range []string{"model1", "model2"} {
		for _, form := range []string{".bin", ".json", ".pickled.tar.gz"} {
			for _, part := range []string{"test", "validation"} {
				key := "sagemaker_churn/" + name + form
				if part == "test" {
					key = "test: " + key
				}
				foreignModels[key] = foreign{rows: foreignRows{file: "sagemaker_churn/" + part + ".csv", kind: "csv", first: 1}, predictions: "sagemaker_churn/" + name + "." + part + "_predictions.txt"}
			}
		}
	}
	foreignModels["hosted: sagemaker_churn/model1.pickled.tar.gz"] = foreign{rows: foreignRows{file: "sagemaker_churn/validation.csv", kind: "csv", first: 1}, predictions: "sagemaker_churn/validation_with_predictions.csv", skipLines: 1}
	for _, name := range references {
		for _, file := range []string{"model.json", "model.ubj", "model.bin"} {
			foreignModels[referenceDir+"/"+name+"/"+file] = foreign{loadsOnly: true} // met by TestReferenceModels
		}
	}
}

// sharedFiles unpacks an archive or takes a file by itself, as the workflow does.
func sharedFiles(t testing.TB, path string) fs.FS {
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	if !strings.HasSuffix(path, ".tar.gz") {
		return fstest.MapFS{filepath.Base(path): {Data: data}}
	}
	z, err := gzip.NewReader(bytes.NewReader(data))
	require.NoError(t, err)
	files := fstest.MapFS{}
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if err == io.EOF {
			return files
		}
		require.NoError(t, err)
		if h.Typeflag != tar.TypeReg {
			continue
		}
		content, err := io.ReadAll(r)
		require.NoError(t, err)
		files[filepath.Clean(h.Name)] = &fstest.MapFile{Data: content}
	}
}

// TestEveryForeignModel goes over the folders of models: each is in the table above, and loads or is refused.
func TestEveryForeignModel(t *testing.T) {
	t.Parallel()
	root := filepath.Dir(testdata.Path(t, "interop_models"))
	for _, folder := range []string{"interop_models", "sagemaker_churn", referenceDir} {
		err := filepath.WalkDir(filepath.Join(root, folder), func(path string, e fs.DirEntry, err error) error {
			if err != nil || e.IsDir() {
				return err
			}
			data, err := os.ReadFile(path)
			require.NoError(t, err)
			form := modelfile.FormOf(data)
			name, err := filepath.Rel(root, path)
			require.NoError(t, err)
			f, known := foreignModels[filepath.ToSlash(name)]
			if !known {
				require.False(t, form.Model(data) || form == modelfile.Gzip, "%s is %s: say in foreignModels what it should yield", name, form)
				return nil
			}
			p, err := New().Load(sharedFiles(t, path))
			if f.refused == "" {
				require.NoError(t, err, name)
				require.NotEmpty(t, p.Features(), name)
				return nil
			}
			var fault *algorithms.DataError
			require.ErrorAs(t, err, &fault, name)
			require.ErrorContains(t, err, f.refused)
			return nil
		})
		require.NoError(t, err)
	}
}

// TestForeignPredictions meets every prediction, margin and leaf that is recorded.
func TestForeignPredictions(t *testing.T) {
	t.Parallel()
	testdata.Path(t, "interop_models")
	for name, f := range foreignModels {
		if f.loadsOnly || f.refused != "" {
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, path, found := strings.Cut(name, ": ")
			if !found {
				path = name
			}
			p, err := New().Load(sharedFiles(t, testdata.Path(t, path)))
			require.NoError(t, err)
			if f.rounds > 0 {
				data, err := os.ReadFile(testdata.Path(t, path))
				require.NoError(t, err)
				m, err := modelfile.Read(data)
				require.NoError(t, err)
				m.Trees = m.Trees[:f.rounds*m.Groups()]
				p, err = newPredictor(m, layoutOf(m))
				require.NoError(t, err)
			}
			got := f.rows.score(t, p)
			if f.predictions != "" {
				meets(t, f.predictions, f.skipLines, got.predictions)
			}
			if f.margins != "" {
				meets(t, f.margins, 0, got.margins)
			}
			if f.leafTrees > 0 {
				all, err := New().Load(sharedFiles(t, testdata.Path(t, path)))
				require.NoError(t, err)
				got.leaves = f.rows.score(t, all).firstLeaves(f.leafTrees)
			}
			if f.same != "" {
				other, err := New().Load(sharedFiles(t, testdata.Path(t, f.same)))
				require.NoError(t, err)
				twin := f.rows.score(t, other)
				require.Equal(t, twin.leaves, got.leaves)
				require.InDeltaSlice(t, twin.margins, got.margins, 1e-6)
			}
			if f.leaves != "" {
				meets(t, f.leaves, 0, got.leaves)
			}
		})
	}
}

// meets compares with a file of numbers at 1e-6 of each value (of 1e-3 where it is smaller: a float32 sum of larger terms),
// or half a unit of the last digit where the file has fewer digits.
func meets(t *testing.T, file string, skip int, got []float32) {
	t.Helper()
	data, err := os.ReadFile(testdata.Path(t, file))
	require.NoError(t, err)
	at, worst := 0, 0.0
	for _, line := range strings.Split(strings.TrimSpace(string(data)), "\n")[skip:] {
		words := strings.FieldsFunc(line, func(c rune) bool { return c == ',' || c == ' ' || c == '\t' || c == '\r' })
		if skip > 0 {
			words = words[:1]
		}
		for _, w := range words {
			want, err := strconv.ParseFloat(w, 64)
			require.NoError(t, err)
			require.Less(t, at, len(got), "%s holds more values", file)
			unit := 0.0
			if dot := strings.IndexByte(w, '.'); dot >= 0 && !strings.ContainsAny(w, "eE") && len(w) <= 9 {
				unit = 0.51 * math.Pow10(dot+1-len(w))
			}
			difference := max(0, math.Abs(float64(got[at])-want)-unit) / math.Max(math.Abs(want), 1e-3)
			worst = math.Max(worst, difference)
			require.LessOrEqual(t, difference, 1e-6, "%s: value %d is %v, want %v", file, at, got[at], want)
			at++
		}
	}
	if skip == 0 {
		require.Equal(t, len(got), at, file)
	}
	t.Logf("%s: %d values, worst %.1e", filepath.Base(file), at, worst)
}

type inspected struct {
	predictions, margins, leaves []float32
	trees                        int
}

// firstLeaves takes the leaves of the first trees of each row.
func (s inspected) firstLeaves(trees int) []float32 {
	var out []float32
	for from := 0; from < len(s.leaves); from += s.trees {
		out = append(out, s.leaves[from:from+trees]...)
	}
	return out
}

// score runs a predictor over a table through its columns.
func (tab foreignRows) score(t *testing.T, p algorithms.Predictor) inspected {
	count := len(p.Features())
	rows := tab.read(t)
	var s inspected
	var leaves []int32
	n := len(rows)
	switch p := p.(type) {
	case *predictor:
		columns := make([][]float32, count)
		for f := range columns {
			if p.uses == nil || p.uses[f] {
				columns[f] = make([]float32, n)
				for r := range n {
					columns[f][r] = nan
				}
			}
		}
		spread(rows, columns)
		s.margins, s.trees = p.margins(columns, n), len(p.trees)
		s.predictions = p.link.Predict(append([]float32{}, s.margins...), p.groups)
		leaves = p.leaves(columns, n)
	case *lightPredictor:
		columns := blankOf[float64](nil, count, p.uses, n)
		spread(rows, columns)
		s.margins, s.trees = p.margins(columns, n), len(p.model.Trees)
		s.predictions = p.run(p.engine.Predict, columns, n)
		leaves = make([]int32, n*s.trees)
		p.engine.Leaves(columns, n, leaves)
	}
	for _, l := range leaves {
		s.leaves = append(s.leaves, float32(l))
	}
	return s
}

func spread[V float32 | float64](rows []map[int]float64, columns [][]V) {
	for r, row := range rows {
		for f, v := range row {
			if f < len(columns) && columns[f] != nil {
				columns[f][r] = V(v)
			}
		}
	}
}

// read returns rows as values by feature.
func (tab foreignRows) read(t *testing.T) []map[int]float64 {
	data, err := os.ReadFile(testdata.Path(t, tab.file))
	require.NoError(t, err)
	lines := strings.Split(strings.TrimSpace(string(data)), "\n")
	if tab.head {
		lines = lines[1:]
	}
	var rows []map[int]float64
	for _, line := range lines {
		row := map[int]float64{}
		rows = append(rows, row)
		if tab.kind == "libsvm" {
			for _, pair := range strings.Fields(line)[1:] {
				index, value, _ := strings.Cut(pair, ":")
				i, err := strconv.Atoi(index)
				require.NoError(t, err)
				row[i-tab.base] = parseNumber(t, value)
			}
			continue
		}
		words := strings.Fields(line)
		if tab.kind == "csv" {
			words = strings.Split(strings.TrimSpace(line), ",")
		}
		if words = words[tab.first:]; tab.width > 0 {
			words = words[:tab.width]
		}
		for i, w := range words {
			row[i] = parseNumber(t, w)
		}
	}
	return rows
}

func parseNumber(t *testing.T, s string) float64 {
	if s == "" || s == "?" {
		return math.NaN()
	}
	v, err := strconv.ParseFloat(s, 64)
	require.NoError(t, err)
	return v
}
