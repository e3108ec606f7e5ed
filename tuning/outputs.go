package tuning

import (
	"math"
	"slices"
)

// outputs turns objectives, to be minimised, into values a Gaussian process can learn: about standard normal, by a power
// transform and standardising.
type outputs struct {
	lambda       float64
	center, unit float64 // of the raw values
	mean, scale  float64 // of the transformed ones
}

// newOutputs learns the transform from values, at least one.
func newOutputs(values []float64) outputs {
	o := outputs{lambda: 1, scale: 1}
	o.center, o.unit = spread(values)
	o.lambda = o.bestLambda(values)
	t := make([]float64, len(values))
	for i, v := range values {
		t[i] = o.power(v)
	}
	o.mean, o.scale = spread(t)
	return o
}

// spread is the mean and the standard deviation, or 1 where that is 0.
func spread(v []float64) (mean, deviation float64) {
	for _, x := range v {
		mean += x / float64(len(v))
	}
	sum := 0.0
	for _, x := range v {
		sum += (x - mean) * (x - mean) / float64(len(v))
	}
	if deviation = math.Sqrt(sum); !(deviation > 0) || math.IsInf(deviation, 0) {
		deviation = 1
	}
	return mean, deviation
}

// power is the transform of Yeo and Johnson (2000, A new family of power transformations, Biometrika 87).
func (o outputs) power(v float64) float64 {
	x, l := (v-o.center)/o.unit, o.lambda
	switch {
	case x >= 0 && l == 0:
		return math.Log1p(x)
	case x >= 0:
		return (math.Pow(1+x, l) - 1) / l
	case l == 2:
		return -math.Log1p(-x)
	}
	return -(math.Pow(1-x, 2-l) - 1) / (2 - l)
}

// bestLambda maximises the likelihood of a normal distribution over a grid, as in Cowen-Rivers et al. (2022, HEBO, JAIR
// 74).
func (o outputs) bestLambda(values []float64) float64 {
	best, bestValue := 1.0, math.Inf(-1)
	t := make([]float64, len(values))
	for l := -1.0; l <= 2.01; l += 0.125 {
		o.lambda = l
		jacobian := 0.0
		for i, v := range values {
			t[i] = o.power(v)
			x := (v - o.center) / o.unit
			jacobian += math.Copysign(math.Log1p(math.Abs(x)), x)
		}
		_, d := spread(t)
		if value := (l-1)*jacobian - float64(len(values))*math.Log(d); value > bestValue {
			best, bestValue = l, value
		}
	}
	return best
}

func (o outputs) apply(values []float64) []float64 {
	out := slices.Clone(values)
	for i, v := range values {
		out[i] = (o.power(v) - o.mean) / o.scale
	}
	return out
}
