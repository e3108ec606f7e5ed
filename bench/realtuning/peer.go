package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/batchmill/batchmill/bench/tables"
	"github.com/batchmill/batchmill/tuning"
)

// spec tells bench/peers/tune_xgboost.py what to do. It prints a trial a line.
type spec struct {
	Sampler string            `json:"sampler"`
	Seed    int               `json:"seed"`
	Space   tuning.Space      `json:"space"`
	Params  map[string]string `json:"params"`
	Rounds  int               `json:"rounds"`
	Metric  string            `json:"metric"`
	Threads int               `json:"threads"`
	Trials  int               `json:"trials"`  // to make, beside those done
	Seconds float64           `json:"seconds"` // after which no trial begins
	Done    []trial           `json:"done"`
	Types   []string          `json:"types"` // of features, as XGBoost has them: float or c
	Train   staged            `json:"train"`
	Held    staged            `json:"validation"`
}

// staged are .npy files: features, and labels as one column.
type staged struct {
	X string `json:"x"`
	Y string `json:"y"`
}

func stage(dir, name string, t *tables.Table) (staged, error) {
	s := staged{filepath.Join(dir, name+"_x.npy"), filepath.Join(dir, name+"_y.npy")}
	var columns [][]float32
	for _, c := range t.Columns {
		columns = append(columns, c.Values)
	}
	if err := tables.WriteNPY(s.X, columns...); err != nil {
		return s, err
	}
	return s, tables.WriteNPY(s.Y, t.Label)
}

// peer makes a run's missing trials with Optuna and XGBoost, as far as time allows.
func (o options) peer(ctx context.Context, w work, side string, seed int, k kept, done []trial) error {
	dir, err := os.MkdirTemp("", "batchmill-realtuning-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	s := spec{
		Sampler: side, Seed: seed, Space: space(), Params: w.static(seed), Rounds: w.rounds, Metric: w.metric, Threads: o.threads,
		Trials: o.trials - len(done), Seconds: o.limit.Seconds(), Done: done,
	}
	train, validation, err := w.split(ctx, o, seed)
	if err != nil {
		return err
	}
	for _, c := range train.Columns {
		kind := "float"
		if c.Categories != nil {
			kind = "c"
		}
		s.Types = append(s.Types, kind)
	}
	if s.Train, err = stage(dir, "train", train); err != nil {
		return err
	}
	if s.Held, err = stage(dir, "validation", validation); err != nil {
		return err
	}
	text, err := json.Marshal(s)
	if err != nil {
		return err
	}
	path := filepath.Join(dir, "spec.json")
	if err := os.WriteFile(path, text, 0o600); err != nil {
		return err
	}
	return o.listen(ctx, path, k)
}

// listen runs the script and keeps what it prints.
func (o options) listen(ctx context.Context, path string, k kept) error {
	c := exec.CommandContext(ctx, o.python, filepath.Join("bench", "peers", "tune_xgboost.py"), path)
	c.Stderr = os.Stderr
	out, err := c.StdoutPipe()
	if err != nil {
		return err
	}
	if err := c.Start(); err != nil {
		return fmt.Errorf("no Optuna here? sh bench/peers/setup.sh tuning: %w", err)
	}
	lines := json.NewDecoder(bufio.NewReader(out))
	for lines.More() && err == nil {
		var t trial
		if err = lines.Decode(&t); err == nil {
			err = k.add(t)
		}
	}
	if err != nil {
		_ = c.Process.Kill() // it would wait for a reader
	}
	if ended := c.Wait(); err == nil {
		err = ended
	}
	return err
}
