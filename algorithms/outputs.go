package algorithms

import (
	"fmt"
	"slices"
	"strings"

	"github.com/batchmill/batchmill/dataset"
)

// Names of outputs a model may give for a row. The second group has SageMaker's names, as its XGBoost container selects them.
const (
	OutputPrediction    = "prediction"    // what Predictor gives: the default
	OutputMargin        = "margin"        // the prediction before the objective's transformation
	OutputLeaf          = "leaf"          // the leaf of each tree
	OutputContributions = "contributions" // SHAP values: each feature's share of the margin, and the expected value
	OutputInteractions  = "interactions"  // SHAP interaction values

	OutputPredictedLabel = "predicted_label"
	OutputLabels         = "labels"
	OutputProbability    = "probability"
	OutputProbabilities  = "probabilities"
	OutputRawScore       = "raw_score"
	OutputRawScores      = "raw_scores"
	OutputPredictedScore = "predicted_score"
)

// OutputSelector is a Predictor that can give more than its prediction.
type OutputSelector interface {
	Predictor
	// Outputs returns a predictor that gives the named outputs in that order. A name that is not known, comes twice or that
	// the model cannot give is an *OutputError.
	Outputs(names []string) (MultiPredictor, error)
}

// MultiPredictor is a Predictor of several columns.
type MultiPredictor interface {
	Features() []Feature
	// Fields describes the columns that come out, at least one; no two have the same name.
	Fields() []dataset.Field
	// Bind is Predictor's.
	Bind(schema *dataset.Schema, named bool) (MultiScorer, error)
}

// MultiScorer scores batches of the schema it was bound to. Safe for concurrent use.
type MultiScorer interface {
	// Score returns the columns Fields describes. It does not keep or release the batch; the caller releases the columns.
	Score(batch dataset.Batch) ([]dataset.Column, error)
}

// ResponseNamer is a MultiPredictor whose outputs have other names in JSON than in tables: those of the algorithm's response (contract
// section 10).
type ResponseNamer interface {
	// ResponseName is the name of an output column in JSON.
	ResponseName(column string) string
}

// ResponseFields are a predictor's columns under their names in JSON.
func ResponseFields(p MultiPredictor) []dataset.Field {
	fields := slices.Clone(p.Fields())
	n, ok := p.(ResponseNamer)
	if !ok {
		return fields
	}
	for i := range fields {
		fields[i].Name = n.ResponseName(fields[i].Name)
	}
	return fields
}

// ResponseLister is a MultiPredictor whose JSON responses hold their records in another member than dataset.ResponseList.
type ResponseLister interface {
	ResponseList() string
}

// ResponseList is the member of a JSON response that holds a predictor's records.
func ResponseList(p MultiPredictor) string {
	if l, ok := p.(ResponseLister); ok {
		return l.ResponseList()
	}
	return dataset.ResponseList
}

// OutputError is an output that a model cannot give.
type OutputError struct {
	Output string
	Reason string
}

func (e *OutputError) Error() string { return fmt.Sprintf("output %s: %s", e.Output, e.Reason) }

// SelectOutputs returns a predictor of the named outputs; without names, of the prediction.
func SelectOutputs(p Predictor, names []string) (MultiPredictor, error) {
	if len(names) == 0 || len(names) == 1 && names[0] == OutputPrediction {
		return onlyPrediction{p}, nil
	}
	s, ok := p.(OutputSelector)
	if !ok {
		return nil, &OutputError{Output: strings.Join(names, ","), Reason: "models of this algorithm give " + OutputPrediction + " only"}
	}
	return s.Outputs(names)
}

// onlyPrediction makes a Predictor's one column a list of columns.
type onlyPrediction struct{ Predictor }

func (p onlyPrediction) Fields() []dataset.Field { return []dataset.Field{p.Output()} }

// ResponseName passes on what the predictor says.
func (p onlyPrediction) ResponseName(column string) string {
	if n, ok := p.Predictor.(ResponseNamer); ok {
		return n.ResponseName(column)
	}
	return column
}

// ResponseList passes on what the predictor says.
func (p onlyPrediction) ResponseList() string {
	if l, ok := p.Predictor.(ResponseLister); ok {
		return l.ResponseList()
	}
	return dataset.ResponseList
}

func (p onlyPrediction) Bind(schema *dataset.Schema, named bool) (MultiScorer, error) {
	s, err := p.Predictor.Bind(schema, named)
	if err != nil {
		return nil, err
	}
	return onlyScore{s}, nil
}

type onlyScore struct{ Scorer }

func (s onlyScore) Score(batch dataset.Batch) ([]dataset.Column, error) {
	column, err := s.Scorer.Score(batch)
	if err != nil {
		return nil, err
	}
	return []dataset.Column{column}, nil
}
