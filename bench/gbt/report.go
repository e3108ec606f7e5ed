package main

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/batchmill/batchmill/bench/tables"
)

// workHead heads the table of all runs.
const workHead = `
| work | engine | train s, min | median | ours / theirs | CPU s | loaded MB | peak MB | quality, mean | ours better by | quality by seed |
|---|---|---|---|---|---|---|---|---|---|---|`

// print writes a work's lines.
func (r *results) print() {
	for _, e := range engines() {
		if len(r.by[e.name]) == 0 {
			continue
		}
		median := func(of func(outcome) float64) float64 { return median(r.values(e.name, of)) }
		qualities := r.values(e.name, func(o outcome) float64 { return o.quality })
		ratio, better := "", ""
		if e.name != batchmill && len(r.by[batchmill]) > 0 {
			ratio, better = fmt.Sprintf("%.2f", r.ratio(e.name, seconds)), r.better(e.name).Percent()
		}
		fmt.Printf("| %s | %s | %.2f | %.2f | %s | %.2f | %.0f | %.0f | %s %s | %s | %s |\n", r.work.name, e.name,
			slices.Min(r.values(e.name, seconds)), median(seconds), ratio, median(func(o outcome) float64 { return o.CPU }),
			median(func(o outcome) float64 { return o.LoadedMB }), median(megabytes),
			r.work.set.Metric().Name, significant(tables.EstimateOf(qualities).Mean), better, list(qualities))
	}
}

// targetHead heads the table of targets.
const targetHead = `
| work | ours / theirs | at most | measured | ours better by | |
|---|---|---|---|---|---|`

// printTargets holds all results against their targets.
func printTargets(all []*results) {
	var rows []string
	for _, r := range all {
		for _, t := range r.work.targets {
			if row, ok := t.verdict(r); ok {
				rows = append(rows, row)
			}
		}
	}
	if rows != nil {
		fmt.Println(targetHead + "\n" + strings.Join(rows, "\n"))
	}
}

// legend says what the tables' columns are.
func legend(o options) string {
	metric := "The rivals train without it."
	if o.peerMetric {
		metric = "So do the rivals here."
	}
	return fmt.Sprintf(`
Each engine trains in a process of its own; for each of %d seeds (another fifth of the rows held back) all of them, one after the
other. *ours / theirs* is the median over seeds of the ratio within a seed. *CPU s*, *loaded MB* (data in memory, before training) and
*peak MB* (high-water mark during training) are medians. *Ours better by* compares the quality on the rows held back, in percent of
theirs, mean over seeds ± standard error; below 0 ours is worse. All start from 0.5 and take steps of the same length, which for
LightGBM is not its default. Ours computes its metric on the rows trained on after each round.
%s`, o.seeds, metric)
}

func list(values []float64) string {
	var texts []string
	for _, v := range values {
		texts = append(texts, significant(v))
	}
	return strings.Join(texts, ", ")
}

// significant shows five digits.
func significant(v float64) string {
	const digits = 5
	if v == 0 || math.IsNaN(v) {
		return fmt.Sprint(v)
	}
	return fmt.Sprintf("%.*f", max(0, digits-1-int(math.Floor(math.Log10(math.Abs(v))))), v)
}
