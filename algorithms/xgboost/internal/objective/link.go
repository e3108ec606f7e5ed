// Package objective holds what training minimises, what it reports, and how margins become predictions. It knows neither
// trees nor files.
package objective

import (
	"math"
	"slices"
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
	logitLink    = Link{Margin: logit, Predict: eachValue(sigmoid)}
	logLink      = Link{Margin: math.Log, Predict: eachValue(exp)}
	hingeLink    = Link{Margin: identityLink.Margin, Predict: eachValue(step)}
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

func sigmoid(x float32) float32 { return float32(1 / (1 + math.Exp(-float64(x)))) }

func exp(x float32) float32 { return float32(math.Exp(float64(x))) }

func step(x float32) float32 {
	if x > 0 {
		return 1
	}
	return 0
}

func eachValue(f func(float32) float32) func([]float32, int) []float32 {
	return func(m []float32, _ int) []float32 {
		for i, v := range m {
			m[i] = f(v)
		}
		return m
	}
}

func softmaxRows(m []float32, groups int) []float32 {
	for from := 0; from+groups <= len(m); from += groups {
		softmax(m[from : from+groups])
	}
	return m
}

// softmax works in place, shifted by the largest value so that nothing overflows.
func softmax(v []float32) {
	top := slices.Max(v)
	sum := 0.0
	for i, x := range v {
		e := math.Exp(float64(x - top))
		v[i] = float32(e)
		sum += e
	}
	for i := range v {
		v[i] = float32(float64(v[i]) / sum)
	}
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
