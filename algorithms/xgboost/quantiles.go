package xgboost

import (
	"strconv"
	"strings"

	"github.com/batchmill/batchmill/algorithms"
)

// maxQuantiles bounds the outputs of reg:quantileerror.
const maxQuantiles = 1000

// readQuantiles reads quantile_alpha: one number, or several in brackets or without.
func (s *settings) readQuantiles(c *checker) (ok bool) {
	const name = "quantile_alpha"
	if !s.values.Given(name) {
		c.faults = append(c.faults, &algorithms.HyperParameterError{Name: name, Reason: "Missing required hyperparameter: " + name})
		return false
	}
	before := len(c.faults)
	for _, item := range strings.Split(strings.Trim(s.values.Text(name), "[]() "), ",") {
		item = strings.TrimSpace(item)
		q, err := strconv.ParseFloat(item, 64)
		switch {
		case err != nil:
			c.fault(name, "could not parse value")
		case !(q > 0 && q < 1):
			c.fault(name, "%s is not in (0, 1)", item)
		}
		s.quantiles = append(s.quantiles, q)
	}
	if len(s.quantiles) > maxQuantiles {
		c.fault(name, "more than %d quantiles", maxQuantiles)
	}
	return len(c.faults) == before
}

// targets is the number of outputs that are no classes, as model files have it: 0 for one.
func (s *settings) targets() int {
	if len(s.quantiles) > 1 {
		return len(s.quantiles)
	}
	return 0
}

// quantileArgument is quantile_alpha as XGBoost stores it.
func (s *settings) quantileArgument() string {
	var items []string
	for _, q := range s.quantiles {
		items = append(items, strconv.FormatFloat(q, 'g', -1, 32))
	}
	return "[" + strings.Join(items, ",") + "]"
}
