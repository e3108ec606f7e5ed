package jobs

import "strings"

// Kind is a kind of job document that runs as a workflow.
type Kind struct {
	Name       string // workflow type, e.g. "TransformJob"
	IDPrefix   string // workflow ID = IDPrefix + "/" + key of the name; also the ARN's resource type
	NameMember string // the document's name member
	anyCase    bool   // names that differ in case alone are one name
}

// The kinds of jobs.
var (
	SplitKind     = Kind{"SplitJob", "split-job", "SplitJobName", false}
	TrainingKind  = Kind{"TrainingJob", "training-job", "TrainingJobName", false}
	TransformKind = Kind{"TransformJob", "transform-job", "TransformJobName", false}
	TuningKind    = Kind{"HyperParameterTuningJob", "hyper-parameter-tuning-job", "HyperParameterTuningJobName", true}
)

// Kinds lists them all.
func Kinds() []Kind { return []Kind{SplitKind, TrainingKind, TransformKind, TuningKind} }

// WorkflowID is the workflow ID of the job of that name.
func (k Kind) WorkflowID(name string) string { return k.IDPrefix + "/" + k.Key(name) }

// Key is what all spellings of a name have in common: what the job is found by. Names of tuning jobs are the same in any case
// (contract 4.1).
func (k Kind) Key(name string) string {
	if k.anyCase {
		return strings.ToLower(name)
	}
	return name
}

// noun is the kind in a sentence: "training job".
func (k Kind) noun() string {
	return strings.ReplaceAll(strings.Replace(k.IDPrefix, "hyper-parameter", "hyperparameter", 1), "-", " ")
}
