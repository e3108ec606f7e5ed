package jobs

import (
	"encoding/json"
	"math"
	"time"
)

// SecondaryStatusTransition is one entry of a training job's course. A running job's last entry has no EndTime.
type SecondaryStatusTransition struct {
	Status        SecondaryStatus
	StartTime     Time
	EndTime       Time   `json:",omitzero"`
	StatusMessage string `json:",omitempty"`
}

// ModelArtifacts says where a training job left its artifact.
type ModelArtifacts struct {
	S3ModelArtifacts string
}

// WarmPoolStatus is the state of instances kept after a job. Batchmill keeps none.
type WarmPoolStatus struct {
	Status                                string
	ResourceRetainedBillableTimeInSeconds int    `json:",omitempty"`
	ReusedByJob                           string `json:",omitempty"`
}

// DebugRuleEvaluationStatus is the outcome of a debugger or profiler rule.
type DebugRuleEvaluationStatus struct {
	RuleConfigurationName string `json:",omitempty"`
	RuleEvaluationJobArn  string `json:",omitempty"`
	RuleEvaluationStatus  string `json:",omitempty"`
	StatusDetails         string `json:",omitempty"`
	LastModifiedTime      Time   `json:",omitzero"`
}

// MlflowDetails names an MLflow run.
type MlflowDetails struct {
	MlflowExperimentId string `json:",omitempty"`
	MlflowRunId        string `json:",omitempty"`
}

// TrainingProgressInfo counts a training job's steps and epochs.
type TrainingProgressInfo struct {
	TotalStepCountPerEpoch int64 `json:",omitempty"`
	CurrentStep            int64 `json:",omitempty"`
	CurrentEpoch           int64 `json:",omitempty"`
	MaxEpoch               int64 `json:",omitempty"`
}

// MetricData is one value of a metric.
type MetricData struct {
	MetricName string
	Value      float64
	Timestamp  Time
}

// MetricDataList are metrics. JSON has no NaN and no infinity, so such values are left out of it (contract 1.2).
type MetricDataList []MetricData

// maxMetrics bounds FinalMetricDataList.
const maxMetrics = 40

// FinalMetrics lists the last value of each metric, by name; the time is in whole seconds (contract 3.3).
func FinalMetrics(values map[string]float64, at time.Time) MetricDataList {
	var list MetricDataList
	for _, name := range sortedKeys(values) {
		if v := values[name]; isFinite(v) && len(list) < maxMetrics {
			list = append(list, MetricData{name, v, At(at.Truncate(time.Second))})
		}
	}
	return list
}

// MarshalJSON leaves out what JSON cannot hold.
func (l MetricDataList) MarshalJSON() ([]byte, error) {
	finite := []MetricData{}
	for _, m := range l {
		if isFinite(m.Value) {
			finite = append(finite, m)
		}
	}
	return json.Marshal(finite)
}

func isFinite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }

// DeploymentRecommendation recommends instances for a model. Batchmill makes none.
type DeploymentRecommendation struct {
	RecommendationStatus             string
	RealTimeInferenceRecommendations []RealTimeInferenceRecommendation `json:",omitempty"`
}

// RealTimeInferenceRecommendation is one recommended instance type.
type RealTimeInferenceRecommendation struct {
	RecommendationId string
	InstanceType     string
	Environment      map[string]string `json:",omitempty"`
}

// TrainingJobSummary is a training job in a list.
type TrainingJobSummary struct {
	TrainingJobName   string
	TrainingJobArn    string
	CreationTime      Time
	TrainingEndTime   Time `json:",omitzero"`
	LastModifiedTime  Time `json:",omitzero"`
	TrainingJobStatus TrainingJobStatus
	SecondaryStatus   SecondaryStatus `json:",omitempty"`
	WarmPoolStatus    *WarmPoolStatus `json:",omitempty"`
	TrainingPlanArn   string          `json:",omitempty"`
}

// TransformJobSummary is a transform job in a list.
type TransformJobSummary struct {
	TransformJobName   string
	TransformJobArn    string
	CreationTime       Time
	TransformEndTime   Time `json:",omitzero"`
	LastModifiedTime   Time `json:",omitzero"`
	TransformJobStatus TransformJobStatus
	FailureReason      string `json:",omitempty"`
}

// SplitJobSummary is a split job in a list.
type SplitJobSummary struct {
	SplitJobName     string
	SplitJobArn      string
	CreationTime     Time
	SplitEndTime     Time `json:",omitzero"`
	LastModifiedTime Time `json:",omitzero"`
	SplitJobStatus   SplitJobStatus
	FailureReason    string `json:",omitempty"`
}

// ModelSummary is a model in a list.
type ModelSummary struct {
	ModelName    string
	ModelArn     string
	CreationTime Time
}
