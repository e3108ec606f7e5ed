package xgboost

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/batchmill/batchmill/algorithms"
	"github.com/batchmill/batchmill/dataset"
	"github.com/batchmill/batchmill/internal/testdata"
)

// numbersOf reads a file of numbers, one row a line.
func numbersOf(t testing.TB, path string) [][]float64 {
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	var out [][]float64
	for line := range strings.Lines(string(data)) {
		var row []float64
		for _, f := range strings.Fields(line) {
			v, err := strconv.ParseFloat(f, 64)
			require.NoError(t, err)
			row = append(row, v)
		}
		out = append(out, row)
	}
	return out
}

// TestPeerContributions compares contributions and interactions with the Python package's.
func TestPeerContributions(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"abalone_hist_lossguide", "adult_categorical", "agaricus_dart", "agaricus_gblinear", "california_missing", "iris_softprob"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test := loadReference(t, name).testRows().first(10)
			dir := t.TempDir()
			table, shares, pairs := filepath.Join(dir, "t.csv"), filepath.Join(dir, "shares"), filepath.Join(dir, "pairs")
			writeTable(t, table, columnsOf(test))
			if name == "agaricus_gblinear" {
				pairs = "-" // XGBoost gives zeros there, not even the bias
			}
			python(t, "explain_model.py", testdata.Path(t, referenceDir, name, "model.json"), table, shares, pairs)
			p := loadShared(t, referenceDir, name, "model.json")
			_, columns := outputsFor(t, p, test, "contributions", "interactions")
			last := len(columns) - 1
			requireClose(t, numbersOf(t, shares), interleave(t, columns[:last]), 1e-5, "contributions")
			if pairs != "-" {
				got, _, ok := dataset.Vectors(columns[last])
				require.True(t, ok)
				requireClose(t, numbersOf(t, pairs), got, 1e-4, "interactions") // theirs are differences of float32 sums
			}
		})
	}
}

// TestPeerLightGBMContributions compares contributions with the Python package's.
func TestPeerLightGBMContributions(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"lg_breast_cancer.txt", "lg_dart_breast_cancer.model", "lgmulticlass.model", "lg_rf_iris.model", "lg_kddcup99.model"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			model := testdata.Path(t, "interop_models", "leaves", name)
			p, err := New().Load(sharedFiles(t, model))
			require.NoError(t, err)
			r := syntheticRows(p, 50)
			dir := t.TempDir()
			table, shares := filepath.Join(dir, "t.csv"), filepath.Join(dir, "shares")
			writeTable(t, table, columnsOf(r))
			python(t, "explain_model.py", model, table, shares, "-")
			m, err := algorithms.SelectOutputs(p, []string{"contributions"})
			require.NoError(t, err)
			s, err := m.Bind(r[1:].schema(), false)
			require.NoError(t, err)
			b := r[1:].batch(0, 50)
			defer b.Release()
			columns, err := s.Score(b)
			require.NoError(t, err)
			want := numbersOf(t, shares)
			if name == "lg_rf_iris.model" { // LightGBM adds up shares of a forest whose margins are means
				for _, row := range want {
					for i := range row {
						row[i] /= float64(p.(*lightPredictor).model.Rounds())
					}
				}
			}
			requireClose(t, want, interleave(t, columns), 1e-5, "contributions")
		})
	}
}

// BenchmarkContributions explains 10,000 x 28 rows by 100 trees on one core, beside the Python package on one core.
func BenchmarkContributions(b *testing.B) {
	data := higgs(b, 20000)
	part := data.pick(func(i int) bool { return i < 10000 })
	for _, depth := range []string{"6", "8"} {
		hp := map[string]string{}
		for k, v := range benchParams {
			hp[k] = v
		}
		hp["max_depth"] = depth
		files := trainRows(b, hp, data, nil, nil).Files
		p := load(b, files)
		for _, output := range []string{"contributions", "interactions"} {
			b.Run("depth "+depth+" "+output, func(b *testing.B) {
				m, err := algorithms.SelectOutputs(p, []string{output})
				require.NoError(b, err)
				s, err := m.Bind(part[1:].schema(), true)
				require.NoError(b, err)
				rows := 10000
				if output == "interactions" {
					rows = 1000
				}
				batch := part[1:].batch(0, rows)
				defer batch.Release()
				b.ReportAllocs()
				for b.Loop() {
					_, err := s.Score(batch)
					require.NoError(b, err)
				}
				b.ReportMetric(float64(rows)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
			})
		}
		b.Run("depth "+depth+" XGBoost", func(b *testing.B) {
			dir := b.TempDir()
			table, model := filepath.Join(dir, "t.csv"), filepath.Join(dir, "model.json")
			writeTable(b, table, columnsOf(part.first(200)))
			require.NoError(b, os.WriteFile(model, files[modelFile], 0o600))
			var seconds [2]float64
			for b.Loop() {
				out := python(b, "explain_model.py", model, table, filepath.Join(dir, "a"), filepath.Join(dir, "b"))
				require.NoError(b, json.Unmarshal([]byte(out), &seconds))
			}
			b.ReportMetric(200/seconds[0], "contributions-rows/s")
			b.ReportMetric(200/seconds[1], "interactions-rows/s")
		})
	}
}
