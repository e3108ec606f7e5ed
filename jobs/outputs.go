package jobs

import (
	"fmt"
	"slices"
	"strings"
)

// Names that select what a transform job writes for a row.
const (
	outputSetting = "BATCHMILL_OUTPUT"
	// inferenceOutput is what SageMaker's XGBoost container reads, in a job's or a model's Environment.
	inferenceOutput = "SAGEMAKER_INFERENCE_OUTPUT"
)

var (
	sagemakerOutputs = []string{"predicted_label", "labels", "probability", "probabilities", "raw_score", "raw_scores", "predicted_score"}
	outputNames      = append([]string{"prediction", "margin", "leaf", "contributions", "interactions"}, sagemakerOutputs...)
)

// ModelOutputs reads what a model's own Environment selects, for transform jobs that select nothing; nil where it does not.
// The error is a *ValidationError.
func ModelOutputs(env map[string]string) ([]string, error) {
	r := &report{}
	s := Settings{}
	for _, row := range settings {
		if value, ok := env[row.name]; ok && (row.name == outputSetting || row.name == inferenceOutput) {
			r.set(row, &s, value)
		}
	}
	r.oneSelection(env)
	return s.Outputs, r.err()
}

// oneSelection refuses an Environment that selects outputs by both names.
func (r *report) oneSelection(env map[string]string) {
	value, both := env[inferenceOutput]
	if _, ok := env[outputSetting]; ok && both {
		r.add("environment."+inferenceOutput, value, "Member must be absent where %s selects outputs", outputSetting)
	}
}

// parseOutputs reads a comma list of some of the names.
func parseOutputs(to *[]string, value string, known []string) error {
	var names []string
	for _, name := range strings.Split(value, ",") {
		name = strings.ToLower(strings.TrimSpace(name))
		if !slices.Contains(known, name) || slices.Contains(names, name) {
			return fmt.Errorf("jobs: output %q is not known or comes twice", name)
		}
		names = append(names, name)
	}
	*to = names
	return nil
}
