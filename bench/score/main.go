// Command score measures how many rows a second Batchmill's xgboost and its rivals score with the same models in one run on
// this machine, and how far their predictions differ.
//
//	sh bench/peers/setup.sh score && go run ./bench/score
//	go run ./bench/score -shapes 100x6 -rounds 10 -only xgboost-inplace,treelite-compiled
//	GOMAXPROCS=1 go run ./bench/score    # on one thread, for a busy machine
//
// Rows are in memory on every side, libraries have loaded or compiled their models, and each has run once before the clock
// starts. Batchmill and the rivals take turns, one at a time on all threads; the fastest of a side's runs counts, and the one
// that took the least processor time. XGBoost and LightGBM train a model each, of the same shape, on the same rows: a rival
// is compared with Batchmill scoring the very model that the rival scores.
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"github.com/batchmill/batchmill/bench/local"
)

func main() {
	var o options
	flag.StringVar(&o.data, "data", local.DataFolder(), "folder of the shared data sets ($BATCHMILL_DATA)")
	flag.StringVar(&o.python, "python", filepath.Join("bench", "peers", ".venv", "bin", "python"), "Python with the rivals")
	flag.StringVar(&o.folder, "folder", "", "where rows and models are kept between runs; a temporary folder if empty")
	flag.IntVar(&o.rows, "rows", 1_000_000, "rows to score")
	flag.IntVar(&o.trainRows, "train-rows", 200_000, "rows to train on")
	flag.IntVar(&o.rounds, "rounds", 5, "runs of each side")
	shapes := flag.String("shapes", "100x6,1000x8", "models: trees x depth")
	only := flag.String("only", "", "rivals to compare with, separated by commas; all if empty")
	flag.Parse()
	o.shapes = strings.Split(*shapes, ",")
	if *only != "" {
		o.only = strings.Split(*only, ",")
	}
	if err := run(context.Background(), o); err != nil {
		log.Fatal(err)
	}
}

type options struct {
	data, python, folder    string
	rows, trainRows, rounds int
	shapes, only            []string
}

func run(ctx context.Context, o options) error {
	if o.folder == "" {
		dir, err := os.MkdirTemp("", "batchmill-score-*")
		if err != nil {
			return err
		}
		defer os.RemoveAll(dir)
		o.folder = dir
	}
	fmt.Printf("%s, %d threads, %s; %d rows x 28 float32, best of %d runs in turn\n\n", processor(), runtime.GOMAXPROCS(0), runtime.Version(), o.rows, o.rounds)
	fmt.Printf("| model | side | s | million rows/s | CPU s | s / Batchmill's | CPU s / Batchmill's | largest difference | version |\n|---|---|---|---|---|---|---|---|---|\n")
	for _, shape := range o.shapes {
		if err := o.compare(ctx, shape); err != nil {
			return fmt.Errorf("%s: %w", shape, err)
		}
	}
	return nil
}

// compare prints a model's lines.
func (o options) compare(ctx context.Context, shape string) error {
	trees, depth, ok := strings.Cut(shape, "x")
	if !ok {
		return errors.New("a shape is written TREESxDEPTH")
	}
	dir, err := o.prepare(ctx, shape, trees, depth)
	if err != nil {
		return err
	}
	rows, width, err := readNPY(filepath.Join(dir, "rows.npy"))
	if err != nil {
		return err
	}
	for _, model := range []string{"xgboost.json", "lightgbm.txt"} {
		if err := o.compareModel(ctx, dir, shape, model, rows, width); err != nil {
			return fmt.Errorf("%s: %w", model, err)
		}
	}
	return nil
}

// prepare has rows and models made, unless they are there.
func (o options) prepare(ctx context.Context, shape, trees, depth string) (dir string, err error) {
	dir = filepath.Join(o.folder, fmt.Sprintf("%s-%d-%d", shape, o.rows, o.trainRows))
	if _, err := os.Stat(filepath.Join(dir, "lightgbm.txt")); err == nil {
		return dir, nil
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	csv := filepath.Join(o.data, "higgs_small", "higgs_small.csv.gz")
	c := exec.CommandContext(ctx, o.python, peerScript, "prepare", dir, csv, strconv.Itoa(o.rows), strconv.Itoa(o.trainRows), trees, depth)
	c.Stderr = os.Stderr
	return dir, c.Run()
}

// rivals by the model they score.
var rivals = map[string][]string{
	"xgboost.json": {"xgboost-inplace", "xgboost-dmatrix", "treelite-gtil", "treelite-compiled"},
	"lightgbm.txt": {"lightgbm", "lleaves"},
}

func (o options) compareModel(ctx context.Context, dir, shape, model string, rows []float32, width int) error {
	mine, err := newSide(filepath.Join(dir, model), rows, width)
	if err != nil {
		return err
	}
	var peers []*peer
	for _, name := range rivals[model] {
		if o.only != nil && !slices.Contains(o.only, name) {
			continue
		}
		p, err := startPeer(ctx, o.python, dir, name)
		if err != nil {
			fmt.Fprintf(os.Stderr, "%s is left out: %v\n", name, err)
			continue
		}
		defer p.kill()
		peers = append(peers, p)
	}
	ours := never
	for range o.rounds {
		s, err := mine.score()
		if err != nil {
			return err
		}
		ours = ours.least(s)
		for _, p := range peers {
			if err := p.score(); err != nil {
				return err
			}
		}
	}
	print := func(side string, t timing, ratios, difference, version string) {
		fmt.Printf("| %s %s | %s | %.3f | %.2f | %.3f | %s | %s | %s |\n", shape, strings.TrimSuffix(model, filepath.Ext(model)), side, t.Seconds,
			float64(len(rows)/width)/t.Seconds/1e6, t.CPU, ratios, difference, version)
	}
	print("batchmill", ours, "|", "", "")
	for _, p := range peers {
		theirs, err := p.finish()
		if err != nil {
			return err
		}
		difference, err := mine.difference(theirs)
		if err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
		ratios := fmt.Sprintf("%.2f | %.2f", p.best.Seconds/ours.Seconds, p.best.CPU/ours.CPU)
		print(p.name, p.best, ratios, fmt.Sprintf("%.1e", difference), p.version)
	}
	return nil
}

// processor is the name that Linux gives it.
func processor() string {
	info, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return runtime.GOARCH
	}
	for line := range bytes.Lines(info) {
		if name, ok := bytes.CutPrefix(line, []byte("model name")); ok {
			return strings.Trim(string(name), "\t :\n")
		}
	}
	return runtime.GOARCH
}
