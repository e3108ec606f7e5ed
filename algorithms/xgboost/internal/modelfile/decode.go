package modelfile

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// maxOutputs bounds classes, so that a hostile file cannot ask for huge rows.
const maxOutputs = 1 << 16

// decode turns a document into a model and checks it.
func decode(document any) (*Model, error) {
	root := newCursor(document)
	if root.has("Model") { // a serialised Booster: its configuration beside the model
		root = root.member("Model")
	}
	m := &Model{ObjectiveArgs: map[string]map[string]string{}, Attributes: map[string]string{}}
	if root.has("version") {
		for i, v := range root.member("version").numbers() {
			if i < 3 {
				m.Version[i] = int(v)
			}
		}
	}
	learner := root.member("learner")
	decodeLearner(learner, m)
	if *root.fault == nil {
		decodeBooster(learner.member("gradient_booster"), m)
	}
	if *root.fault != nil {
		return nil, *root.fault
	}
	return m, m.validate()
}

func decodeLearner(learner cursor, m *Model) {
	param := learner.member("learner_model_param")
	m.NumFeature = wholeNumber(param.member("num_feature"))
	m.NumClass = wholeNumber(param.member("num_class"))
	if m.NumClass > maxOutputs {
		param.member("num_class").fail("%d is too many", m.NumClass)
	}
	if param.has("num_target") {
		if m.Targets = wholeNumber(param.member("num_target")); m.Targets > maxOutputs {
			param.member("num_target").fail("%d is too many", m.Targets)
		}
	}
	m.BaseScore = baseScore(param.member("base_score"))
	objective := learner.member("objective")
	m.Objective = objective.member("name").text()
	for name, v := range objective.members() {
		if _, ok := v.(*object); ok {
			m.ObjectiveArgs[name] = texts(objective.member(name))
		}
	}
	if learner.has("attributes") {
		m.Attributes = texts(learner.member("attributes"))
	}
	if learner.has("feature_names") {
		m.FeatureNames = learner.member("feature_names").texts()
	}
	if learner.has("feature_types") {
		m.FeatureTypes = learner.member("feature_types").texts()
	}
}

// texts reads an object's strings and leaves out what is none.
func texts(c cursor) map[string]string {
	out := map[string]string{}
	for name, v := range c.members() {
		if s, ok := v.(string); ok {
			out[name] = s
		}
	}
	return out
}

// wholeNumber reads a count, which XGBoost writes as a string.
func wholeNumber(c cursor) int {
	v, ok := c.value.(float64)
	if s, isText := c.value.(string); isText {
		n, err := strconv.ParseFloat(s, 64)
		v, ok = n, err == nil
	}
	if !ok || v < 0 || v != math.Trunc(v) || v > math.MaxInt32 {
		c.fail("not a count")
		return 0
	}
	return int(v)
}

// baseScore reads "5E-1" (XGBoost 1 and 2) and "[5E-1]" or "[1E-1,2E-1]" (3).
func baseScore(c cursor) []float64 {
	if v, ok := c.value.(float64); ok {
		return []float64{v}
	}
	var out []float64
	for _, item := range strings.Split(strings.Trim(strings.TrimSpace(c.text()), "[]"), ",") {
		v, err := strconv.ParseFloat(strings.TrimSpace(item), 64)
		if err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
			c.fail("bad number %q", item)
			return nil
		}
		out = append(out, v)
	}
	return out
}

func decodeBooster(booster cursor, m *Model) {
	m.Booster = booster.member("name").text()
	switch m.Booster {
	case "gbtree":
		decodeTrees(booster.member("model"), m)
	case "dart":
		decodeTrees(booster.member("gbtree").member("model"), m)
		weights := booster.member("weight_drop").numbers()
		if len(weights) != len(m.Trees) {
			booster.member("weight_drop").fail("%d weights for %d trees", len(weights), len(m.Trees))
			return
		}
		for i, w := range weights {
			m.Trees[i].Scale = float32(w)
		}
	case "gblinear":
		model := booster.member("model")
		for _, w := range model.member("weights").numbers() {
			m.Linear = append(m.Linear, float32(w))
		}
		if model.has("boosted_rounds") {
			m.LinearRounds = wholeNumber(model.member("boosted_rounds"))
		}
	default:
		booster.member("name").fail("booster %q is not known", m.Booster)
	}
}

func decodeTrees(model cursor, m *Model) {
	param := model.member("gbtree_model_param")
	m.ParallelTrees = 1
	if param.has("num_parallel_tree") {
		m.ParallelTrees = max(1, wholeNumber(param.member("num_parallel_tree")))
	}
	if model.has("cats") {
		decodeVocabulary(model.member("cats"), m)
	}
	trees, info := model.member("trees"), model.member("tree_info").numbers()
	for i, t := range trees.elements() {
		c := trees.at(t, fmt.Sprintf("[%d]", i))
		tree := decodeTree(c)
		if i < len(info) {
			tree.Group = int(info[i])
		}
		m.Trees = append(m.Trees, tree)
		if *c.fault != nil {
			return
		}
	}
	if len(info) != len(m.Trees) {
		model.fail("tree_info has %d entries for %d trees", len(info), len(m.Trees))
	}
}

// validate checks what decode could not see on its way.
func (m *Model) validate() error {
	groups := m.Groups()
	if n := len(m.BaseScore); n != 1 && n != groups {
		return &Error{Where: "learner.learner_model_param.base_score", Reason: fmt.Sprintf("%d values for %d outputs", n, groups)}
	}
	if n := len(m.FeatureNames); n != 0 && n != m.NumFeature {
		return &Error{Where: "learner.feature_names", Reason: fmt.Sprintf("%d names for %d features", n, m.NumFeature)}
	}
	if n := len(m.FeatureTypes); n != 0 && n != m.NumFeature {
		return &Error{Where: "learner.feature_types", Reason: fmt.Sprintf("%d types for %d features", n, m.NumFeature)}
	}
	if n := len(m.Categories); n != 0 && n != m.NumFeature {
		return &Error{Where: "learner.gradient_booster.model.cats", Reason: fmt.Sprintf("categories of %d features, but there are %d", n, m.NumFeature)}
	}
	if m.Booster == "gblinear" {
		if len(m.Linear) != (m.NumFeature+1)*groups {
			return &Error{Where: "learner.gradient_booster.model.weights", Reason: fmt.Sprintf("%d weights for %d features and %d outputs", len(m.Linear), m.NumFeature, groups)}
		}
		return nil
	}
	if len(m.Trees) > 0 && m.NumFeature > maxFeatures {
		return &Error{Where: "learner.learner_model_param.num_feature", Reason: fmt.Sprintf("%d is too many", m.NumFeature)}
	}
	for i := range m.Trees {
		if err := m.Trees[i].Validate(m.NumFeature, groups); err != nil {
			return &Error{Where: fmt.Sprintf("learner.gradient_booster.model.trees[%d]", i), Reason: strings.TrimPrefix(err.Error(), "forest: ")}
		}
	}
	return nil
}

// maxFeatures bounds what a hostile file can make the scorer set aside per feature (a few bytes).
const maxFeatures = 1 << 24
