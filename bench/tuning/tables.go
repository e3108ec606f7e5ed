package main

import (
	"compress/gzip"
	"encoding/csv"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/batchmill/batchmill/tuning"
)

// table is a benchmark all of whose points were trained beforehand.
type table struct {
	file       string
	parameters int
	scores     int  // columns behind the parameters that are averaged
	maximize   bool // the score is an accuracy
}

var tables = []table{
	{"mlp_car.csv.gz", 5, 5, true},
	{"mlp_phoneme.csv.gz", 5, 5, true},
	{"mlp_credit_g.csv.gz", 5, 5, true},
	{"fcnet_protein_structure.csv.gz", 9, 4, false},
	{"fcnet_naval_propulsion.csv.gz", 9, 4, false},
	{"nas201_cifar10.csv.gz", 6, 3, true},
	{"nas201_cifar100.csv.gz", 6, 3, true},
	{"lda_grid.csv", 3, 1, false},
	{"svm_grid.csv", 3, 1, false},
	{"logreg_mnist_grid.csv.gz", 4, 1, false},
}

// load reads a table of the folder. A column of numbers becomes an integer parameter, the rank of its value: tables list
// values in steps that matter equally. A column of words becomes a category.
func (t table) load(folder string) (work, error) {
	header, rows, err := readTable(filepath.Join(folder, t.file))
	if err != nil {
		return work{}, err
	}
	name, _, _ := strings.Cut(t.file, ".")
	w := work{name: name}
	levels := make([][]string, t.parameters)
	for c := range t.parameters {
		levels[c] = levelsOf(rows, c)
		p := tuning.Parameter{Name: header[c], Kind: tuning.Categorical, Values: levels[c]}
		if _, err := strconv.ParseFloat(levels[c][0], 64); err == nil {
			p = tuning.Parameter{Name: header[c], Kind: tuning.Integer, Max: float64(len(levels[c]) - 1), Scale: tuning.Linear}
		}
		w.space = append(w.space, p)
	}
	costs := map[string]float64{}
	var all []float64
	for _, row := range rows {
		cost, err := t.costOf(row)
		if err != nil {
			return work{}, fmt.Errorf("%s: %w", t.file, err)
		}
		costs[strings.Join(row[:t.parameters], ",")] = cost
		all = append(all, cost)
	}
	slices.Sort(all)
	w.best, w.unit = all[0], all[len(all)/2]-all[0]
	w.cost = func(trial tuning.Trial) float64 {
		key := make([]string, t.parameters)
		for c, p := range w.space {
			key[c] = trial.Values[p.Name]
			if p.Kind == tuning.Integer {
				key[c] = levels[c][trial.Int(p.Name)]
			}
		}
		if cost, ok := costs[strings.Join(key, ",")]; ok {
			return cost
		}
		return math.NaN() // a point that was not trained
	}
	return w, nil
}

// costOf is the mean of the scores there are, to be minimised.
func (t table) costOf(row []string) (float64, error) {
	sum, n := 0.0, 0
	for _, text := range row[t.parameters : t.parameters+t.scores] {
		if text == "" {
			continue
		}
		v, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return 0, err
		}
		sum, n = sum+v, n+1
	}
	if t.maximize {
		sum = -sum
	}
	return sum / float64(n), nil
}

// levelsOf lists the values of a column: numbers by size, else words by alphabet.
func levelsOf(rows [][]string, c int) []string {
	seen := map[string]bool{}
	var levels []string
	for _, row := range rows {
		if !seen[row[c]] {
			seen[row[c]] = true
			levels = append(levels, row[c])
		}
	}
	slices.SortFunc(levels, func(a, b string) int {
		x, errX := strconv.ParseFloat(a, 64)
		y, errY := strconv.ParseFloat(b, 64)
		if errX == nil && errY == nil && x != y {
			if x < y {
				return -1
			}
			return 1
		}
		return strings.Compare(a, b)
	})
	return levels
}

func readTable(path string) (header []string, rows [][]string, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, nil, err
	}
	defer f.Close()
	var r io.Reader = f
	if strings.HasSuffix(path, ".gz") {
		if r, err = gzip.NewReader(f); err != nil {
			return nil, nil, err
		}
	}
	records, err := csv.NewReader(r).ReadAll()
	if err != nil {
		return nil, nil, err
	}
	return records[0], records[1:], nil
}
