package activities

import (
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// numbersOf are the fields of lines of numbers.
func numbersOf(t testing.TB, text string) (rows [][]float64) {
	t.Helper()
	for _, l := range lines(text) {
		var row []float64
		for _, f := range strings.FieldsFunc(l, func(c rune) bool { return c == ',' || c == ' ' }) {
			v, err := strconv.ParseFloat(f, 64)
			require.NoError(t, err)
			row = append(row, v)
		}
		rows = append(rows, row)
	}
	return rows
}

// TestSparseRowsExplained: margins, leaves, SHAP values and interactions of libsvm and RecordIO rows are what XGBoost gave for them.
func TestSparseRowsExplained(t *testing.T) {
	t.Parallel()
	const explained, features, interacting = 200, 127, 12 // rows that contributions are recorded of
	artifact, _ := reference(t, "agaricus_logistic")
	in := []byte(strings.Join(lines(string(shared(t, "agaricus/agaricus.txt.test")))[:explained], "\n") + "\n")
	recorded := func(name string) [][]float64 {
		return numbersOf(t, string(shared(t, "xgboost_reference/agaricus_logistic/"+name+".txt")))[:explained]
	}
	margins, leaves, shares := recorded("test_margins"), recorded("test_leaves"), recorded("test_contribs")
	for contentType, data := range map[string][]byte{"text/libsvm": in, "application/x-recordio-protobuf": toRecordIO(t, in)} {
		s := newShop(t, newStore())
		s.register("m", artifact)
		s.put("s3://b/in/a", data)
		done, err := s.transform(transformDoc(contentType, object{"BATCHMILL_OUTPUT": "margin,leaf,contributions", "BATCHMILL_SHARDS": "3"}))
		require.NoError(t, err)
		s.verify(done)
		got := numbersOf(t, s.read("s3://b/out/a")["out/a.out"])
		require.Len(t, got, explained)
		for i, row := range got {
			require.Len(t, row, 1+len(leaves[i])+features+1)
			require.InDelta(t, margins[i][0], row[0], 1e-5)
			require.Equal(t, leaves[i], row[1:1+len(leaves[i])], "leaves of row %d", i)
			require.InDeltaSlice(t, shares[i], row[1+len(leaves[i]):], 2e-6, "contributions of row %d", i)
		}
	}
	s := newShop(t, newStore())
	s.register("m", artifact)
	s.put("s3://b/in/a", []byte(strings.Join(lines(string(in))[:interacting], "\n")))
	_, err := s.transform(transformDoc("text/libsvm", object{"BATCHMILL_OUTPUT": "interactions"}))
	require.NoError(t, err)
	for i, row := range numbersOf(t, s.read("s3://b/out/a")["out/a.out"]) {
		require.Len(t, row, (features+1)*(features+1))
		for f := range features + 1 {
			sum := 0.0
			for _, v := range row[f*(features+1) : (f+1)*(features+1)] {
				sum += v
			}
			require.InDelta(t, shares[i][f], sum, 1e-5, "row %d, feature %d", i, f)
		}
	}
}
