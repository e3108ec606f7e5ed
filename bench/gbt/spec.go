package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/batchmill/batchmill/algorithms"
	"github.com/batchmill/batchmill/bench/tables"
)

// spec tells an engine's process what to do. It answers with an outcome on its standard output.
type spec struct {
	Library     string         `json:"library,omitempty"`
	Rounds      int            `json:"rounds"`
	Threads     int            `json:"threads"`
	Params      map[string]any `json:"params"`
	TrainMetric bool           `json:"train_metric"` // a Python library computes its metric on the rows trained on after each round, as ours always does
	Columns     []specColumn   `json:"columns"`
	Sparse      int            `json:"sparse"`  // how many features sparse rows have; 0: rows are dense
	TrainX      string         `json:"train_x"` // .npy files of float32: features; of sparse rows a folder (tables.Sparse)
	TrainY      string         `json:"train_y"` // labels, one column
	TestX       string         `json:"test_x"`
	Predictions string         `json:"predictions"` // to write: a column per output
	Profile     string         `json:"profile,omitempty"`
}

type specColumn struct {
	Name       string   `json:"name"`
	Categories []string `json:"categories"` // null for numbers
}

// stage writes the tables to files that every engine reads.
func stage(dir string, train, test *tables.Table) (spec, error) {
	s := spec{
		TrainX: filepath.Join(dir, "train_x.npy"), TrainY: filepath.Join(dir, "train_y.npy"), TestX: filepath.Join(dir, "test_x.npy"),
		Predictions: filepath.Join(dir, "predictions.npy"),
	}
	for _, c := range train.Columns {
		s.Columns = append(s.Columns, specColumn{c.Name, c.Categories})
	}
	if err := tables.WriteNPY(s.TrainX, values(train)...); err != nil {
		return s, err
	}
	if err := tables.WriteNPY(s.TrainY, train.Label); err != nil {
		return s, err
	}
	return s, tables.WriteNPY(s.TestX, values(test)...)
}

// stageSparse writes sparse rows to files that every engine reads.
func stageSparse(dir string, train, test *tables.Sparse) (spec, error) {
	s := spec{
		Sparse: train.Width, TrainX: filepath.Join(dir, "train"), TrainY: filepath.Join(dir, "train_y.npy"), TestX: filepath.Join(dir, "test"),
		Predictions: filepath.Join(dir, "predictions.npy"),
	}
	for path, rows := range map[string]*tables.Sparse{s.TrainX: train, s.TestX: test} {
		if err := os.Mkdir(path, 0o700); err != nil {
			return s, err
		}
		if err := rows.Write(path); err != nil {
			return s, err
		}
	}
	return s, tables.WriteNPY(s.TrainY, train.Label)
}

func values(t *tables.Table) [][]float32 {
	var columns [][]float32
	for _, c := range t.Columns {
		columns = append(columns, c.Values)
	}
	return columns
}

// rows are features, with a label where they are to be trained on.
type rows interface {
	Data() *algorithms.Data
	Predict(p algorithms.Predictor) ([][]float32, error)
}

// read reads features that stage or stageSparse wrote.
func (s spec) read(path string, label []float32) (rows, error) {
	if s.Sparse > 0 {
		r, err := tables.ReadSparse(path, s.Sparse)
		if err == nil {
			r.Label = label
		}
		return r, err
	}
	columns, err := tables.ReadNPY(path)
	if err != nil {
		return nil, err
	}
	t := &tables.Table{Label: label}
	for i, c := range s.Columns {
		t.Columns = append(t.Columns, tables.Column{Name: c.Name, Values: columns[i], Categories: c.Categories})
	}
	return t, nil
}

// run starts the engine's process and waits for its outcome and predictions.
func (e engine) run(ctx context.Context, o options, s spec) (out outcome, scores [][]float32, err error) {
	ctx, cancel := context.WithTimeout(ctx, o.limit)
	defer cancel()
	path := s.Predictions + ".json"
	text, err := json.Marshal(s)
	if err != nil {
		return out, nil, err
	}
	if err := os.WriteFile(path, text, 0o600); err != nil {
		return out, nil, err
	}
	name, args, err := e.command(o, path)
	if err != nil {
		return out, nil, err
	}
	c := exec.CommandContext(ctx, name, args...)
	c.WaitDelay = time.Second
	var errors bytes.Buffer
	c.Stderr = &errors
	answer, err := c.Output()
	if ctx.Err() != nil {
		return out, nil, fmt.Errorf("%s: stopped: %w", e.name, ctx.Err())
	}
	if err != nil {
		return out, nil, fmt.Errorf("%s: %w\n%s", e.name, err, errors.Bytes())
	}
	if err := json.Unmarshal(answer, &out); err != nil {
		return out, nil, fmt.Errorf("%s: %w", e.name, err)
	}
	scores, err = tables.ReadNPY(s.Predictions)
	return out, scores, err
}
