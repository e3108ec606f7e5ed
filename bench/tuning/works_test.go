package main

import (
	"math"
	"slices"
	"testing"

	"github.com/batchmill/batchmill/tuning"
)

// The published minimisers cost what the works call the least.
func TestKnownOptima(t *testing.T) {
	t.Parallel()
	at := map[string]map[string]string{
		"Branin":           {"x0": "3.141592653589793", "x1": "2.275"},
		"Hartmann6":        {"x0": "0.20169", "x1": "0.150011", "x2": "0.476874", "x3": "0.275332", "x4": "0.311652", "x5": "0.6573"},
		"Ackley5":          everywhere(5, "0"),
		"Rosenbrock4":      everywhere(4, "1"),
		"Levy8":            everywhere(8, "1"),
		"StyblinskiTang10": everywhere(10, "-2.903534027771177"),
		"Ackley20":         everywhere(20, "0"),
		"Levy20":           everywhere(20, "1"),
		"StyblinskiTang20": everywhere(20, "-2.903534027771177"),
		"Func2C":           {"h0": "1", "h1": "1", "x0": "0.04492100655", "x1": "-0.7126564"}, // the camel's, at half its first coordinate
		"PressureVessel":   {"shell": "12", "head": "6", "radius": "38.86010363", "length": "221.36547136"},
		"Hartmann6Mixed":   {"x0": "2", "x1": "0.14984756", "x2": "0.47319929", "x3": "3", "x4": "0.3", "x5": "0.65794101"},
	}
	for _, w := range slices.Concat(continuous(), mixed(), wide()) {
		values, ok := at[w.name]
		if !ok {
			continue // its minimiser is not published
		}
		if got := w.cost(tuning.Trial{Values: values}); math.Abs(got-w.best) > 1e-5*max(1, math.Abs(w.best)) {
			t.Errorf("%s: %v at its minimiser, want %v", w.name, got, w.best)
		}
	}
}

func everywhere(n int, v string) map[string]string {
	m := map[string]string{}
	for i := range n {
		m[axisName(i)] = v
	}
	return m
}

// No draw costs less than the least.
func TestNothingIsBelowTheOptimum(t *testing.T) {
	t.Parallel()
	for _, w := range append(continuous(), mixed()...) {
		s, err := tuning.New(w.space, tuning.Options{Strategy: tuning.Sobol})
		if err != nil {
			t.Fatal(err)
		}
		trials, err := s.Ask(3000)
		if err != nil {
			t.Fatal(err)
		}
		for _, trial := range trials {
			if got := w.cost(trial); !(got >= w.best) {
				t.Fatalf("%s: %v at %v is below %v", w.name, got, trial.Values, w.best)
			}
		}
	}
}
