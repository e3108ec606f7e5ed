package tuning

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/floats"
)

// outputs turns objectives, to be minimised, into values a Gaussian process can learn: about standard normal, by a power
// transform and standardising.
type outputs struct {
	lambda       float64
	center, unit float64 // of the raw values, by quantiles: one that diverged must not make the rest alike
	mean, scale  float64 // of the transformed ones
}

// newOutputs learns the transform from values, at least one, each of which counts by its weight.
func newOutputs(values, weights []float64) outputs {
	o := outputs{lambda: 1, scale: 1}
	o.center, o.unit = quartiles(values, weights)
	o.lambda = o.bestLambda(values, weights)
	t := make([]float64, len(values))
	for i, v := range values {
		t[i] = o.power(v)
	}
	o.mean, o.scale = spread(t, weights)
	return o
}

// quartiles are the median and the distance between the quartiles in units of a normal distribution's deviation, or the
// spread where half the values are one.
func quartiles(v, weights []float64) (middle, unit float64) {
	order, total := ranked(v), floats.Sum(weights)
	at := func(share float64) float64 {
		below := 0.0
		for _, i := range order {
			if below += weights[i]; below > share*total {
				return v[i]
			}
		}
		return v[order[len(order)-1]]
	}
	const normal = 1.349
	middle, unit = at(0.5), (at(0.75)-at(0.25))/normal
	if !(unit > 0) || math.IsInf(unit, 0) {
		_, unit = spread(v, weights)
	}
	return middle, unit
}

// relative is how many units a value lies from the centre, within what powers of it can hold.
func (o outputs) relative(v float64) float64 {
	return min(max(v/o.unit-o.center/o.unit, -farthest), farthest)
}

const farthest = 1e100

// spread is the mean and the standard deviation, or 1 where that is 0; squares neither overflow nor vanish.
func spread(v, weights []float64) (mean, deviation float64) {
	total := floats.Sum(weights)
	for i, x := range v {
		mean += weights[i] / total * x
	}
	widest := 0.0
	for _, x := range v {
		widest = max(widest, math.Abs(x-mean))
	}
	if !(widest > 0) {
		return mean, 1
	}
	sum := 0.0
	for i, x := range v {
		z := (x - mean) / widest
		sum += weights[i] / total * z * z
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
func (o outputs) bestLambda(values, weights []float64) float64 {
	best, bestValue := 1.0, math.Inf(-1)
	t := make([]float64, len(values))
	for l := -1.0; l <= 2.01; l += 0.125 {
		o.lambda = l
		jacobian := 0.0
		for i, v := range values {
			t[i] = o.power(v)
			x := o.relative(v)
			jacobian += weights[i] * math.Copysign(math.Log1p(math.Abs(x)), x)
		}
		_, d := spread(t, weights)
		if value := (l-1)*jacobian - floats.Sum(weights)*math.Log(d); value > bestValue {
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
