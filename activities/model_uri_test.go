package activities

import (
	"compress/gzip"
	"encoding/json"
	"math"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/batchmill/batchmill/internal/testdata"
	"github.com/batchmill/batchmill/jobs"
)

// shared reads a file of the shared data.
func shared(t testing.TB, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(testdata.Path(t, strings.Split(path, "/")...))
	require.NoError(t, err)
	return data
}

// recorded are the numbers of a file of recorded predictions.
func recorded(t testing.TB, path string) (values []float64) {
	t.Helper()
	for _, f := range strings.Fields(strings.ReplaceAll(string(shared(t, path)), ",", " ")) {
		v, err := strconv.ParseFloat(f, 64)
		require.NoError(t, err)
		values = append(values, v)
	}
	return values
}

// ways are the ways to name a model file, each with what a transform document says then.
var ways = map[string]func(s *shop, uri string, doc object){
	"ModelName": func(_ *shop, uri string, doc object) { doc["ModelName"] = uri },
	"BATCHMILL_MODEL_URI": func(_ *shop, uri string, doc object) {
		doc["Environment"].(object)["BATCHMILL_MODEL_URI"] = uri
	},
	"a registered model": func(s *shop, uri string, _ object) { s.registerAt("m", uri) },
}

// TestModelByURI: any file of XGBoost's or LightGBM's is scored with where it lies, whatever it is called, and gives the predictions that
// its maker recorded.
func TestModelByURI(t *testing.T) {
	t.Parallel()
	const leaves, java, rust, container = "interop_models/leaves/", "interop_models/xgboost_predictor_java/", "interop_models/gbdt_rs/", "interop_models/sagemaker_xgboost_container/"
	for name, c := range map[string]struct {
		model, contentType, in, predictions string
		output                              string // "": the prediction
	}{
		"XGBoost, binary":           {leaves + "xgagaricus.model", "text/libsvm", leaves + "agaricus_test.libsvm", leaves + "xgagaricus_true_predictions.txt", ""},
		"XGBoost, binary, linear":   {leaves + "xgblin_agaricus.model", "text/libsvm", leaves + "agaricus_test.libsvm", leaves + "xgblin_agaricus_true_predictions.txt", ""},
		"XGBoost, binary, of Spark": {java + "model/gbtree/spark/agaricus.model", "text/libsvm", java + "data/agaricus.txt.0.test", java + "expectation/gbtree/spark/agaricus.predict", ""},
		"XGBoost, binary, DART":     {java + "model/dart/rank-pairwise.model", "text/libsvm", java + "data/mq2008.test", java + "expectation/dart/rank-pairwise.predict", ""},
		"XGBoost, binary, ranking":  {rust + "xgb_rank_pairwise/xgb.model", "text/libsvm", java + "data/mq2008.test", rust + "xgb_rank_pairwise/pred.csv", ""},
		"XGBoost, old binary":       {container + "iris_r_binf.model", "text/csv;header=present;ignore=target", "small_classics/iris.csv", container + "iris_r_binf.predictions.txt", ""},
		"XGBoost, JSON":             {"sagemaker_churn/model1.json", "text/csv;label=1", "sagemaker_churn/validation.csv", "sagemaker_churn/model1.validation_predictions.txt", ""},
		"XGBoost, pickled, packed":  {"sagemaker_churn/model2.pickled.tar.gz", "text/csv;label=1", "sagemaker_churn/test.csv", "sagemaker_churn/model2.test_predictions.txt", ""},
		"XGBoost, UBJSON":           {"xgboost_reference/california_missing/model.ubj", "text/csv;header=present", "", "xgboost_reference/california_missing/test_predictions.txt", ""},
		"XGBoost, UBJSON, margins":  {"xgboost_reference/california_gamma/model.ubj", "text/csv;header=present", "", "xgboost_reference/california_gamma/test_margins.txt", "margin"},
		"LightGBM, text":            {leaves + "lgmulticlass.model", "text/csv;delimiter=tab;label=1", leaves + "multiclass_test.tsv", leaves + "lgmulticlass_true_predictions.txt", ""},
		"LightGBM, text, margins":   {leaves + "lgmulticlass.model", "text/csv;delimiter=tab;label=1", leaves + "multiclass_test.tsv", leaves + "lgmulticlass_true_raw_predictions.txt", "margin"},
		"LightGBM, text, DART":      {leaves + "lg_dart_breast_cancer.model", "text/csv;delimiter=tab", leaves + "breast_cancer_test.tsv", leaves + "lg_dart_breast_cancer_true_predictions.txt", ""},
		"LightGBM, text, forest":    {leaves + "lg_rf_iris.model", "text/libsvm", leaves + "iris_test.libsvm", leaves + "lg_rf_iris_true_predictions.txt", ""},
		"LightGBM, JSON":            {leaves + "lg_dart_breast_cancer.json", "text/csv;delimiter=tab", leaves + "breast_cancer_test.tsv", leaves + "lg_dart_breast_cancer_true_predictions.txt", "margin"},
	} {
		for way, say := range ways {
			t.Run(name+", by "+way, func(t *testing.T) {
				t.Parallel()
				s := newShop(t, newStore())
				const uri = "s3://b/drop/what it is.data" // names say nothing
				s.put(uri, shared(t, c.model))
				if c.in == "" {
					s.put("s3://b/in/a", toCSV(t, columns(californiaTest(t), 8)))
				} else {
					s.put("s3://b/in/a", shared(t, c.in))
				}
				env := object{}
				if c.output != "" {
					env["BATCHMILL_OUTPUT"] = c.output
				}
				doc := transformDoc(c.contentType, env)
				doc["TransformOutput"].(object)["Accept"] = "text/csv"
				say(s, uri, doc)
				done, err := s.transform(doc)
				require.NoError(t, err)
				s.verify(done)
				want := recorded(t, c.predictions)
				if strings.HasSuffix(c.model, ".json") && strings.Contains(c.model, "lg_") { // which names no objective
					for i, p := range want {
						want[i] = math.Log(p / (1 - p))
					}
				}
				near(t, want, strings.Split(strings.ReplaceAll(strings.TrimSpace(s.read("s3://b/out/a")["out/a.out"]), "\n", ","), ","))
				var m struct {
					Details struct {
						Model struct{ Name, Artifact, SHA256 string }
					}
				}
				require.NoError(t, json.Unmarshal([]byte(s.read("s3://b/out/_batchmill/")["out/_batchmill/score/manifest.json"]), &m))
				require.Equal(t, uri, m.Details.Model.Artifact)
				require.Equal(t, doc["ModelName"], m.Details.Model.Name)
			})
		}
	}
}

// TestModelByURIRefused: what is no model, or is not there, is said before any shard runs.
func TestModelByURIRefused(t *testing.T) {
	t.Parallel()
	model := shared(t, "xgboost_reference/california_missing/model.json")
	const at = "s3://b/drop/model"
	for name, c := range map[string]struct {
		data []byte
		say  func(s *shop, doc object)
		want string
	}{
		"nothing there":    {nil, nil, "artifact s3://b/drop/model does not exist"},
		"no bucket":        {model, func(_ *shop, doc object) { doc["ModelName"] = "s3://nowhere/model" }, "artifact s3://nowhere/model does not exist"},
		"a folder":         {model, func(_ *shop, doc object) { doc["ModelName"] = "s3://b/drop/" }, "modelName: s3://b/drop/ is no object; name the artifact or model file itself"},
		"a bucket":         {model, func(_ *shop, doc object) { doc["ModelName"] = "s3://b" }, "is no object"},
		"empty":            {[]byte(" \n"), nil, "artifact s3://b/drop/model: no model of XGBoost or LightGBM, but an empty file"},
		"a table":          {toCSV(t, californiaTest(t)), nil, "artifact s3://b/drop/model: no model of XGBoost or LightGBM, but something else"},
		"another document": {[]byte(`{"ModelName":"m"}`), nil, "artifact s3://b/drop/model: no model of XGBoost or LightGBM, but a JSON document"},
		"half a model":     {model[:len(model)/2], nil, "artifact s3://b/drop/model: "},
		"a lone tree":      {shared(t, "interop_models/leaves/tree_2leaves.txt"), nil, "a single LightGBM tree without the model's head"},
		"no archive":       {gzipped(t, model), nil, "artifact s3://b/drop/model: not a tar archive"},
		"no model inside":  {archive(t, gzip.BestSpeed, map[string][]byte{"a.csv": []byte("1,2\n"), "b.json": []byte("{}")}), nil, "artifact s3://b/drop/model: the artifact holds no model of XGBoost or LightGBM: a.csv (something else), b.json (a JSON document)"},
		"a name, too": {model, func(s *shop, doc object) {
			s.registerAt("m", at)
			doc["ModelName"], doc["Environment"].(object)["BATCHMILL_MODEL_URI"] = "m", at
		}, "modelName: model m is registered, but BATCHMILL_MODEL_URI is s3://b/drop/model, too"},
		"two URIs": {model, func(_ *shop, doc object) { doc["Environment"].(object)["BATCHMILL_MODEL_URI"] = at },
			"Value 's3://b/drop/model' at 'environment.BATCHMILL_MODEL_URI' failed to satisfy constraint: Member must be absent where ModelName is a URI"},
		"no URI": {model, func(_ *shop, doc object) {
			doc["ModelName"], doc["Environment"].(object)["BATCHMILL_MODEL_URI"] = "m", "drop/model"
		}, "Value 'drop/model' at 'environment.BATCHMILL_MODEL_URI' failed to satisfy constraint: Member must be an s3:// URI"},
		"a bad name": {model, func(_ *shop, doc object) { doc["ModelName"] = "drop/model" },
			"Value 'drop/model' at 'modelName' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-zA-Z0-9]([\\-a-zA-Z0-9]*[a-zA-Z0-9])?"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newShop(t, newStore())
			if c.data != nil {
				s.put(at, c.data)
			}
			s.put("s3://b/in/a", nil) // nothing to score: the model alone is at fault
			doc := transformDoc("text/csv", object{})
			doc["ModelName"] = at
			if c.say != nil {
				c.say(s, doc)
			}
			_, err := s.PlanTransform(t.Context(), jobOf(s, doc))
			require.ErrorContains(t, err, c.want)
			require.Equal(t, jobs.ClientError, classify(err), err)
			require.Empty(t, s.read("s3://b/out/"))
		})
	}
}
