// Package tabletest makes dataset batches of the shared CSV tables with the standard library's CSV reader, so that tests of
// what stands on batches do not depend on Batchmill's own readers.
package tabletest

import (
	"compress/gzip"
	"encoding/csv"
	"io"
	"math"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/batchmill/batchmill/dataset"
	"github.com/batchmill/batchmill/internal/testdata"
)

// Table is a whole table in memory. A column is either Numbers (NaN is missing) or Texts.
type Table struct {
	Names   []string
	Numbers [][]float64
	Texts   [][]string
	Rows    int
	Schema  *dataset.Schema
}

// Load reads a CSV file with header of the shared data sets, plain or gzip. A column whose every non-empty value is a
// number is one of numbers.
func Load(t testing.TB, elem ...string) *Table {
	t.Helper()
	path := testdata.Path(t, elem...)
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var r io.Reader = f
	if strings.HasSuffix(path, ".gz") {
		if r, err = gzip.NewReader(f); err != nil {
			t.Fatal(err)
		}
	}
	records, err := csv.NewReader(r).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return New(records[0], records[1:])
}

// New makes a table of records.
func New(names []string, records [][]string) *Table {
	table := &Table{Names: names, Rows: len(records), Numbers: make([][]float64, len(names)), Texts: make([][]string, len(names))}
	fields := make([]dataset.Field, len(names))
	for c, name := range names {
		texts := make([]string, len(records))
		for r, record := range records {
			texts[r] = record[c]
		}
		if numbers, ok := parse(texts); ok {
			table.Numbers[c] = numbers
			fields[c] = dataset.NullField(name, dataset.Float64Type)
		} else {
			table.Texts[c] = texts
			fields[c] = dataset.NullField(name, dataset.StringType)
		}
	}
	table.Schema = dataset.NewSchema(true, fields...)
	return table
}

func parse(texts []string) ([]float64, bool) {
	numbers := make([]float64, len(texts))
	for i, s := range texts {
		if s == "" {
			numbers[i] = math.NaN()
			continue
		}
		f, err := strconv.ParseFloat(s, 64)
		if err != nil {
			return nil, false
		}
		numbers[i] = f
	}
	return numbers, true
}

// Batch is the rows of the given numbers, in that order.
func (t *Table) Batch(rows []int) dataset.Batch {
	columns := make([]dataset.Column, len(t.Names))
	for c := range columns {
		if t.Numbers[c] != nil {
			columns[c] = dataset.NewFloat64(pick(t.Numbers[c], rows))
		} else {
			columns[c] = dataset.NewStrings(pick(t.Texts[c], rows))
		}
	}
	return dataset.NewBatch(t.Schema, columns, len(rows))
}

// Column is the index of the named column.
func (t *Table) Column(name string) int {
	for i, n := range t.Names {
		if n == name {
			return i
		}
	}
	return -1
}

func pick[T any](values []T, rows []int) []T {
	out := make([]T, len(rows))
	for i, r := range rows {
		out[i] = values[r]
	}
	return out
}
