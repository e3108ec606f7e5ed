package main

import (
	"context"
	"log"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/batchmill/batchmill/bench/tables"
	"github.com/batchmill/batchmill/internal/testdata"
)

// TestMain lets the test binary stand in for the program that the harness starts as a child.
func TestMain(m *testing.M) {
	if len(os.Args) == 3 && os.Args[1] == "-"+childFlag {
		if err := child(context.Background(), os.Args[2]); err != nil {
			log.Fatal(err)
		}
		return
	}
	os.Exit(m.Run())
}

// TestCompare runs the whole comparison on tables of every kind of label: the engines get the same rows and agree.
func TestCompare(t *testing.T) {
	t.Parallel()
	python, err := filepath.Abs(filepath.Join("..", "peers", ".venv", "bin", "python"))
	require.NoError(t, err)
	if _, err := os.Stat(python); err != nil {
		t.Skip("no Python packages to compare with: run bench/peers/setup.sh")
	}
	o := options{data: testdata.Path(t), rows: 4000, seeds: 1, python: python, threads: 1, peerMetric: true, limit: time.Minute,
		script: filepath.Join("..", "peers", "gbt.py")}
	iris := tables.NewSet("iris", 3, "small_classics/iris.csv", "header=present;label=target")
	for _, w := range []work{
		{name: "numbers with a category", set: tables.Wine, rounds: 10, depth: 4, targets: fasterOfTwo},
		{name: "classes", set: iris, rounds: 10, leaves: 5},
		{name: "sparse", set: tables.NewSet("sparse", 1, "", ""), sparse: tables.Words, rounds: 10, depth: 4, targets: noSlower},
		{name: "drawn", set: tables.Higgs, drawn: true, rounds: 10, depth: 6, targets: higgsTargets},
	} {
		t.Run(w.name, func(t *testing.T) {
			t.Parallel()
			r, err := w.compare(context.Background(), o)
			require.NoError(t, err)
			require.Len(t, r.by, len(engines()))
			for _, e := range engines() {
				out := r.by[e.name][0]
				require.Positive(t, out.Seconds, e.name)
				require.Positive(t, out.CPU, e.name)
				require.GreaterOrEqual(t, out.PeakMB, out.LoadedMB, e.name)
			}
			theirs := r.by["xgboost"][0].quality
			require.InEpsilon(t, theirs, r.by[batchmill][0].quality, 0.02)
			for _, target := range w.targets {
				_, ok := target.verdict(r)
				require.True(t, ok)
			}
		})
	}
}

func TestVerdict(t *testing.T) {
	t.Parallel()
	r := &results{work: work{name: "w", set: tables.Higgs}, by: map[string]map[int]outcome{}}
	for seed, ours := range []float64{4, 5, 30} {
		r.add(batchmill, seed, outcome{Seconds: ours, PeakMB: 50, quality: 0.798})
		r.add("xgboost", seed, outcome{Seconds: 10, PeakMB: 40, quality: 0.8})
		r.add("lightgbm", seed, outcome{Seconds: 5, PeakMB: 60, quality: 0.7})
	}
	for _, test := range []struct {
		target target
		want   string
	}{
		{target{"time", seconds, []string{"xgboost"}, 0.5}, "| w | time / xgboost | 0.50 | 0.50 | -0.25 ± 0.00 % | **missed**: quality |"},
		{target{"time", seconds, []string{"lightgbm"}, 1}, "| w | time / lightgbm | 1.00 | 1.00 | +14.00 ± 0.00 % | met |"},
		{target{"time", seconds, []string{"xgboost", "lightgbm"}, 0.9}, "| w | time / xgboost or lightgbm | 0.90 | 1.00 | -0.25 ± 0.00 % | **missed**: time and quality |"},
		{target{"peak memory", megabytes, []string{"lightgbm"}, 1}, "| w | peak memory / lightgbm | 1.00 | 0.83 | +14.00 ± 0.00 % | met |"},
	} {
		row, ok := test.target.verdict(r)
		require.True(t, ok)
		require.Equal(t, test.want, row)
	}
	_, ok := target{"time", seconds, []string{"lightgbm-q"}, 1}.verdict(r)
	require.False(t, ok, "an engine that did not run")
}

func TestWorksChosen(t *testing.T) {
	t.Parallel()
	chosen, err := options{work: "adult,abalone"}.works()
	require.NoError(t, err)
	require.Len(t, chosen, 2)
	chosen, err = options{work: "all"}.works()
	require.NoError(t, err)
	require.Len(t, chosen, len(works()))
	chosen, err = options{}.works()
	require.NoError(t, err)
	require.NotEmpty(t, chosen)
	for _, w := range chosen {
		require.NotEmpty(t, w.targets, w.name)
	}
	_, err = options{work: "adult,nonsense"}.works()
	require.ErrorContains(t, err, "nonsense")
}

func TestSignificant(t *testing.T) {
	t.Parallel()
	for v, want := range map[float64]string{0.789012345: "0.78901", 57500.31: "57500", 0.00413021: "0.0041302", 2.2113: "2.2113", 0: "0", 1: "1.0000"} {
		require.Equal(t, want, significant(v))
	}
}
