package main

import (
	"fmt"
	"strings"
)

// target bounds what ours takes relative to a rival, the best where there are several. It is met at equal quality only.
type target struct {
	what   string
	of     func(outcome) float64
	rivals []string
	atMost float64
}

// worstQuality is by how many percent, as a mean over seeds, held-back quality may fall short of a rival's.
const worstQuality = 0.1

func seconds(o outcome) float64   { return o.Seconds }
func megabytes(o outcome) float64 { return o.PeakMB }

var (
	higgsTargets = []target{
		{"time", seconds, []string{"xgboost"}, 0.5},
		{"time", seconds, []string{"lightgbm"}, 1},
		{"time", seconds, []string{"lightgbm-q"}, 1},
		{"peak memory", megabytes, []string{"xgboost"}, 1},
	}
	noSlower    = []target{{"time", seconds, []string{"xgboost"}, 1}}
	fasterOfTwo = []target{{"time", seconds, []string{"xgboost", "lightgbm"}, 1}}
)

// verdict holds a work's results against one target; ok is false where an engine of it did not run.
func (t target) verdict(r *results) (row string, ok bool) {
	ratios := r.paired(func(ours outcome, rivals []outcome) float64 {
		best := t.of(rivals[0])
		for _, o := range rivals[1:] {
			best = min(best, t.of(o))
		}
		return t.of(ours) / best
	}, t.rivals...)
	if len(ratios) == 0 {
		return "", false
	}
	ratio, quality := median(ratios), r.better(t.rivals[0])
	for _, rival := range t.rivals[1:] {
		if q := r.better(rival); q.Mean < quality.Mean {
			quality = q
		}
	}
	var missed []string
	if ratio > t.atMost {
		missed = append(missed, t.what)
	}
	if quality.Mean < -worstQuality {
		missed = append(missed, "quality")
	}
	said := "met"
	if missed != nil {
		said = "**missed**: " + strings.Join(missed, " and ")
	}
	return fmt.Sprintf("| %s | %s / %s | %.2f | %.2f | %s | %s |",
		r.work.name, t.what, strings.Join(t.rivals, " or "), t.atMost, ratio, quality.Percent(), said), true
}
