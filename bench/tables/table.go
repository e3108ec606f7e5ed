// Package tables holds the real tables that benchmarks train on: in memory, split alike for every library, with the
// quality of predictions on the rows held back. It knows no library and no clock.
package tables

import (
	"context"
	"io"
	"math"

	"github.com/batchmill/batchmill/algorithms"
	"github.com/batchmill/batchmill/dataset"
)

// Table is a table in memory, column by column.
type Table struct {
	Columns []Column
	Label   []float32 // numbers, or codes of classes; nil where there are features only
}

// Column is one feature.
type Column struct {
	Name       string
	Values     []float32 // numbers or codes of categories; NaN is missing
	Categories []string  // of a text column, sorted; nil for numbers
}

// Rows is the number of rows.
func (t *Table) Rows() int { return len(t.Columns[0].Values) }

// Take picks rows, in the order given.
func (t *Table) Take(rows []int) *Table {
	out := &Table{Label: pick(t.Label, rows)}
	for _, c := range t.Columns {
		out.Columns = append(out.Columns, Column{c.Name, pick(c.Values, rows), c.Categories})
	}
	return out
}

func pick(values []float32, rows []int) []float32 {
	out := make([]float32, len(rows))
	for i, r := range rows {
		out[i] = values[r]
	}
	return out
}

// labelName is what Data calls the label's column.
const labelName = "the label"

// trainBatchRows is the size of the batches that Data gives.
const trainBatchRows = 1 << 16

// Data hands the table to an algorithm as a channel of batches that are in memory already.
func (t *Table) Data() *algorithms.Data {
	schema := dataset.NewSchema(true, append(t.fields(), dataset.Field{Name: labelName, Type: dataset.Float32Type})...)
	var features []string
	for _, c := range t.Columns {
		features = append(features, c.Name)
	}
	batches := t.cut(schema, trainBatchRows, true)
	return &algorithms.Data{
		Schema: schema, Label: []string{labelName}, Features: features, Named: true,
		Open: func(context.Context) (dataset.Reader, error) { return &memory{schema: schema, batches: batches}, nil },
	}
}

// Batches are the features alone, for scoring.
func (t *Table) Batches() []dataset.Batch {
	return t.cut(dataset.NewSchema(true, t.fields()...), dataset.DefaultBatchRows, false)
}

func (t *Table) fields() []dataset.Field {
	var fields []dataset.Field
	for _, c := range t.Columns {
		typ := dataset.Float32Type
		if c.Categories != nil {
			typ = dataset.StringType
		}
		fields = append(fields, dataset.NullField(c.Name, typ))
	}
	return fields
}

// cut makes batches of up to step rows.
func (t *Table) cut(schema *dataset.Schema, step int, label bool) []dataset.Batch {
	var batches []dataset.Batch
	for from := 0; from < t.Rows(); from += step {
		to := min(from+step, t.Rows())
		var cols []dataset.Column
		for _, c := range t.Columns {
			cols = append(cols, c.slice(from, to))
		}
		if label {
			cols = append(cols, dataset.NewFloat32(t.Label[from:to]))
		}
		batches = append(batches, dataset.NewBatch(schema, cols, to-from))
	}
	return batches
}

// slice is the column's rows from..to; codes become texts again, as a user's file holds them.
func (c Column) slice(from, to int) dataset.Column {
	if c.Categories == nil {
		return dataset.NewFloat32(c.Values[from:to])
	}
	texts := make([]string, to-from)
	for i, v := range c.Values[from:to] {
		if !math.IsNaN(float64(v)) {
			texts[i] = c.Categories[int(v)]
		}
	}
	return dataset.NewStrings(texts)
}

// memory reads batches that are there already.
type memory struct {
	schema  *dataset.Schema
	batches []dataset.Batch
	next    int
}

func (m *memory) Schema() *dataset.Schema { return m.schema }
func (m *memory) Close() error            { return nil }
func (m *memory) Next() (dataset.Batch, error) {
	if m.next == len(m.batches) {
		return nil, io.EOF
	}
	b := m.batches[m.next]
	m.next++
	b.Retain()
	return b, nil
}
