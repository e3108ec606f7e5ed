package xgboost

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/csv"
	"encoding/json"
	"io"
	"math"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/batchmill/batchmill/algorithms"
	"github.com/batchmill/batchmill/dataset"
	"github.com/batchmill/batchmill/internal/testdata"
)

// column is one column of a test table: numbers or texts.
type column struct {
	name    string
	numbers []float32
	texts   []string
}

func (c column) len() int { return max(len(c.numbers), len(c.texts)) }

func (c column) pick(rows []int) column {
	out := column{name: c.name}
	for _, r := range rows {
		if c.texts != nil {
			out.texts = append(out.texts, c.texts[r])
		} else {
			out.numbers = append(out.numbers, c.numbers[r])
		}
	}
	return out
}

type rows []column

func (t rows) schema() *dataset.Schema {
	var fields []dataset.Field
	for _, c := range t {
		f := dataset.Field{Name: c.name, Type: dataset.Float32Type, Nullable: true}
		if c.texts != nil {
			f.Type = dataset.StringType
		}
		fields = append(fields, f)
	}
	return dataset.NewSchema(true, fields...)
}

func (t rows) batch(from, to int) dataset.Batch {
	var cols []dataset.Column
	for _, c := range t {
		if c.texts != nil {
			cols = append(cols, dataset.NewStrings(c.texts[from:to]))
		} else {
			cols = append(cols, dataset.NewFloat32(c.numbers[from:to]))
		}
	}
	return dataset.NewBatch(t.schema(), cols, to-from)
}

// data makes a channel whose first column is the label.
func (t rows) data() *algorithms.Data {
	var features []string
	for _, c := range t[1:] {
		features = append(features, c.name)
	}
	return &algorithms.Data{Schema: t.schema(), Label: []string{t[0].name}, Features: features, Named: true,
		Open: func(context.Context) (dataset.Reader, error) { return &rowsReader{rows: t}, nil }}
}

func (t rows) pick(keep func(i int) bool) rows {
	var index []int
	for i := range t[0].len() {
		if keep(i) {
			index = append(index, i)
		}
	}
	var out rows
	for _, c := range t {
		out = append(out, c.pick(index))
	}
	return out
}

type rowsReader struct {
	rows rows
	at   int
}

func (r *rowsReader) Schema() *dataset.Schema { return r.rows.schema() }
func (r *rowsReader) Close() error            { return nil }
func (r *rowsReader) Next() (dataset.Batch, error) {
	n := r.rows[0].len()
	if r.at == n {
		return nil, io.EOF
	}
	from := r.at
	r.at = min(n, from+10000)
	return r.rows.batch(from, r.at), nil
}

// openText opens a shared file, unpacked.
func openText(t testing.TB, elem ...string) io.Reader {
	data, err := os.ReadFile(testdata.Path(t, elem...))
	require.NoError(t, err)
	if strings.HasSuffix(elem[len(elem)-1], ".gz") {
		z, err := gzip.NewReader(bytes.NewReader(data))
		require.NoError(t, err)
		return z
	}
	return bytes.NewReader(data)
}

// readCSV reads columns of a shared CSV file with a header: label first. Columns that do not hold numbers only are texts.
func readCSV(t testing.TB, label string, features []string, elem ...string) rows {
	records, err := csv.NewReader(openText(t, elem...)).ReadAll()
	require.NoError(t, err)
	at := map[string]int{}
	for i, name := range records[0] {
		at[name] = i
	}
	if features == nil {
		for _, name := range records[0] {
			if name != label {
				features = append(features, name)
			}
		}
	}
	var out rows
	for _, name := range append([]string{label}, features...) {
		i, ok := at[name]
		require.True(t, ok, name)
		c := column{name: name}
		for _, r := range records[1:] {
			c.texts = append(c.texts, r[i])
			v, err := strconv.ParseFloat(r[i], 32)
			if r[i] == "" {
				v, err = math.NaN(), nil
			}
			if err == nil {
				c.numbers = append(c.numbers, float32(v))
			}
		}
		if len(c.numbers) == len(c.texts) {
			c.texts = nil
		} else {
			c.numbers = nil
		}
		out = append(out, c)
	}
	return out
}

// readLibSVM reads a shared libsvm file densely; absent values are NaN. first is the index of the first column.
func readLibSVM(t testing.TB, width, first int, elem ...string) rows {
	out := make(rows, width+1)
	out[0].name = "label"
	for i := range width {
		out[i+1].name = "f" + strconv.Itoa(i)
	}
	lines := bufio.NewScanner(openText(t, elem...))
	for lines.Scan() {
		fields := strings.Fields(lines.Text())
		y, err := strconv.ParseFloat(fields[0], 32)
		require.NoError(t, err)
		out[0].numbers = append(out[0].numbers, float32(y))
		for i := range width {
			out[i+1].numbers = append(out[i+1].numbers, nan)
		}
		for _, f := range fields[1:] {
			k, v, _ := strings.Cut(f, ":")
			i, err := strconv.Atoi(k)
			require.NoError(t, err)
			x, err := strconv.ParseFloat(v, 32)
			require.NoError(t, err)
			c := out[i-first+1].numbers
			c[len(c)-1] = float32(x)
		}
	}
	return out
}

func (t rows) concat(o rows) rows {
	var out rows
	for i := range t {
		out = append(out, column{t[i].name, append(append([]float32{}, t[i].numbers...), o[i].numbers...), nil})
	}
	return out
}

// reference is a model made by XGBoost with what it was made from.
type reference struct {
	name        string
	train, test rows
	info        info
}

type info struct {
	Rounds int                             `json:"rounds"`
	Params map[string]any                  `json:"params"`
	Eval   map[string]map[string][]float64 `json:"eval"`
}

const referenceDir = "xgboost_reference"

// loadReference finds the rows of a reference as its info.json describes them.
func loadReference(t testing.TB, name string) reference {
	r := reference{name: name}
	data, err := io.ReadAll(openText(t, referenceDir, name, "info.json"))
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(data, &r.info))
	switch prefix, _, _ := strings.Cut(name, "_"); prefix {
	case "abalone":
		r.train = readLibSVM(t, 8, 1, "abalone", "abalone.train_0.libsvm").concat(readLibSVM(t, 8, 1, "abalone", "abalone.train_1.libsvm"))
		r.test = readLibSVM(t, 8, 1, "abalone", "abalone.validation.libsvm")
	case "agaricus":
		r.train = readLibSVM(t, 127, 0, "agaricus", "agaricus.txt.train")
		r.test = readLibSVM(t, 127, 0, "agaricus", "agaricus.txt.test")
	case "iris":
		all := readCSV(t, "target", nil, "small_classics", "iris.csv")
		r.train, r.test = all.pick(func(i int) bool { return i%5 != 0 }), all.pick(func(i int) bool { return i%5 == 0 })
	case "california":
		all := californiaRows(t)
		r.train, r.test = all.pick(func(i int) bool { return i%5 != 0 }), all.pick(func(i int) bool { return i%5 == 0 })
	case "adult":
		all := adultRows(t)
		r.train, r.test = all.pick(func(i int) bool { return i%10 != 0 }), all.pick(func(i int) bool { return i%10 == 0 })
	}
	return r
}

func californiaRows(t testing.TB) rows {
	all := readCSV(t, "median_house_value", []string{"longitude", "latitude", "housing_median_age", "total_rooms", "total_bedrooms", "population", "households", "median_income"},
		"california_housing", "california_train80.csv")
	for i := range all[0].numbers {
		all[0].numbers[i] /= 100000
	}
	return all
}

func adultRows(t testing.TB) rows {
	all := readCSV(t, "income", []string{"age", "workclass", "fnlwgt", "education", "education_num", "marital_status", "occupation", "relationship",
		"race", "sex", "capital_gain", "capital_loss", "hours_per_week", "native_country"}, "adult", "adult_train80.csv.gz")
	return all
}

// numbers reads a shared file of numbers, one row a line.
func numbers(t testing.TB, elem ...string) [][]float64 {
	var out [][]float64
	lines := bufio.NewScanner(openText(t, elem...))
	for lines.Scan() {
		var row []float64
		for _, f := range strings.Fields(lines.Text()) {
			v, err := strconv.ParseFloat(f, 64)
			require.NoError(t, err)
			row = append(row, v)
		}
		out = append(out, row)
	}
	return out
}

// referencePath is the folder of XGBoost's models.
func referencePath(t testing.TB) string { return testdata.Path(t, referenceDir) }
