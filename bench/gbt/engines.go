package main

import (
	"maps"
	"os"
	"strconv"
)

// engine trains in a process of its own, so that its memory can be told.
type engine struct {
	name    string
	library string // of a Python engine
	params  func(w work, seed int) map[string]any
}

// batchmill is the name of our own engine.
const batchmill = "batchmill"

// engines lists every engine, in the order they take turns.
func engines() []engine {
	return []engine{
		{name: batchmill, params: work.ourParams},
		{"xgboost", "xgboost", work.xgboostParams},
		{"lightgbm", "lightgbm", work.lightgbmParams},
		{"lightgbm-q", "lightgbm", func(w work, seed int) map[string]any {
			p := w.lightgbmParams(seed)
			p["use_quantized_grad"] = true
			return p
		}},
	}
}

// command starts the engine's process.
func (e engine) command(o options, specPath string) (name string, args []string, err error) {
	if e.library != "" {
		return o.python, []string{o.script, specPath}, nil
	}
	self, err := os.Executable()
	return self, []string{"-" + childFlag, specPath}, err
}

// eta is the learning rate of every engine.
const eta = 0.1

// ourParams are the job's hyperparameters.
func (w work) ourParams(seed int) map[string]any {
	p := map[string]any{"num_round": strconv.Itoa(w.rounds)}
	maps.Copy(p, w.xgboostParams(seed))
	if w.smooth {
		p["cat_smooth"] = 10
	}
	return p
}

// xgboostParams start from 0.5, SageMaker's default, which ours keeps: XGBoost would start from the mean of the labels.
func (w work) xgboostParams(seed int) map[string]any {
	p := map[string]any{"eta": eta, "max_bin": 256, "tree_method": "hist", "max_depth": w.depth, "seed": seed, "base_score": 0.5}
	if w.leaves > 0 {
		p["grow_policy"], p["max_leaves"] = "lossguide", w.leaves
	}
	switch w.set.Classes {
	case 0:
		p["objective"] = "reg:squarederror"
	case 1:
		p["objective"] = "binary:logistic"
	default:
		p["objective"], p["num_class"] = "multi:softprob", w.set.Classes
	}
	return p
}

// lightgbmParams are XGBoost's by LightGBM's names: its own defaults for the size of leaves would grow other trees, and its own
// start, the mean of the labels, would be ahead by some rounds.
func (w work) lightgbmParams(seed int) map[string]any {
	p := map[string]any{"learning_rate": eta, "max_bin": 255, "seed": seed, "max_depth": w.depth, "num_leaves": 1 << w.depth,
		"boost_from_average": false, "min_data_in_leaf": 1, "min_sum_hessian_in_leaf": 1, "lambda_l2": 1}
	if w.leaves > 0 {
		p["num_leaves"], p["max_depth"] = w.leaves, -1
	}
	switch w.set.Classes {
	case 0:
		p["objective"] = "regression"
	case 1:
		p["objective"] = "binary"
	default:
		p["objective"], p["num_class"] = "multiclass", w.set.Classes
		share := softmaxShare(w.set.Classes)
		p["learning_rate"], p["lambda_l2"], p["min_sum_hessian_in_leaf"] = eta*share, share, share
	}
	return p
}

// softmaxShare is what LightGBM's second derivatives of softmax are of XGBoost's: K/(K-1) p(1-p) (src/objective/
// multiclass_objective.hpp) to 2 p(1-p) (src/objective/multiclass_obj.cu). With the same learning rate its steps would be twice
// as long; with learning rate, lambda and least weight times the share they are the same.
func softmaxShare(classes int) float64 {
	return float64(classes) / float64(classes-1) / 2
}
