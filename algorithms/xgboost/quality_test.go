package xgboost

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/batchmill/batchmill/algorithms"
	"github.com/batchmill/batchmill/bench/tables"
	"github.com/batchmill/batchmill/internal/testdata"
)

// modes are the ways of adding up derivatives that BenchmarkQuality holds against each other; the first is what the others
// are compared with.
var modes = []struct {
	name string
	set  func(*settings)
}{
	{"default", func(*settings) {}},
	{"unrounded", func(s *settings) { s.tree.Precision.Exact = true }},
	{"8 bits", func(s *settings) { s.tree.Precision.Bits = 8 }},
	{"5 bits", func(s *settings) { s.tree.Precision.Bits = 5 }},
}

// Bounds of BenchmarkQuality: seeds that hold back each row once, and rows of the larger tables.
const (
	qualitySeeds = tables.Folds
	qualityRows  = 10_000
)

// BenchmarkQuality compares the quality on rows held back that each mode reaches on every table of bench/tables, and prints a
// Markdown table. With -short it takes one seed and few rows.
func BenchmarkQuality(b *testing.B) {
	seeds, rows := qualitySeeds, qualityRows
	if testing.Short() {
		seeds, rows = 1, 2000
	}
	for b.Loop() {
		fmt.Print("\n| table | metric |")
		for _, m := range modes {
			fmt.Printf(" %s |", m.name)
		}
		fmt.Printf("\n|---|---|%s\n", strings.Repeat("---|", len(modes)))
		for _, set := range tables.All() {
			all, err := set.Load(context.Background(), testdata.Path(b))
			require.NoError(b, err)
			printQuality(b, set, all.Sample(rows), seeds)
		}
	}
}

// printQuality prints a table's row: each mode's mean quality, and by how much it is better than the first mode's.
func printQuality(b *testing.B, set tables.Set, all *tables.Table, seeds int) {
	metric := set.Metric()
	quality := make([][]float64, len(modes))
	for seed := range seeds {
		train, test := all.Split(seed)
		for i, m := range modes {
			quality[i] = append(quality[i], metric.Of(trainMode(b, set, seed, m.set, train, test), test.Label))
		}
	}
	fmt.Printf("| %s | %s |", set.Name, metric.Name)
	for i := range modes {
		var better []float64
		for seed, q := range quality[i] {
			better = append(better, metric.Better(q, quality[0][seed]))
		}
		fmt.Printf(" %.6g", tables.EstimateOf(quality[i]).Mean)
		if i > 0 {
			fmt.Printf(" (%s)", tables.EstimateOf(better).Percent())
		}
		fmt.Print(" |")
	}
	fmt.Println()
}

// trainMode trains 100 rounds of depth 6 and returns the predictions, a column per output.
func trainMode(b *testing.B, set tables.Set, seed int, mode func(*settings), train, test *tables.Table) [][]float32 {
	hp := map[string]string{"num_round": "100", "eta": "0.1", "seed": fmt.Sprint(seed), "objective": "reg:squarederror"}
	switch {
	case set.Classes == 1:
		hp["objective"] = "binary:logistic"
	case set.Classes > 1:
		hp["objective"], hp["num_class"] = "multi:softprob", fmt.Sprint(set.Classes)
	}
	s, err := readSettings(hp)
	require.NoError(b, err)
	mode(s)
	result, err := trainWith(context.Background(), &algorithms.TrainRequest{Channels: map[string]*algorithms.Data{"train": train.Data()}}, s)
	require.NoError(b, err)
	outputs, err := test.Predict(load(b, result.Files))
	require.NoError(b, err)
	return outputs
}
