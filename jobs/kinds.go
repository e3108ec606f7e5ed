package jobs

import "strings"

// Kind is a kind of job document that runs as a workflow.
type Kind struct {
	Name       string // workflow type, e.g. "TransformJob"
	IDPrefix   string // workflow ID = IDPrefix + "/" + name; also the ARN's resource type
	NameMember string // the document's name member
}

// The kinds of jobs.
var (
	SplitKind     = Kind{"SplitJob", "split-job", "SplitJobName"}
	TrainingKind  = Kind{"TrainingJob", "training-job", "TrainingJobName"}
	TransformKind = Kind{"TransformJob", "transform-job", "TransformJobName"}
	TuningKind    = Kind{"HyperParameterTuningJob", "hyper-parameter-tuning-job", "HyperParameterTuningJobName"}
)

// Kinds lists them all.
func Kinds() []Kind { return []Kind{SplitKind, TrainingKind, TransformKind, TuningKind} }

// WorkflowID is the workflow ID of the job of that name.
func (k Kind) WorkflowID(name string) string { return k.IDPrefix + "/" + name }

// noun is the kind in a sentence: "training job".
func (k Kind) noun() string {
	return strings.ReplaceAll(strings.Replace(k.IDPrefix, "hyper-parameter", "hyperparameter", 1), "-", " ")
}
