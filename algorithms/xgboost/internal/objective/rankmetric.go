package objective

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// rankMetric returns a metric of queries: ndcg, map or pre, with @n cut off after n rows; a trailing - counts queries
// without a relevant row as 0 instead of 1. Formulas: XGBoost's src/metric/rank_metric.cc.
func rankMetric(name string, task Task) (*Metric, error) {
	text, minus := strings.CutSuffix(name, "-")
	base, argument, hasCut := strings.Cut(text, "@")
	if base != "ndcg" && base != "map" && base != "pre" {
		return nil, unknown(name)
	}
	cut := math.MaxInt
	if hasCut {
		n, err := strconv.Atoi(argument)
		if err != nil || n < 1 {
			return nil, fmt.Errorf("%s: the cut is not a number of rows from 1 up", name)
		}
		cut = n
	}
	if task != Ranking {
		return nil, fmt.Errorf("%s needs a rank: objective", name)
	}
	empty := 1.0
	if minus {
		empty = 0
	}
	of := map[string]func(labels []float32, order []int, cut int, empty float64) float64{"ndcg": ndcg, "map": averagePrecision, "pre": precisionAt}[base]
	check := zeroOrOne
	if base == "ndcg" {
		check = newRanking("rank:ndcg", Options{}).CheckLabel
	}
	return &Metric{Name: name, Maximize: true, checkLabel: check, whole: byQuery(func(r *Rows, from, to int) (float64, bool) {
		return of(r.Labels[from:to], ranked(r.Predictions[0][from:to]), cut, empty), true
	})}, nil
}

// byQuery averages a measure over queries, by weight of their first row.
func byQuery(of func(r *Rows, from, to int) (value float64, valid bool)) func(r *Rows) float64 {
	return func(r *Rows) float64 {
		sum, weights := 0.0, 0.0
		for q := range len(r.Queries) - 1 {
			from, to := r.Queries[q], r.Queries[q+1]
			if v, valid := of(r, from, to); valid {
				w := r.Weight(from)
				sum += w * v
				weights += w
			}
		}
		return sum / weights
	}
}

func ndcg(labels []float32, order []int, cut int, empty float64) float64 {
	ideal := idealDCG(labels, cut)
	if ideal == 0 {
		return empty
	}
	sum := 0.0
	for rank, i := range order[:min(cut, len(order))] {
		sum += gain(labels[i]) * discount(rank)
	}
	return sum / ideal
}

func averagePrecision(labels []float32, order []int, cut int, empty float64) float64 {
	hits, sum := 0.0, 0.0
	for rank, i := range order {
		if labels[i] > 0 {
			hits++
			if rank < cut {
				sum += hits / float64(rank+1)
			}
		}
	}
	if hits == 0 {
		return empty
	}
	return sum / min(hits, float64(cut))
}

func precisionAt(labels []float32, order []int, cut int, _ float64) float64 {
	n := min(cut, len(order))
	hits := 0.0
	for _, i := range order[:n] {
		hits += float64(labels[i])
	}
	return hits / float64(n)
}

// queryAUC counts pairs in the right order, those of equal labels in the order of the rows, as XGBoost does. Queries of
// fewer than 3 rows say nothing.
func queryAUC(r *Rows, from, to int) (float64, bool) {
	if to-from < 3 {
		return 0, false
	}
	order := ranked(r.Labels[from:to])
	right, pairs := 0.0, 0.0
	for k, i := range order {
		for _, j := range order[k+1:] {
			switch a, b := r.Predictions[0][from+i], r.Predictions[0][from+j]; {
			case a > b:
				right++
			case a == b:
				right += 0.5
			}
			pairs++
		}
	}
	return right / pairs, true
}

func queryAUCPR(r *Rows, from, to int) (float64, bool) {
	v := aucpr(&Rows{Predictions: [][]float32{r.Predictions[0][from:to]}, Labels: r.Labels[from:to]})
	return v, v == v
}
