package tuning

import (
	"math"
	"slices"
)

// outputs turns objectives, to be minimised, into values a Gaussian process can learn: about standard normal, by a power
// transform and standardising.
type outputs struct {
	lambda       float64
	center, unit float64 // of the raw values, by quantiles: one that diverged must not make the rest alike
	mean, scale  float64 // of the transformed ones
}

// newOutputs learns the transform from values, at least one.
func newOutputs(values []float64) outputs {
	o := outputs{lambda: 1, scale: 1}
	o.center, o.unit = quartiles(values)
	o.lambda = o.bestLambda(values)
	t := make([]float64, len(values))
	for i, v := range values {
		t[i] = o.power(v)
	}
	o.mean, o.scale = spread(t)
	return o
}

// quartiles are the median and the distance between the quartiles in units of a normal distribution's deviation, or the
// spread where half the values are one.
func quartiles(v []float64) (middle, unit float64) {
	sorted := slices.Sorted(slices.Values(v))
	n := len(sorted)
	const normal = 1.349
	middle, unit = sorted[n/2], (sorted[n*3/4]-sorted[n/4])/normal
	if !(unit > 0) || math.IsInf(unit, 0) {
		_, unit = spread(v)
	}
	return middle, unit
}

// relative is how many units a value lies from the centre, within what powers of it can hold.
func (o outputs) relative(v float64) float64 {
	return min(max(v/o.unit-o.center/o.unit, -farthest), farthest)
}

const farthest = 1e100

// spread is the mean and the standard deviation, or 1 where that is 0; squares neither overflow nor vanish.
func spread(v []float64) (mean, deviation float64) {
	for _, x := range v {
		mean += x / float64(len(v))
	}
	widest := 0.0
	for _, x := range v {
		widest = max(widest, math.Abs(x-mean))
	}
	if !(widest > 0) {
		return mean, 1
	}
	sum := 0.0
	for _, x := range v {
		z := (x - mean) / widest
		sum += z * z / float64(len(v))
	}
	return mean, widest * math.Sqrt(sum)
}

// power is the transform of Yeo and Johnson (2000, A new family of power transformations, Biometrika 87).
func (o outputs) power(v float64) float64 {
	x, l := o.relative(v), o.lambda
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
			x := o.relative(v)
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
