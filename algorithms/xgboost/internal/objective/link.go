// Package objective holds what training minimises, what it reports, and how margins become predictions. It knows neither
// trees nor files.
package objective

import (
	"math"
	"slices"

	"github.com/batchmill/batchmill/algorithms/xgboost/internal/vector"
)

// Link maps between margins (sums of leaf values) and an objective's predictions.
type Link struct {
	// Margin turns a base score, given in the prediction's scale, into a margin.
	Margin func(base float64) float64
	// Predict turns the margins of rows, groups each, into predictions in place. The result has Width(groups) values a row,
	// packed at the front.
	Predict func(margins []float32, groups int) []float32
	// Class says that a prediction is the index of the likeliest class instead of one value per class.
	Class bool
}

// Width is the number of values per row that Predict yields.
func (l Link) Width(groups int) int {
	if l.Class {
		return 1
	}
	return groups
}

var (
	identityLink = Link{Margin: func(b float64) float64 { return b }, Predict: func(m []float32, _ int) []float32 { return m }}
	logitLink    = Link{Margin: logit, Predict: inPlace(vector.Sigmoid)}
	logLink      = Link{Margin: math.Log, Predict: inPlace(vector.Exp)}
	hingeLink    = Link{Margin: identityLink.Margin, Predict: inPlace(step)}
	softprobLink = Link{Margin: identityLink.Margin, Predict: softmaxRows}
	softmaxLink  = Link{Margin: identityLink.Margin, Predict: argmaxRows, Class: true}
)

var links = map[string]Link{
	"reg:squarederror": identityLink, "reg:linear": identityLink, "reg:squaredlogerror": identityLink,
	"reg:pseudohubererror": identityLink, "reg:absoluteerror": identityLink, "reg:quantileerror": identityLink,
	"reg:logistic": logitLink, "binary:logistic": logitLink, "binary:logitraw": identityLink, "binary:hinge": hingeLink,
	"reg:gamma": logLink, "reg:tweedie": logLink, "count:poisson": logLink, "survival:cox": logLink, "survival:aft": logLink,
	"multi:softmax": softmaxLink, "multi:softprob": softprobLink,
	"rank:pairwise": identityLink, "rank:ndcg": identityLink, "rank:map": identityLink,
}

// LinkOf returns the link of an XGBoost objective.
func LinkOf(name string) (Link, bool) {
	l, ok := links[name]
	return l, ok
}

// Known lists the objectives that have a link, in byte order.
func Known() []string {
	var names []string
	for n := range links {
		names = append(names, n)
	}
	slices.Sort(names)
	return names
}

func logit(p float64) float64 { return -math.Log(1/p - 1) }

// step writes 1 where the margin is above 0.
func step(dst, margins []float32) {
	for i, m := range margins {
		dst[i] = 0
		if m > 0 {
			dst[i] = 1
		}
	}
}

func inPlace(f func(dst, src []float32)) func([]float32, int) []float32 {
	return func(m []float32, _ int) []float32 {
		f(m, m)
		return m
	}
}

// softmaxRows is shifted by each row's largest value so that nothing overflows.
func softmaxRows(m []float32, groups int) []float32 {
	for row := range slices.Chunk(m, groups) {
		top := slices.Max(row)
		for i := range row {
			row[i] -= top
		}
	}
	vector.Exp(m, m)
	for row := range slices.Chunk(m, groups) {
		sum := float32(0)
		for _, e := range row {
			sum += e
		}
		for i := range row {
			row[i] /= sum
		}
	}
	return m
}

func argmaxRows(m []float32, groups int) []float32 {
	rows := len(m) / groups
	for r := range rows {
		best := 0
		for g, v := range m[r*groups : (r+1)*groups] {
			if v > m[r*groups+best] {
				best = g
			}
		}
		m[r] = float32(best) // r <= r*groups: never ahead of what is still to be read
	}
	return m[:rows]
}
