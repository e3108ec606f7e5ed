package objective

import (
	"fmt"
	"math"
	"strconv"
)

// valueMetric returns a metric of one value per row with its argument from the name or the objective's options.
func valueMetric(name, base, argument string, o Options) (*Metric, error) {
	var m Metric
	const tiny = 1e-6
	switch base {
	case "mphe":
		slope := o.HuberSlope
		m = mean(func(p, y float64) float64 {
			return slope * slope * (math.Sqrt(1+(y-p)*(y-p)/(slope*slope)) - 1)
		}, same)
	case "quantile":
		m = pinball(o.Quantiles)
	case "poisson-nloglik":
		m = mean(func(p, y float64) float64 {
			p = max(p, minProbability)
			l, _ := math.Lgamma(y + 1)
			return l + p - math.Log(p)*y
		}, same)
		m.checkLabel = notNegative("Poisson")
	case "gamma-nloglik":
		m = mean(func(p, y float64) float64 {
			p = max(p, tiny)
			return y/p + math.Log(p)
		}, same)
		m.checkLabel = gammaDeviance.check
	case "gamma-deviance":
		m = mean(func(p, y float64) float64 {
			p, y = p+tiny, y+tiny
			return math.Log(p/y) + y/p - 1
		}, func(v float64) float64 { return 2 * v })
		m.checkLabel = gammaDeviance.check
	case "tweedie-nloglik":
		rho := o.TweediePower
		if argument != "" {
			var err error
			if rho, err = strconv.ParseFloat(argument, 64); err != nil || !(rho >= 1 && rho < 2) {
				return nil, fmt.Errorf("%s: the variance power is not in [1, 2)", name)
			}
		}
		if rho == 1 {
			return nil, fmt.Errorf("%s: the variance power 1 is poisson-nloglik", name)
		}
		m = mean(func(p, y float64) float64 {
			return math.Pow(p, 2-rho)/(2-rho) - y*math.Pow(p, 1-rho)/(1-rho)
		}, same)
		m.checkLabel = notNegative("Tweedie")
	default:
		return nil, unknown(name)
	}
	m.Name = name
	return &m, nil
}

// pinball is the mean over rows and outputs.
func pinball(alphas []float64) Metric {
	return Metric{width: 2,
		add: func(r *Rows, i int, s []float64) {
			y, w := float64(r.Labels[i]), r.Weight(i)
			for output, alpha := range alphas {
				p := float64(r.Predictions[output][i])
				if y >= p {
					s[0] += w * alpha * (y - p)
				} else {
					s[0] += w * (1 - alpha) * (p - y)
				}
				s[1] += w
			}
		},
		finish: func(s []float64) float64 { return s[0] / s[1] },
	}
}

// survivalMetric returns the metrics of survival objectives; those of survival:aft take margins.
func survivalMetric(name, objective string, o Options) (*Metric, error) {
	if name == "cox-nloglik" {
		if objective != "survival:cox" {
			return nil, fmt.Errorf("%s needs the objective survival:cox", name)
		}
		return &Metric{Name: name, whole: coxNegLogLik}, nil
	}
	if objective != "survival:aft" {
		return nil, fmt.Errorf("%s needs the objective survival:aft", name)
	}
	loss := newAFT(o)
	of := func(m, low, high float64) float64 { return loss.negLogLik(m, low, high) }
	if name == "interval-regression-accuracy" {
		of = func(m, low, high float64) float64 {
			if p := math.Exp(m); p >= low && p <= high {
				return 1
			}
			return 0
		}
	}
	return &Metric{Name: name, Maximize: name != "aft-nloglik", width: 2,
		add: func(r *Rows, i int, s []float64) {
			low, high := r.interval(i)
			w := r.Weight(i)
			s[0] += w * of(float64(r.Predictions[0][i]), low, high)
			s[1] += w
		},
		finish: func(s []float64) float64 { return s[0] / s[1] },
	}, nil
}
