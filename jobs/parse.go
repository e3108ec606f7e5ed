package jobs

import (
	"encoding/json"
	"fmt"
	"reflect"
)

// crossChecked is a document with constraints between members, beyond those of its struct tags.
type crossChecked interface {
	crossCheck(r *report)
}

// ParseTrainingJob reads a training job from JSON or YAML and validates it. The error is a *SyntaxError or a
// *ValidationError. Defaults are not filled in: see SetDefaults.
func ParseTrainingJob(data []byte) (*TrainingJob, error) { return parseDocument[TrainingJob](data) }

// ParseTransformJob reads a transform job as ParseTrainingJob does.
func ParseTransformJob(data []byte) (*TransformJob, error) { return parseDocument[TransformJob](data) }

// ParseModel reads a model as ParseTrainingJob does.
func ParseModel(data []byte) (*Model, error) { return parseDocument[Model](data) }

// ParseSplitJob reads a split job as ParseTrainingJob does.
func ParseSplitJob(data []byte) (*SplitJob, error) { return parseDocument[SplitJob](data) }

// ParseHyperParameterTuningJob reads a tuning job as ParseTrainingJob does.
func ParseHyperParameterTuningJob(data []byte) (*HyperParameterTuningJob, error) {
	return parseDocument[HyperParameterTuningJob](data)
}

// Validate checks every constraint of the contract and returns all violations in one *ValidationError.
func (j *TrainingJob) Validate() error { return validate(j) }

// Validate checks every constraint of the contract and returns all violations in one *ValidationError.
func (j *TransformJob) Validate() error { return validate(j) }

// Validate checks every constraint of the contract and returns all violations in one *ValidationError.
func (m *Model) Validate() error { return validate(m) }

// Validate checks every constraint of a split job and returns all violations in one *ValidationError.
func (j *SplitJob) Validate() error { return validate(j) }

// Validate checks every constraint of the contract and returns all violations in one *ValidationError.
func (j *HyperParameterTuningJob) Validate() error { return validate(j) }

func parseDocument[T any](data []byte) (*T, error) {
	n, err := read(data)
	if err != nil {
		return nil, err
	}
	doc := new(T)
	if err := check(n, doc); err != nil {
		return nil, err
	}
	return doc, nil
}

// check holds n against doc's type and its cross checks. doc is filled from n, as far as its types allow.
func check(n *node, doc any) error {
	t := reflect.TypeOf(doc).Elem()
	c := &checker{}
	c.object("", n, t)
	if c.mistyped { // nothing to hold the cross checks against
		return c.err()
	}
	if err := json.Unmarshal(n.appendJSON(nil, t), doc); err != nil {
		return fmt.Errorf("jobs: document passed its checks but cannot be decoded: %w", err)
	}
	doc.(crossChecked).crossCheck(&c.report)
	return c.err()
}

// validate checks a document made by hand, through the same eyes as a parsed one.
func validate[T any](doc *T) error {
	text, err := json.Marshal(doc)
	if err != nil { // NaN or an infinity
		return &ValidationError{[]Violation{{"", "NaN", "Member must be representable as JSON: " + err.Error()}}}
	}
	n, err := readJSON(text)
	if err != nil {
		return err
	}
	return check(n, new(T))
}
