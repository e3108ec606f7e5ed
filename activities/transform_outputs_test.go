package activities

import (
	"encoding/csv"
	"encoding/json"
	"math"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/batchmill/batchmill/activities/protocol"
	"github.com/batchmill/batchmill/algorithms"
	"github.com/batchmill/batchmill/algorithms/xgboost"
	"github.com/batchmill/batchmill/internal/testdata"
	"github.com/batchmill/batchmill/jobs"
	"github.com/batchmill/batchmill/storage"
)

const everyOutput = "prediction,margin,leaf,contributions,interactions,predicted_score"

// TestOutputs writes everything a model can tell, in every format, alone and joined, for 1, 3 and 17 shards with equal bytes.
func TestOutputs(t *testing.T) {
	t.Parallel()
	house := californiaTest(t)[:301]
	inputs := map[string][]byte{
		"text/csv":              toCSV(t, columns(house, 8)[1:]),
		"application/x-parquet": toParquet(t, columns(house, 8), 40),
		"application/jsonlines": jsonLines(columns(house, 8)),
	}
	artifact, want := reference(t, "california_missing")
	for contentType, in := range inputs {
		for _, join := range []bool{false, true} {
			t.Run(contentType+map[bool]string{true: " joined"}[join], func(t *testing.T) {
				t.Parallel()
				doc := transformDoc(contentType, object{"BATCHMILL_OUTPUT": everyOutput})
				if join {
					doc["DataProcessing"] = object{"JoinSource": "Input"}
				}
				cut{artifact: artifact, key: "a", in: in, doc: doc}.atAnyShards(t, func(s *shop, _ protocol.Committed, _ map[string]string) {
					checkOutputs(t, s, contentType, join, want[:300])
				})
			})
		}
	}
}

func jsonLines(rows [][]string) []byte {
	var b strings.Builder
	for _, r := range rows[1:] {
		b.WriteByte('{')
		for c, f := range r {
			if f == "" {
				f = "null"
			}
			b.WriteString(map[bool]string{true: ","}[c > 0] + strconv.Quote(rows[0][c]) + ":" + f)
		}
		b.WriteString("}\n")
	}
	return []byte(b.String())
}

// checkOutputs reads the outputs back: predictions as XGBoost's, contributions that add up to the margin.
func checkOutputs(t *testing.T, s *shop, contentType string, join bool, want []float64) {
	t.Helper()
	var names []string // the model has no names of its own
	for i := range 8 {
		names = append(names, "shap_f"+strconv.Itoa(i))
	}
	names = append(names, "shap_bias")
	var predictions []string
	switch contentType {
	case "application/x-parquet":
		predictions = s.column("out/a.out.parquet", xgboost.OutputName)
		margins, sums := s.column("out/a.out.parquet", "margin"), make([]float64, len(want))
		for _, name := range names {
			for i, v := range s.column("out/a.out.parquet", name) {
				sums[i] += number(t, v)
			}
		}
		near(t, sums, margins)
		schema := s.schema("out/a.out.parquet")
		require.Contains(t, schema.Field(schema.FieldIndices("leaf")[0]).Type.String(), "int32")
	case "application/jsonlines":
		for _, l := range lines(s.read("s3://b/out/a")["out/a.out"]) {
			var row map[string]any
			require.NoError(t, json.Unmarshal([]byte(l), &row))
			if join {
				row = row[xgboost.OutputName].(object)
			}
			sum := 0.0
			for _, name := range names {
				sum += row[name].(float64)
			}
			require.InDelta(t, row["margin"], sum, 1e-6*max(1, math.Abs(sum)))
			require.Len(t, row["interactions"], 81)
			require.Equal(t, row["score"], row["predicted_score"])
			predictions = append(predictions, strconv.FormatFloat(row["score"].(float64), 'g', -1, 64))
		}
	default:
		records, err := csv.NewReader(strings.NewReader(s.read("s3://b/out/a")["out/a.out"])).ReadAll()
		require.NoError(t, err)
		text, err := os.ReadFile(testdata.Path(t, "xgboost_reference", "california_missing", "test_leaves.txt"))
		require.NoError(t, err)
		leaves := lines(string(text))
		for i, r := range records {
			if join {
				r = r[8:]
			}
			predictions = append(predictions, r[0])
			sum, trees := 0.0, len(r)-3-9-81
			require.Equal(t, strings.Fields(leaves[i]), r[2:2+trees])
			for _, v := range r[2+trees : 2+trees+9] {
				sum += number(t, v)
			}
			require.InDelta(t, number(t, r[1]), sum, 1e-6*max(1, math.Abs(sum)))
		}
	}
	near(t, want, predictions)
}

func number(t *testing.T, s string) float64 {
	t.Helper()
	v, err := strconv.ParseFloat(s, 64)
	require.NoError(t, err)
	return v
}

// TestOutputHeader names every field, one per element of vectors.
func TestOutputHeader(t *testing.T) {
	t.Parallel()
	artifact, _ := reference(t, "iris_softprob")
	s := newShop(t, newStore())
	s.register("m", artifact)
	s.put("s3://b/in/a.csv", []byte("5.1,3.5,1.4,0.2\n6.3,3.3,6.0,2.5\n"))
	doc := transformDoc("text/csv", object{"BATCHMILL_OUTPUT": "predicted_label,probabilities,contributions"})
	doc["TransformOutput"] = object{"S3OutputPath": "s3://b/out/", "Accept": "text/csv;header=present"}
	_, err := s.transform(doc)
	require.NoError(t, err)
	got := lines(s.read("s3://b/out/")["out/a.csv.out"])
	require.Equal(t, "predicted_label,probabilities_0,probabilities_1,probabilities_2,shap_0_f0,shap_0_f1,shap_0_f2,shap_0_f3,shap_0_bias,"+
		"shap_1_f0,shap_1_f1,shap_1_f2,shap_1_f3,shap_1_bias,shap_2_f0,shap_2_f1,shap_2_f2,shap_2_f3,shap_2_bias", got[0])
	require.Len(t, got, 3)
	require.True(t, strings.HasPrefix(got[1], "0,") && strings.HasPrefix(got[2], "2,"))
}

// TestSelectedOutputs: a model's Environment selects for jobs that select nothing; what a model cannot give fails the plan.
func TestSelectedOutputs(t *testing.T) {
	t.Parallel()
	artifact, _ := reference(t, "iris_softprob")
	for _, c := range []struct {
		name       string
		model, job map[string]string
		want, err  string
	}{
		{"the model's", map[string]string{"SAGEMAKER_INFERENCE_OUTPUT": "predicted_label, labels"}, nil, "0,0,1,2", ""},
		{"the job's instead", map[string]string{"SAGEMAKER_INFERENCE_OUTPUT": "labels"}, map[string]string{"SAGEMAKER_INFERENCE_OUTPUT": "predicted_label"}, "0", ""},
		{"not this model's", nil, map[string]string{"BATCHMILL_OUTPUT": "predicted_score"}, "", "model m: output predicted_score: only models for regression and ranking have it"},
		{"a bad model", map[string]string{"BATCHMILL_OUTPUT": "all"}, nil, "", "model m: 1 validation error detected: Value 'all' at 'environment.BATCHMILL_OUTPUT'"},
	} {
		s := newShop(t, newStore())
		s.register("m", artifact)
		d := jobs.DescribeModel(jobs.Model{ModelName: "m", PrimaryContainer: &jobs.ContainerDefinition{
			Image: "xgboost:1", ModelDataUrl: "s3://b/models/m/model.tar.gz", Environment: c.model,
		}}, "arn", time.Unix(0, 0))
		data, err := json.Marshal(d)
		require.NoError(t, err)
		s.put(storage.URI{Bucket: "state"}.Join(protocol.ModelObject("m")...).String(), data)
		s.put("s3://b/in/a.csv", []byte("5.1,3.5,1.4,0.2\n"))
		env := object{}
		for k, v := range c.job {
			env[k] = v
		}
		_, err = s.transform(transformDoc("text/csv", env))
		if c.err != "" {
			require.ErrorContains(t, err, c.err, c.name)
			require.Equal(t, "ClientError", string(classify(err)))
			continue
		}
		require.NoError(t, err, c.name)
		require.Equal(t, c.want+"\n", s.read("s3://b/out/a")["out/a.csv.out"], c.name)
	}
}

// TestOutputNames: what a document may ask for, the algorithm knows.
func TestOutputNames(t *testing.T) {
	t.Parallel()
	model, err := os.ReadFile(testdata.Path(t, "xgboost_reference", "iris_softprob", "model.json"))
	require.NoError(t, err)
	files, err := unpack("model.json", model)
	require.NoError(t, err)
	p, err := xgboost.New().Load(files)
	require.NoError(t, err)
	for _, name := range []string{
		algorithms.OutputPrediction, algorithms.OutputMargin, algorithms.OutputLeaf, algorithms.OutputContributions, algorithms.OutputInteractions,
		algorithms.OutputPredictedLabel, algorithms.OutputLabels, algorithms.OutputProbability, algorithms.OutputProbabilities, algorithms.OutputRawScore, algorithms.OutputRawScores,
	} {
		settings, err := jobs.TransformSettings(map[string]string{"BATCHMILL_OUTPUT": name})
		require.NoError(t, err)
		_, err = algorithms.SelectOutputs(p, settings.Outputs)
		require.NoError(t, err)
	}
}
