package e2e_test

import (
	"math"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/batchmill/batchmill/internal/testdata"
	"github.com/batchmill/batchmill/jobs"
)

// TestModelsOfOthers: model files of XGBoost and LightGBM are scored with by their URI and give the predictions their makers recorded, which
// verify makes again; one that is none fails the job before any shard runs, and the command line says so.
func TestModelsOfOthers(t *testing.T) {
	t.Parallel()
	b := shared.bucket(t, "foreign")
	file := func(path string) []byte {
		data, err := os.ReadFile(testdata.Path(t, strings.Split(path, "/")...))
		require.NoError(t, err)
		return data
	}
	const leaves = "interop_models/leaves/"
	for name, c := range map[string]struct{ model, content, in, predictions string }{
		"lightgbm-text":   {leaves + "lgmulticlass.model", "text/csv;delimiter=tab;label=1", leaves + "multiclass_test.tsv", leaves + "lgmulticlass_true_predictions.txt"},
		"xgboost-binary":  {leaves + "xgagaricus.model", "text/libsvm", leaves + "agaricus_test.libsvm", leaves + "xgagaricus_true_predictions.txt"},
		"xgboost-json":    {"sagemaker_churn/model2.json", "text/csv;label=1", "sagemaker_churn/test.csv", "sagemaker_churn/model2.test_predictions.txt"},
		"xgboost-pickled": {"sagemaker_churn/model1.pickled.tar.gz", "text/csv;label=1", "sagemaker_churn/validation.csv", "sagemaker_churn/model1.validation_predictions.txt"},
	} {
		shared.put(t, b+"models/"+name, file(c.model))
		shared.put(t, b+name+"/in/rows", file(c.in))
		doc := transformDocument(name, b+"models/"+name, c.content, b+name+"/in/", b+name+"/out/", "text/csv")
		if name == "xgboost-json" { // by the setting instead
			doc["ModelName"] = "churn-2"
			setting(doc, "BATCHMILL_MODEL_URI", b+"models/"+name)
		}
		d := shared.transform(t, doc)
		want := strings.Fields(strings.ReplaceAll(string(file(c.predictions)), ",", " "))
		var got []string
		for _, record := range records(t, shared.get(t, b+name+"/out/rows.out")) {
			got = append(got, record...)
		}
		require.Len(t, got, len(want), name)
		for i := range want {
			w, err := strconv.ParseFloat(want[i], 64)
			require.NoError(t, err)
			g, err := strconv.ParseFloat(got[i], 64)
			require.NoError(t, err)
			require.LessOrEqual(t, math.Abs(w-g), 1e-6*max(1, math.Abs(w)), "%s, value %d", name, i)
		}
		require.Contains(t, shared.cli(t, "verify", d.Manifest, "--inputs", "--rescore", "all").ok(t), "came out the same")
	}

	for name, want := range map[string]string{"nothing": "does not exist", "table": "no model of XGBoost or LightGBM"} {
		shared.put(t, b+"models/table", []byte("a,b\n1,2\n"))
		_, failed := fail[jobs.TransformJobDescription](t, shared.begin(t, jobs.TransformKind,
			transformDocument("no-model-"+name, b+"models/"+name, "text/csv", b+"xgboost-json/in/", b+"none/", "")))
		require.ErrorContains(t, failed, "artifact "+b+"models/"+name)
		require.ErrorContains(t, failed, want)
		require.Empty(t, shared.list(t, b+"none/"))
	}
}
