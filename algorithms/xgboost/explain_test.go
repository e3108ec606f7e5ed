package xgboost

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/batchmill/batchmill/algorithms"
	"github.com/batchmill/batchmill/dataset"
	"github.com/batchmill/batchmill/internal/testdata"
)

// testRows are the rows that a reference model was tested on, with category codes where it knows codes only.
func (r reference) testRows() rows {
	if r.name != "adult_categorical" {
		return r.test
	}
	return r.train.concatTexts(r.test).coded().pick(func(i int) bool { return i >= r.train[0].len() })
}

// first keeps the first n rows.
func (t rows) first(n int) rows { return t.pick(func(i int) bool { return i < n }) }

// outputsFor scores rows with the named outputs and returns each column's values.
func outputsFor(t testing.TB, p algorithms.Predictor, r rows, names ...string) ([]dataset.Field, []dataset.Column) {
	t.Helper()
	m, err := algorithms.SelectOutputs(p, names)
	require.NoError(t, err)
	s, err := m.Bind(r[1:].schema(), true)
	require.NoError(t, err)
	b := r[1:].batch(0, r[0].len())
	defer b.Release()
	columns, err := s.Score(b)
	require.NoError(t, err)
	require.Len(t, columns, len(m.Fields()))
	for i, f := range m.Fields() {
		require.Equal(t, f.Type.String(), columns[i].DataType().String(), f.Name)
		require.Equal(t, r[0].len(), columns[i].Len())
	}
	return m.Fields(), columns
}

// interleave puts columns of numbers side by side.
func interleave(t testing.TB, columns []dataset.Column) []float32 {
	n := columns[0].Len()
	out := make([]float32, n*len(columns))
	for f, c := range columns {
		for r, v := range values(t, c) {
			out[r*len(columns)+f] = v
		}
	}
	return out
}

// TestReferenceContributions meets the contributions that XGBoost recorded, and adds up to the margin for every model.
func TestReferenceContributions(t *testing.T) {
	t.Parallel()
	recorded := map[string]bool{"abalone_squarederror": true, "agaricus_logistic": true, "iris_softprob": true}
	for _, name := range references {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test := loadReference(t, name).testRows().first(200)
			p := loadShared(t, referenceDir, name, "model.json")
			_, columns := outputsFor(t, p, test, "contributions", "margin")
			margins := values(t, columns[len(columns)-1])
			shares := interleave(t, columns[:len(columns)-1])
			if recorded[name] {
				requireClose(t, numbers(t, referenceDir, name, "test_contribs.txt"), shares, 1e-5, "contributions")
			}
			width := len(test)
			for i, m := range margins {
				requireSum(t, float64(m), shares[i*width:(i+1)*width], "row and output %d", i)
			}
			test = test.first(20)
			_, columns = outputsFor(t, p, test, "interactions")
			pairs, _, ok := dataset.Vectors(columns[0])
			require.True(t, ok)
			for i := range len(pairs) / width {
				requireSum(t, float64(shares[i]), pairs[i*width:(i+1)*width], "interactions of value %d", i)
				for j := range width {
					at := i - i%width
					require.Equal(t, pairs[i*width+j], pairs[(at+j)*width+i%width], "symmetry")
				}
			}
		})
	}
}

// requireSum checks a sum of shares, to 1e-6 of their size.
func requireSum(t testing.TB, want float64, shares []float32, format string, args ...any) {
	t.Helper()
	sum, size := 0.0, 1.0
	for _, v := range shares {
		sum += float64(v)
		size = max(size, math.Abs(float64(v)))
	}
	require.InDelta(t, want, sum, 1e-6*size, fmt.Sprintf(format, args...))
}

// TestReferenceImportance meets XGBoost's importances.
func TestReferenceImportance(t *testing.T) {
	t.Parallel()
	for _, name := range references {
		data, err := io.ReadAll(openText(t, referenceDir, name, "info.json"))
		require.NoError(t, err)
		var info struct {
			Importance map[string]map[string]any `json:"importance"`
		}
		require.NoError(t, json.Unmarshal(data, &info))
		got, err := Importance(loadShared(t, referenceDir, name, "model.json"))
		require.NoError(t, err)
		for kind, of := range map[string]func(FeatureImportance) float64{
			"weight": func(f FeatureImportance) float64 { return f.Weight }, "gain": FeatureImportance.Gain, "cover": FeatureImportance.Cover,
			"total_gain": func(f FeatureImportance) float64 { return f.TotalGain }, "total_cover": func(f FeatureImportance) float64 { return f.TotalCover },
		} {
			want, told := info.Importance[kind]
			if !told {
				continue
			}
			seen := 0
			for _, f := range got {
				w, ok := want[f.Feature].(float64)
				if f.Coefficients != nil {
					require.Equal(t, kind, "weight")
					require.InDelta(t, w, f.Coefficients[0], 1e-6*max(1, math.Abs(w)))
				} else {
					require.True(t, ok, "%s: %s of %s", name, kind, f.Feature)
					require.InEpsilon(t, w, of(f), 1e-5, "%s: %s of %s", name, kind, f.Feature)
				}
				seen++
			}
			require.GreaterOrEqual(t, seen, len(want), "%s: %s", name, kind)
		}
	}
}

// TestLeafAndLabels checks the other outputs against recorded leaves and against the predictions they derive from.
func TestLeafAndLabels(t *testing.T) {
	t.Parallel()
	iris := loadReference(t, "iris_softprob").test
	p := loadShared(t, referenceDir, "iris_softprob", "model.json")
	fields, columns := outputsFor(t, p, iris, "predicted_label", "labels", "probability", "probabilities", "raw_score", "raw_scores", "prediction", "leaf")
	var names []string
	for _, f := range fields {
		names = append(names, f.Name)
	}
	require.Equal(t, []string{"predicted_label", "labels", "probability", "probabilities", "raw_score", "raw_scores", OutputName, "leaf"}, names)
	all := numbers(t, referenceDir, "iris_softprob", "test_predictions.txt")
	label, top := values(t, columns[0]), values(t, columns[2])
	for r, want := range all {
		require.InDelta(t, slices.Max(want), top[r], 1e-6)
		require.InDelta(t, slices.Max(want), want[int(label[r])], 0)
	}
	requireClose(t, all, values(t, columns[3]), 1e-6, "probabilities")
	requireClose(t, all, values(t, columns[5]), 1e-6, "raw_scores")
	requireClose(t, all, values(t, columns[6]), 1e-6, "prediction")

	agaricus := loadReference(t, "agaricus_logistic").test
	p = loadShared(t, referenceDir, "agaricus_logistic", "model.json")
	_, columns = outputsFor(t, p, agaricus, "predicted_label", "probabilities", "margin")
	two := values(t, columns[1])
	for r, want := range numbers(t, referenceDir, "agaricus_logistic", "test_predictions.txt") {
		require.InDelta(t, want[0], two[2*r+1], 1e-6)
		require.InDelta(t, 1-want[0], two[2*r], 1e-6)
		require.Equal(t, want[0] > 0.5, values(t, columns[0])[r] == 1)
	}
	requireClose(t, numbers(t, referenceDir, "agaricus_logistic", "test_margins.txt"), values(t, columns[2]), 1e-6, "margin")
}

// TestOutputErrors: what a model cannot give is refused by name.
func TestOutputErrors(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		model string
		names []string
		want  string
	}{
		{"abalone_squarederror", []string{"shap"}, "output shap: is not known; known are contributions, interactions, labels, leaf, margin, predicted_label, predicted_score, prediction, probabilities, probability, raw_score, raw_scores"},
		{"abalone_squarederror", []string{"margin", "margin"}, "output margin: is asked for twice"},
		{"abalone_squarederror", []string{"predicted_label"}, "output predicted_label: only models for classification have it"},
		{"iris_softmax", []string{"probability"}, "output probability: only models for classification with probabilities have it"},
		{"iris_softmax", []string{"predicted_score"}, "output predicted_score: only models for regression and ranking have it"},
		{"agaricus_gblinear", []string{"leaf"}, "output leaf: the model has no trees"},
	} {
		_, err := algorithms.SelectOutputs(loadShared(t, referenceDir, c.model, "model.json"), c.names)
		require.EqualError(t, err, c.want)
		var typed *algorithms.OutputError
		require.ErrorAs(t, err, &typed)
	}
	p := loadShared(t, referenceDir, "abalone_squarederror", "model.json").(*predictor)
	for i := range p.trees {
		for j := range p.trees[i].Nodes {
			p.trees[i].Nodes[j].Hessian = 0
		}
	}
	_, err := algorithms.SelectOutputs(p, []string{"contributions"})
	require.EqualError(t, err, "output contributions: the model file does not say how many training rows went where (sum_hessian, internal_count)")
}

// TestLightGBMContributions: shares of LightGBM's models add up to their margins.
func TestLightGBMContributions(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"lg_breast_cancer.txt", "lg_dart_breast_cancer.model", "lgmulticlass.model", "lg_rf_iris.model", "lg_kddcup99.model"} {
		p, err := New().Load(sharedFiles(t, testdata.Path(t, "interop_models", "leaves", name)))
		require.NoError(t, err)
		r := syntheticRows(p, 50)
		m, err := algorithms.SelectOutputs(p, []string{"contributions", "margin"})
		require.NoError(t, err)
		s, err := m.Bind(r[1:].schema(), false)
		require.NoError(t, err)
		b := r[1:].batch(0, 50)
		columns, err := s.Score(b)
		b.Release()
		require.NoError(t, err)
		shares, margins := interleave(t, columns[:len(columns)-1]), values(t, columns[len(columns)-1])
		for i, margin := range margins {
			requireSum(t, float64(margin), shares[i*len(r):(i+1)*len(r)], "%s row %d", name, i)
		}
	}
}

// syntheticRows makes rows of numbers of several sizes, some missing, for models whose data is not there.
func syntheticRows(p algorithms.Predictor, n int) rows {
	r := rows{{name: "y", numbers: make([]float32, n)}}
	for f := range p.Features() {
		c := column{name: fmt.Sprint("c", f)}
		for i := range n {
			v := float32((i*37+f*11)%50) * float32(math.Pow(10, float64(f%4-2)))
			if (i+f)%9 == 0 {
				v = nan
			}
			c.numbers = append(c.numbers, v)
		}
		r = append(r, c)
	}
	return r
}
