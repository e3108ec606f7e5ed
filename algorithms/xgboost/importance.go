package xgboost

import (
	"encoding/json"
	"fmt"

	"github.com/batchmill/batchmill/algorithms"
)

// importanceFile is the member of an artifact that holds Importance: an object per kind, in it a number per feature, as
// XGBoost's Booster.get_score gives them.
const importanceFile = ownFolder + "/feature_importance.json"

// FeatureImportance tells how much a model uses a feature, in XGBoost's terms.
type FeatureImportance struct {
	Feature    string
	Weight     float64 // number of splits
	TotalGain  float64 // by how much they lowered the loss
	TotalCover float64 // sum of the training rows' hessians at them; of LightGBM's models, their number
	// Coefficients are a linear model's, one per output; the other members are 0 then.
	Coefficients []float32
}

// Gain is the mean over the splits.
func (f FeatureImportance) Gain() float64 { return f.TotalGain / f.Weight }

// Cover is the mean over the splits.
func (f FeatureImportance) Cover() float64 { return f.TotalCover / f.Weight }

// Importance returns the features that the trees in use split, or all features of a linear model, in the model's order. A
// predictor of another algorithm is an error.
func Importance(p algorithms.Predictor) ([]FeatureImportance, error) {
	switch m := p.(type) {
	case *predictor:
		if l, ok := m.engine.(linear); ok {
			return l.importance(m.layout), nil
		}
		return usedImportance(m.addImportance(blankImportance(m.layout))), nil
	case *ensemble:
		return m.importance(), nil
	case *lightPredictor:
		all := blankImportance(m.layout)
		for i := range m.model.Trees {
			for _, n := range m.model.Trees[i].Nodes {
				all[n.Feature].add(n.Gain, n.Count)
			}
		}
		return usedImportance(all), nil
	}
	return nil, fmt.Errorf("xgboost: a %T has no importance of features", p)
}

func (f *FeatureImportance) add(gain, cover float64) {
	f.Weight++
	f.TotalGain += gain
	f.TotalCover += cover
}

func blankImportance(l *layout) []FeatureImportance {
	all := make([]FeatureImportance, len(l.Features))
	for i := range all {
		all[i].Feature = l.Features[i].Name
	}
	return all
}

func usedImportance(all []FeatureImportance) []FeatureImportance {
	var used []FeatureImportance
	for _, f := range all {
		if f.Weight > 0 {
			used = append(used, f)
		}
	}
	return used
}

func (p *predictor) addImportance(all []FeatureImportance) []FeatureImportance {
	for i := range p.trees {
		for j := range p.trees[i].Nodes {
			if n := &p.trees[i].Nodes[j]; !n.IsLeaf() {
				all[n.Feature].add(float64(n.Gain), float64(n.Hessian))
			}
		}
	}
	return all
}

// importance counts the splits of all models, or takes the mean of linear models.
func (e *ensemble) importance() []FeatureImportance {
	all := blankImportance(e.members[0].layout)
	for _, p := range e.members {
		l, ok := p.engine.(linear)
		if !ok {
			p.addImportance(all)
			continue
		}
		for i, f := range l.importance(p.layout) {
			if all[i].Coefficients == nil {
				all[i].Coefficients = make([]float32, l.groups)
			}
			for g, c := range f.Coefficients {
				all[i].Coefficients[g] += c / float32(len(e.members))
			}
		}
	}
	if all[0].Coefficients != nil {
		return all
	}
	return usedImportance(all)
}

func (l linear) importance(names *layout) []FeatureImportance {
	all := blankImportance(names)
	for i := range all {
		all[i].Coefficients = l.weights[i*l.groups : (i+1)*l.groups]
	}
	return all
}

// encodeImportance makes the artifact's member.
func encodeImportance(p algorithms.Predictor) ([]byte, error) {
	features, err := Importance(p)
	if err != nil {
		return nil, err
	}
	kinds := map[string]map[string]any{}
	note := func(kind, feature string, value any) {
		if kinds[kind] == nil {
			kinds[kind] = map[string]any{}
		}
		kinds[kind][feature] = value
	}
	for _, f := range features {
		if f.Coefficients != nil {
			note("weight", f.Feature, f.Coefficients)
			continue
		}
		note("weight", f.Feature, f.Weight)
		note("gain", f.Feature, f.Gain())
		note("cover", f.Feature, f.Cover())
		note("total_gain", f.Feature, f.TotalGain)
		note("total_cover", f.Feature, f.TotalCover)
	}
	data, err := json.MarshalIndent(kinds, "", " ")
	return append(data, '\n'), err
}
