package tuning

import "math"

var (
	logSqrt2Pi = math.Log(2*math.Pi) / 2
	sqrtHalfPi = math.Sqrt(math.Pi / 2)
)

const (
	ratioBelow  = -1.0  // below it φ and zΦ nearly cancel
	seriesBelow = -25.0 // below it the ratio form cancels as well, and a series is exact
)

// logImprovement is log h(z) for h(z) = φ(z) + zΦ(z), the expected improvement at z deviations in units of the deviation,
// and its slope h'/h = Φ/h. It holds where h itself underflows: Ament et al. (2023), Unexpected Improvements to Expected
// Improvement for Bayesian Optimization, NeurIPS.
func logImprovement(z float64) (value, slope float64) {
	logDensity := -z*z/2 - logSqrt2Pi
	switch {
	case z > ratioBelow:
		below := math.Erfc(-z/math.Sqrt2) / 2
		h := math.Exp(logDensity) + z*below
		return math.Log(h), below / h
	case z > seriesBelow:
		mills := sqrtHalfPi * math.Exp(z*z/2) * math.Erfc(-z/math.Sqrt2) // Φ/φ
		rest := 1 + z*mills
		return logDensity + math.Log(rest), mills / rest
	}
	w := 1 / (z * z)
	rest := w * (1 - w*(3-w*(15-w*(105-w*945))))
	mills := -(1 - w*(1-w*(3-w*(15-w*105)))) / z
	return logDensity + math.Log(rest), mills / rest
}
