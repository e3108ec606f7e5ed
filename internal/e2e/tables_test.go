package e2e_test

import (
	"bytes"
	"compress/gzip"
	"encoding/csv"
	"io"
	"math"
	"os"
	"slices"
	"sort"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/batchmill/batchmill/dataset"
	"github.com/batchmill/batchmill/internal/testdata"
	"github.com/batchmill/batchmill/storage"
)

// table is a CSV file with a header, read by the standard library.
type table struct {
	header []string
	rows   [][]string
}

// readTable reads one of the shared data sets, gzipped or not.
func readTable(t *testing.T, path ...string) table {
	t.Helper()
	file, err := os.Open(testdata.Path(t, path...))
	require.NoError(t, err)
	defer file.Close()
	var r io.Reader = file
	if strings.HasSuffix(file.Name(), ".gz") {
		r, err = gzip.NewReader(file)
		require.NoError(t, err)
	}
	all, err := csv.NewReader(r).ReadAll()
	require.NoError(t, err)
	return table{all[0], all[1:]}
}

// where returns the rows whose index keep accepts.
func (tab table) where(keep func(i int) bool) table {
	out := table{header: tab.header}
	for i, row := range tab.rows {
		if keep(i) {
			out.rows = append(out.rows, row)
		}
	}
	return out
}

func (tab table) head(n int) table { return tab.where(func(i int) bool { return i < n }) }

// columns returns only the named columns, in that order.
func (tab table) columns(names ...string) table {
	out := table{header: names}
	for _, row := range tab.rows {
		var picked []string
		for _, n := range names {
			picked = append(picked, row[slices.Index(tab.header, n)])
		}
		out.rows = append(out.rows, picked)
	}
	return out
}

// change returns a copy in which a column's values went through f.
func (tab table) change(column string, f func(string) string) table {
	at := slices.Index(tab.header, column)
	out := table{header: tab.header}
	for _, row := range tab.rows {
		row = slices.Clone(row)
		row[at] = f(row[at])
		out.rows = append(out.rows, row)
	}
	return out
}

func (tab table) column(name string) []string {
	var out []string
	for _, row := range tab.columns(name).rows {
		out = append(out, row[0])
	}
	return out
}

func (tab table) numbers(t *testing.T, name string) []float64 {
	t.Helper()
	var out []float64
	for _, s := range tab.column(name) {
		x, err := strconv.ParseFloat(s, 64)
		require.NoError(t, err)
		out = append(out, x)
	}
	return out
}

func (tab table) csv(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	require.NoError(t, w.Write(tab.header))
	require.NoError(t, w.WriteAll(tab.rows))
	return b.Bytes()
}

// parquet writes a table of numbers with row groups of so many rows.
func (tab table) parquet(t *testing.T, groupRows int) []byte {
	t.Helper()
	var fields []dataset.Field
	var columns []dataset.Column
	for _, name := range tab.header {
		values := make([]float32, len(tab.rows))
		for i, x := range tab.numbers(t, name) {
			values[i] = float32(x)
		}
		fields = append(fields, dataset.Field{Name: name, Type: dataset.Float32Type})
		columns = append(columns, dataset.NewFloat32(values))
	}
	var b bytes.Buffer
	schema := dataset.NewSchema(true, fields...)
	w, err := dataset.NewWriter(&b, schema, dataset.WriteOptions{Media: dataset.Media{Format: dataset.Parquet}, RowGroupRows: groupRows})
	require.NoError(t, err)
	batch := dataset.NewBatch(schema, columns, len(tab.rows))
	defer batch.Release()
	require.NoError(t, w.Write(batch))
	require.NoError(t, w.Close())
	return b.Bytes()
}

// predictions reads one number a line.
func predictions(t *testing.T, content []byte) []float64 {
	t.Helper()
	return table{header: []string{"p"}, rows: records(t, content)}.numbers(t, "p")
}

func records(t *testing.T, content []byte) [][]string {
	t.Helper()
	all, err := csv.NewReader(bytes.NewReader(content)).ReadAll()
	require.NoError(t, err)
	return all
}

// parquetColumns reads columns of every Parquet object below a prefix, as texts where they are.
func (s *stack) parquetColumns(t *testing.T, prefix string, names ...string) table {
	t.Helper()
	out := table{header: names}
	require.NoError(t, s.Store().List(t.Context(), uri(t, prefix), func(info storage.Info) error {
		if !strings.HasSuffix(info.URI.Key, ".parquet") {
			return nil
		}
		r, err := dataset.NewReader(t.Context(), storage.NewObject(s.Store(), info),
			dataset.ReadOptions{Media: dataset.Media{Format: dataset.Parquet}, Columns: names})
		require.NoError(t, err)
		defer r.Close()
		for {
			batch, err := r.Next()
			if err == io.EOF {
				return nil
			}
			require.NoError(t, err)
			first := len(out.rows)
			for range batch.NumRows() {
				out.rows = append(out.rows, make([]string, len(names)))
			}
			for c := range names {
				text, err := dataset.Strings(batch.Column(c))
				require.NoError(t, err)
				for i := range int(batch.NumRows()) {
					out.rows[first+i][c], _ = text(i)
				}
			}
			batch.Release()
		}
	}))
	return out
}

func rmse(truth, predicted []float64) float64 {
	var sum float64
	for i, y := range truth {
		sum += (y - predicted[i]) * (y - predicted[i])
	}
	return math.Sqrt(sum / float64(len(truth)))
}

func mean(x []float64) float64 {
	var sum float64
	for _, v := range x {
		sum += v
	}
	return sum / float64(len(x))
}

func constant(x float64, n int) []float64 { return slices.Repeat([]float64{x}, n) }

// auc is the area under the ROC curve by the rank sum (Mann and Whitney), ties counting half.
func auc(positive []bool, score []float64) float64 {
	order := make([]int, len(score))
	for i := range order {
		order[i] = i
	}
	sort.Slice(order, func(a, b int) bool { return score[order[a]] < score[order[b]] })
	var ranks, n1 float64
	for i := 0; i < len(order); {
		j := i
		for j < len(order) && score[order[j]] == score[order[i]] {
			j++
		}
		for _, k := range order[i:j] {
			if positive[k] {
				ranks += float64(i+j+1) / 2
				n1++
			}
		}
		i = j
	}
	return (ranks - n1*(n1+1)/2) / (n1 * (float64(len(score)) - n1))
}
