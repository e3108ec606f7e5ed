package tables

import (
	"fmt"
	"math"
)

// Estimate is the mean of some values with its standard error, NaN where there is but one.
type Estimate struct{ Mean, Error float64 }

// EstimateOf estimates the mean of what values are drawn from.
func EstimateOf(values []float64) Estimate {
	n := float64(len(values))
	var sum, squares float64
	for _, v := range values {
		sum += v
	}
	for _, v := range values {
		squares += (v - sum/n) * (v - sum/n)
	}
	return Estimate{sum / n, math.Sqrt(squares / (n - 1) / n)}
}

// Percent formats a difference in percent.
func (e Estimate) Percent() string {
	if math.IsNaN(e.Error) {
		return fmt.Sprintf("%+.2f %%", e.Mean)
	}
	return fmt.Sprintf("%+.2f ± %.2f %%", e.Mean, e.Error)
}
