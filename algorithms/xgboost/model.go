package xgboost

import (
	"strconv"

	"github.com/batchmill/batchmill/algorithms/xgboost/internal/modelfile"
)

// model puts the trees into XGBoost's form.
func (t *training) model() *modelfile.Model {
	m := &modelfile.Model{
		Version: [3]int{2, 1, 4}, Objective: t.set.objective, ObjectiveArgs: map[string]map[string]string{},
		BaseScore: t.set.baseScore, NumClass: t.set.classes, Targets: t.set.targets(), NumFeature: len(t.train.layout.Features),
		FeatureNames: t.train.layout.names(), FeatureTypes: t.train.layout.types(), Categories: t.train.layout.vocabulary(),
		Attributes: map[string]string{}, Booster: t.set.values.Text("booster"), ParallelTrees: t.set.parallel,
	}
	if m.Objective == "reg:linear" {
		m.Objective = "reg:squarederror" // the old name of the same
	}
	if name, args := t.set.objectiveArgs(); name != "" {
		m.ObjectiveArgs[name] = args
	}
	if t.set.patience > 0 && t.best.Round >= 0 {
		m.Attributes["best_iteration"] = strconv.Itoa(t.roundsBefore() + t.best.Round)
		m.Attributes["best_score"] = strconv.FormatFloat(t.best.Value, 'g', -1, 64)
	}
	if t.linear != nil {
		m.Linear, m.LinearRounds = t.linear.weights, t.roundsBefore()+t.done
	}
	m.Trees = append(append(m.Trees, t.first...), t.refreshed...)
	for _, tree := range t.trees {
		m.Trees = append(m.Trees, tree.Tree)
	}
	return m
}

// objectiveArgs are the objective's parameters as XGBoost stores them.
func (s *settings) objectiveArgs() (name string, args map[string]string) {
	number := func(hyperparameter string) string {
		return strconv.FormatFloat(s.values.Float(hyperparameter), 'g', -1, 32)
	}
	switch s.objective {
	case "multi:softmax", "multi:softprob":
		return "softmax_multiclass_param", map[string]string{"num_class": strconv.Itoa(s.classes)}
	case "count:poisson":
		return "poisson_regression_param", map[string]string{"max_delta_step": strconv.FormatFloat(s.tree.MaxDeltaStep, 'g', -1, 32)}
	case "reg:tweedie":
		return "tweedie_regression_param", map[string]string{"tweedie_variance_power": number("tweedie_variance_power")}
	case "reg:pseudohubererror":
		return "pseudo_huber_param", map[string]string{"huber_slope": number("huber_slope")}
	case "reg:quantileerror":
		return "quantile_loss_param", map[string]string{"quantile_alpha": s.quantileArgument()}
	case "survival:aft":
		return "aft_loss_param", map[string]string{"aft_loss_distribution": s.values.Text("aft_loss_distribution"), "aft_loss_distribution_scale": number("aft_loss_distribution_scale")}
	case "rank:pairwise", "rank:ndcg", "rank:map":
		args := map[string]string{"lambdarank_pair_method": s.values.Text("lambdarank_pair_method"), "lambdarank_normalization": "1", "lambdarank_unbiased": "0", "ndcg_exp_gain": "1"}
		if s.values.Given("lambdarank_num_pair_per_sample") {
			args["lambdarank_num_pair_per_sample"] = s.values.Text("lambdarank_num_pair_per_sample")
		}
		return "lambdarank_param", args
	case "reg:absoluteerror", "binary:hinge", "survival:cox", "reg:squaredlogerror":
		return "", nil
	}
	return "reg_loss_param", map[string]string{"scale_pos_weight": number("scale_pos_weight")}
}
