package objective

import (
	"cmp"
	"math"
	"slices"
)

// Weighed is a value and how much it counts.
type Weighed struct {
	Value  float32
	Weight float32
}

// Quantile returns the quantile alpha of values, which it sorts; NaN where there are none. Without weights it interpolates
// between order statistics as XGBoost's common::Quantile (Hyndman and Fan's sixth definition); with weights it takes the
// first value whose share of the weight reaches alpha, as common::WeightedQuantile.
func Quantile(values []Weighed, alpha float64, weighted bool) float64 {
	n := len(values)
	if n == 0 {
		return math.NaN()
	}
	slices.SortFunc(values, func(a, b Weighed) int { return cmp.Or(cmp.Compare(a.Value, b.Value), cmp.Compare(a.Weight, b.Weight)) })
	if weighted {
		total := 0.0
		for _, v := range values {
			total += float64(v.Weight)
		}
		goal, sum := total*alpha, 0.0
		for _, v := range values {
			if sum += float64(v.Weight); sum >= goal {
				return float64(v.Value)
			}
		}
		return float64(values[n-1].Value)
	}
	switch {
	case alpha <= 1/float64(n+1):
		return float64(values[0].Value)
	case alpha >= float64(n)/float64(n+1):
		return float64(values[n-1].Value)
	}
	x := alpha * float64(n+1)
	k := int(x) - 1
	low, high := float64(values[k].Value), float64(values[k+1].Value)
	return low + (x-1-float64(k))*(high-low)
}
