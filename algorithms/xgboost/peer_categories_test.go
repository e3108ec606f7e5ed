package xgboost

import (
	"bytes"
	"encoding/csv"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/batchmill/batchmill/algorithms/xgboost/internal/modelfile"
)

// writeFrame writes the features of rows as CSV with a header.
func writeFrame(t testing.TB, path string, r rows) {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	var names []string
	for _, c := range r[1:] {
		names = append(names, c.name)
	}
	require.NoError(t, w.Write(names))
	for i := range r[0].len() {
		var line []string
		for _, c := range r[1:] {
			switch {
			case c.texts != nil:
				line = append(line, c.texts[i])
			case c.numbers[i] != c.numbers[i]:
				line = append(line, "")
			default:
				line = append(line, strconv.FormatFloat(float64(c.numbers[i]), 'g', -1, 32))
			}
		}
		require.NoError(t, w.Write(line))
	}
	w.Flush()
	require.NoError(t, os.WriteFile(path, b.Bytes(), 0o600))
}

// matrixOf reads lines of numbers.
func matrixOf(t *testing.T, text []byte) (out [][]float64) {
	for _, line := range strings.Split(strings.TrimSpace(string(text)), "\n") {
		var row []float64
		for _, w := range strings.Fields(line) {
			row = append(row, parseNumber(t, w))
		}
		out = append(out, row)
	}
	return out
}

// renamed gives the texts of a column other names.
func (r rows) renamed(column int, name func(string) string) rows {
	r = slices.Clone(r)
	c := r[column]
	c.texts = slices.Clone(c.texts)
	for i, s := range c.texts {
		c.texts[i] = name(s)
	}
	r[column] = c
	return r
}

// TestPeerRecodes has the Python package score data frames, whose categories are numbered otherwise than the model's, with
// models of ours: it must know their texts.
func TestPeerRecodes(t *testing.T) {
	t.Parallel()
	ref := loadReference(t, "adult_categorical")
	umlauts := func(s string) string { return strings.NewReplacer("a", "ä", "r", "Ж").Replace(s) }
	for _, test := range []struct {
		name string
		hp   map[string]string
		make func(rows) rows
	}{
		{"trees", map[string]string{}, func(r rows) rows { return r }},
		{"dart", map[string]string{"booster": "dart", "rate_drop": "0.3"}, func(r rows) rows { return r }},
		// XGBoost 3.2 cuts the texts of its data frames short where they are not ASCII, and then refuses them; we read them.
		{"not ASCII", map[string]string{}, func(r rows) rows { return r.renamed(7, umlauts).renamed(8, umlauts) }},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			hp := map[string]string{"objective": "binary:logistic", "num_round": "8", "eta": "0.5"}
			for k, v := range test.hp {
				hp[k] = v
			}
			train, held := test.make(ref.train), test.make(ref.test)
			result := trainRows(t, hp, train, nil, nil)
			ours := scoreRows(t, load(t, result.Files), held)
			m, err := modelfile.Read(result.Files[modelFile])
			require.NoError(t, err)
			require.NotEmpty(t, m.Categories)
			for _, data := range [][]byte{m.WriteJSON(), m.WriteUBJSON()} {
				// Without the layout, the model's own texts do.
				require.Equal(t, ours, scoreRows(t, load(t, map[string][]byte{modelFile: data}), held))
				if test.name == "not ASCII" {
					continue
				}
				dir := t.TempDir()
				model, table, out := filepath.Join(dir, modelFile), filepath.Join(dir, "table.csv"), filepath.Join(dir, "out.txt")
				require.NoError(t, os.WriteFile(model, data, 0o600))
				writeFrame(t, table, held)
				version := python(t, "load_frame.py", model, table, out)
				theirs, err := os.ReadFile(out)
				require.NoError(t, err)
				requireClose(t, matrixOf(t, theirs), ours, 1e-6, version)
			}
		})
	}
}
