package tables

import (
	"bufio"
	"context"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/batchmill/batchmill/internal/tabletest"
	"github.com/batchmill/batchmill/internal/testdata"
)

func TestSetsLoad(t *testing.T) {
	t.Parallel()
	folder := testdata.Path(t)
	for _, set := range All() {
		t.Run(set.Name, func(t *testing.T) {
			t.Parallel()
			all, err := set.Load(context.Background(), folder)
			require.NoError(t, err)
			seen := map[float32]bool{}
			for _, y := range all.Label {
				seen[y] = true
			}
			for y := range seen {
				require.False(t, math.IsNaN(float64(y)), "labels are missing")
			}
			switch {
			case set.Classes == 1:
				require.Equal(t, map[float32]bool{0: true, 1: true}, seen)
			case set.Classes > 1:
				require.Len(t, seen, set.Classes)
			}
			for _, c := range all.Columns {
				require.Len(t, c.Values, len(all.Label), c.Name)
			}
		})
	}
}

// TestRead compares with the standard library's CSV reader.
func TestRead(t *testing.T) {
	t.Parallel()
	want := tabletest.Load(t, "adult", "adult_train80.csv.gz")
	got, err := Adult.Load(context.Background(), testdata.Path(t))
	require.NoError(t, err)
	at := map[string]int{}
	for i, name := range want.Names {
		at[name] = i
	}
	require.Len(t, got.Columns, len(want.Names)-2) // without the label and the column left out
	for _, c := range got.Columns {
		i := at[c.Name]
		var texts []string
		var numbers []float64
		for _, v := range c.Values {
			switch {
			case c.Categories == nil:
				numbers = append(numbers, float64(v))
			case math.IsNaN(float64(v)):
				texts = append(texts, "")
			default:
				texts = append(texts, c.Categories[int(v)])
			}
		}
		require.Equal(t, want.Texts[i], texts, c.Name)
		require.Equal(t, want.Numbers[i], numbers, c.Name) // whole numbers: no rounding
	}
	income := make([]string, got.Rows())
	for r, y := range got.Label {
		income[r] = map[float32]string{0: "<=50K", 1: ">50K"}[y]
	}
	require.Equal(t, want.Texts[at["income"]], income)
}

func TestSplitHoldsBackEachRowOnce(t *testing.T) {
	t.Parallel()
	const rows = 23
	all := &Table{}
	for i := range rows {
		all.Label = append(all.Label, float32(i))
	}
	all.Columns = []Column{{Name: "f", Values: all.Label}}
	for _, first := range []int{0, Folds} {
		held := map[float32]int{}
		for seed := first; seed < first+Folds; seed++ {
			train, test := all.Split(seed)
			here := map[float32]bool{}
			for _, y := range test.Label {
				held[y]++
				here[y] = true
			}
			for _, y := range train.Label {
				require.False(t, here[y])
				here[y] = true
			}
			require.Len(t, here, rows)
		}
		require.Len(t, held, rows)
	}
}

func TestDrawStaysNearRealRows(t *testing.T) {
	t.Parallel()
	all := &Table{Columns: []Column{{Name: "f", Values: []float32{10, -20, 30}}}, Label: []float32{0, 1, 2}}
	drawn := all.Draw(1000, 3)
	require.Equal(t, 1000, drawn.Rows())
	for i, v := range drawn.Columns[0].Values {
		require.InEpsilon(t, all.Columns[0].Values[int(drawn.Label[i])], v, 1.001*jitter)
	}
}

// TestMetrics compares with what XGBoost recorded for its own predictions.
func TestMetrics(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		reference, metric string
		set               Set
		every             int // rows whose number is a multiple are those held back
	}{
		{"adult_categorical", "auc", Adult, 10},
		{"iris_softprob", "mlogloss", Set{"iris", 3, "small_classics/iris.csv", "header=present;label=target"}, 5},
		{"california_missing", "rmse", California, 5},
	} {
		t.Run(test.reference, func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(testdata.Path(t, "xgboost_reference", test.reference, "info.json"))
			require.NoError(t, err)
			var info struct {
				Eval map[string]map[string][]float64
			}
			require.NoError(t, json.Unmarshal(text, &info))
			recorded := info.Eval["test"][test.metric]
			all, err := test.set.Load(context.Background(), testdata.Path(t))
			require.NoError(t, err)
			var held []int
			for i := 0; i < all.Rows(); i += test.every {
				held = append(held, i)
			}
			label := all.Take(held).Label
			scores := readNumbers(t, testdata.Path(t, "xgboost_reference", test.reference, "test_predictions.txt"))
			if test.reference == "california_missing" {
				for i := range label {
					label[i] /= 100000 // as the reference's labels
				}
			}
			require.InEpsilon(t, recorded[len(recorded)-1], test.set.Metric().Of(scores, label), 1e-5)
		})
	}
}

// readNumbers reads lines of numbers by column.
func readNumbers(t *testing.T, path string) (columns [][]float32) {
	file, err := os.Open(path)
	require.NoError(t, err)
	defer file.Close()
	for lines := bufio.NewScanner(file); lines.Scan(); {
		fields := strings.Fields(lines.Text())
		if columns == nil {
			columns = make([][]float32, len(fields))
		}
		for i, f := range fields {
			v, err := strconv.ParseFloat(f, 32)
			require.NoError(t, err)
			columns[i] = append(columns[i], float32(v))
		}
	}
	return columns
}

func TestReadNPYRefuses(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"empty":   "",
		"text":    "a,b\n1,2\n3,4\n",
		"float64": "\x93NUMPY\x01\x00\x3a\x00{'descr': '<f8', 'fortran_order': False, 'shape': (1, 1), }\n",
		"short":   "\x93NUMPY\x01\x00\x3a\x00{'descr': '<f4', 'fortran_order': False, 'shape': (2, 2), }\nabcd",
	} {
		path := filepath.Join(t.TempDir(), "a.npy")
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		_, err := ReadNPY(path)
		require.Error(t, err, name)
	}
}

func TestEstimate(t *testing.T) {
	t.Parallel()
	e := EstimateOf([]float64{2, 4, 4, 4, 5, 5, 7, 9}) // variance 32/7
	require.Equal(t, 5.0, e.Mean)
	require.InDelta(t, math.Sqrt(32.0/7/8), e.Error, 1e-12)
	require.Equal(t, "+5.00 ± 0.76 %", e.Percent())
	require.Equal(t, "-1.00 %", EstimateOf([]float64{-1}).Percent())
}
