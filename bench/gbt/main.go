// Command gbt trains and scores the same rows with Batchmill's xgboost, XGBoost and LightGBM in one run on this machine, and
// prints seconds, ratios and the quality on held-back rows.
//
//	sh bench/peers/setup.sh && go run ./bench/gbt            # all works
//	go run ./bench/gbt -work higgs-depth6,adult -rows 1000000
//
// Data are in memory on every side before the clock starts; binning is inside it.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/pprof"
	"slices"
	"strings"

	"github.com/batchmill/batchmill/bench/local"
)

func main() {
	data := flag.String("data", local.DataFolder(), "folder of the shared data sets ($BATCHMILL_DATA)")
	work := flag.String("work", "", "works to run, separated by commas; all if empty")
	rows := flag.Int("rows", 1_000_000, "rows of the HIGGS works")
	python := flag.String("python", filepath.Join("bench", "peers", ".venv", "bin", "python"), "Python with xgboost and lightgbm; empty for none")
	only := flag.String("only", "", "library to run alone: batchmill, xgboost, lightgbm")
	profile := flag.String("cpuprofile", "", "file for a CPU profile of our own side (go tool pprof)")
	flag.Parse()
	if *profile != "" {
		f, err := os.Create(*profile)
		if err != nil {
			log.Fatal(err)
		}
		if err := pprof.StartCPUProfile(f); err != nil {
			log.Fatal(err)
		}
		defer pprof.StopCPUProfile()
	}
	if err := run(context.Background(), *data, *work, *rows, *python, *only); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, data, only string, rows int, python, library string) error {
	dir, err := os.MkdirTemp("", "batchmill-gbt-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	fmt.Printf("%-22s %-12s %9s %8s %9s %8s %8s  %s\n", "work", "library", "train s", "ratio", "predict s", "ratio", "peak MB", "quality on held-back rows")
	for _, w := range works(rows) {
		if only != "" && !slices.Contains(strings.Split(only, ","), w.name) {
			continue
		}
		if err := w.compare(ctx, data, dir, python, library); err != nil {
			return fmt.Errorf("%s: %w", w.name, err)
		}
	}
	return nil
}

// outcome is one library's run.
type outcome struct {
	Train, Predict float64 // seconds
	PeakMB         float64 `json:"peak_mb"`
	Version        string
	quality        float64
}

// compare runs one work with each library.
func (w work) compare(ctx context.Context, data, dir, python, library string) error {
	train, test, err := w.load(ctx, data)
	if err != nil {
		return err
	}
	var ours outcome
	if library == "" || library == "batchmill" {
		if ours, err = w.ours(ctx, train, test); err != nil {
			return err
		}
		w.print("batchmill", ours, ours)
	}
	if python == "" {
		return nil
	}
	if err := train.writeNPY(filepath.Join(dir, "train.npy")); err != nil {
		return err
	}
	if err := test.writeNPY(filepath.Join(dir, "test.npy")); err != nil {
		return err
	}
	for _, peer := range w.peers() {
		if library != "" && peer.library != library {
			continue
		}
		theirs, err := w.theirs(ctx, peer, dir, python, train, test)
		if err != nil {
			return err
		}
		w.print(peer.name, theirs, ours)
	}
	return nil
}

func (w work) print(name string, o, ours outcome) {
	ratio := func(ours, theirs float64) string {
		if ours == 0 || theirs == 0 || name == "batchmill" {
			return ""
		}
		return fmt.Sprintf("%.2f", ours/theirs)
	}
	fmt.Printf("%-22s %-12s %9.2f %8s %9.3f %8s %8.0f  %s %.6f  %s\n", w.name, name, o.Train, ratio(ours.Train, o.Train),
		o.Predict, ratio(ours.Predict, o.Predict), o.PeakMB, w.metric, o.quality, o.Version)
}

// theirs runs a Python library on the same rows.
func (w work) theirs(ctx context.Context, p peer, dir, python string, train, test *frame) (outcome, error) {
	var o outcome
	spec, err := json.Marshal(map[string]any{
		"library": p.library, "rounds": w.rounds, "params": p.params, "threads": runtime.GOMAXPROCS(0), "types": train.types(),
		"train": filepath.Join(dir, "train.npy"), "test": filepath.Join(dir, "test.npy"), "predictions": filepath.Join(dir, "scores.npy"),
	})
	if err != nil {
		return o, err
	}
	path := filepath.Join(dir, "spec.json")
	if err := os.WriteFile(path, spec, 0o600); err != nil {
		return o, err
	}
	c := exec.CommandContext(ctx, python, filepath.Join("bench", "peers", "gbt.py"), path)
	c.Stderr = os.Stderr
	out, err := c.Output()
	if err != nil {
		return o, fmt.Errorf("%s: %w", p.name, err)
	}
	if err := json.Unmarshal(out, &o); err != nil {
		return o, err
	}
	scores, width, err := readNPY(filepath.Join(dir, "scores.npy"))
	if err != nil {
		return o, err
	}
	o.quality = w.score(scores, width, test.label)
	return o, nil
}
