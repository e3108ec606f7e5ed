package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// trial is one training of a run.
type trial struct {
	Values  map[string]string `json:"values"`
	Value   float64           `json:"value"`   // the metric after the last round
	Curve   []float64         `json:"curve"`   // after each round
	Suggest float64           `json:"suggest"` // seconds: asking, and telling of the trial before
	Train   float64           `json:"train"`   // seconds
	Stopped bool              `json:"stopped,omitempty"`
	Version string            `json:"version,omitempty"` // of a peer
}

// kept is the file of one run: a trial a line, so that a run may go on where it was left.
type kept string

func (o options) kept(w work, side string, seed int) (kept, error) {
	digest, err := w.digest()
	return kept(filepath.Join(o.keep, fmt.Sprintf("%s-%s-%s-%d.jsonl", w.name, digest, side, seed))), err
}

func (k kept) read() ([]trial, error) {
	file, err := os.Open(string(k))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer file.Close()
	var all []trial
	lines := json.NewDecoder(bufio.NewReader(file))
	for lines.More() {
		var t trial
		if err := lines.Decode(&t); err != nil {
			return nil, fmt.Errorf("%s: trial %d: %w", k, len(all)+1, err)
		}
		all = append(all, t)
	}
	return all, nil
}

func (k kept) add(t trial) (err error) {
	if err := os.MkdirAll(filepath.Dir(string(k)), 0o755); err != nil {
		return err
	}
	file, err := os.OpenFile(string(k), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	return json.NewEncoder(file).Encode(t)
}
