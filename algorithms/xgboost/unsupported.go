package xgboost

import (
	"fmt"
	"strings"

	"github.com/batchmill/batchmill/algorithms"
)

// checker collects faults that a hyperparameter's declaration alone cannot show.
type checker struct {
	v      algorithms.Values
	faults []*algorithms.HyperParameterError
}

func (c *checker) fault(name, format string, args ...any) {
	c.faults = append(c.faults, &algorithms.HyperParameterError{Name: name, Reason: "Hyperparameter " + name + ": " + fmt.Sprintf(format, args...)})
}

// unsupported refuses by name what would change the model and cannot be done yet. Hyperparameters that only matter
// together with such a value (DART's, for example) need no mention.
func (c *checker) unsupported() {
	for _, only := range []struct{ name, works string }{
		{"use_dask_gpu_training", "false"}, {"dsplit", "row"},
	} {
		if got := c.v.Text(only.name); got != only.works {
			c.fault(only.name, "%s is not supported yet", got)
		}
	}
	for _, never := range []struct{ name, value string }{{"tree_method", "gpu_hist"}, {"predictor", "gpu_predictor"}} {
		if c.v.Text(never.name) == never.value {
			c.fault(never.name, "%s is not supported yet", never.value)
		}
	}
	if c.v.Given("_num_cv_round") && !c.v.Given("_kfold") {
		c.fault("_num_cv_round", "needs _kfold")
	}
	if c.v.Text("process_type") == "update" && c.v.Text("updater") != "refresh" {
		c.fault("updater", "process_type update needs refresh")
	}
	for _, step := range c.v.List("updater") {
		switch step {
		case "refresh":
			if c.v.Text("process_type") != "update" {
				c.fault("updater", "refresh needs process_type update")
			}
		case "shotgun", "coord_descent":
			if c.v.Text("booster") != "gblinear" {
				c.fault("updater", "%s is for booster gblinear", step)
			}
		case "grow_colmaker", "grow_histmaker", "grow_quantile_histmaker", "grow_fast_histmaker", "prune":
		default:
			c.fault("updater", "%s is not supported yet", strings.TrimSpace(step))
		}
	}
}
