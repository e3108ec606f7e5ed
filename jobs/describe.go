package jobs

import "time"

// TrainingJobDescription is what DescribeTrainingJob returns: the document with its defaults, and where the job stands
// (contract 3.3, 14.1). Progress is Batchmill's own; clients ignore what they do not know.
type TrainingJobDescription struct {
	TrainingJob
	TrainingJobArn                 string
	TuningJobArn                   string                      `json:",omitempty"`
	LabelingJobArn                 string                      `json:",omitempty"`
	AutoMLJobArn                   string                      `json:",omitempty"`
	ModelArtifacts                 *ModelArtifacts             `json:",omitempty"`
	TrainingJobStatus              TrainingJobStatus           // set by Transition
	SecondaryStatus                SecondaryStatus             // set by Transition
	FailureReason                  string                      `json:",omitempty"`
	WarmPoolStatus                 *WarmPoolStatus             `json:",omitempty"`
	CreationTime                   Time                        `json:",omitzero"`
	TrainingStartTime              Time                        `json:",omitzero"`
	TrainingEndTime                Time                        `json:",omitzero"`
	LastModifiedTime               Time                        `json:",omitzero"`
	SecondaryStatusTransitions     []SecondaryStatusTransition `json:",omitempty"`
	FinalMetricDataList            MetricDataList              `json:",omitempty"`
	TrainingTimeInSeconds          int                         `json:",omitempty"`
	BillableTimeInSeconds          int                         `json:",omitempty"`
	BillableTokenCount             int64                       `json:",omitempty"`
	DebugRuleEvaluationStatuses    []DebugRuleEvaluationStatus `json:",omitempty"`
	ProfilerRuleEvaluationStatuses []DebugRuleEvaluationStatus `json:",omitempty"` // the same shape
	ProfilingStatus                string                      `json:",omitempty"`
	MlflowDetails                  *MlflowDetails              `json:",omitempty"`
	ProgressInfo                   *TrainingProgressInfo       `json:",omitempty"`
	OutputModelPackageArn          string                      `json:",omitempty"`
	Progress                       *Progress                   `json:",omitempty"`
}

// DescribeTraining begins the description of a job created at that time: defaults filled in, Tags left out, Starting.
func DescribeTraining(job TrainingJob, arn string, at time.Time) TrainingJobDescription {
	job.InputDataConfig = copyChannels(job.InputDataConfig)
	job.SetDefaults()
	job.Tags, job.SessionChainingConfig = nil, nil
	d := TrainingJobDescription{TrainingJob: job, TrainingJobArn: arn, CreationTime: At(at), ProfilingStatus: "Disabled"}
	_ = d.Transition(SecondaryStatusStarting, MessageStarting, at) // a new job can always start
	return d
}

// Summary is the job's entry in a list.
func (d *TrainingJobDescription) Summary() TrainingJobSummary {
	return TrainingJobSummary{
		TrainingJobName: d.TrainingJobName, TrainingJobArn: d.TrainingJobArn,
		CreationTime: d.CreationTime, TrainingEndTime: d.TrainingEndTime, LastModifiedTime: d.LastModifiedTime,
		TrainingJobStatus: d.TrainingJobStatus, SecondaryStatus: d.SecondaryStatus, WarmPoolStatus: d.WarmPoolStatus,
		TrainingPlanArn: d.ResourceConfig.TrainingPlanArn,
	}
}

// TransformJobDescription is what DescribeTransformJob returns (contract 5.1, 14.1). LastModifiedTime, Manifest and Progress
// are Batchmill's own.
type TransformJobDescription struct {
	TransformJob
	TransformJobArn    string
	TransformJobStatus TransformJobStatus
	FailureReason      string    `json:",omitempty"`
	CreationTime       Time      `json:",omitzero"`
	TransformStartTime Time      `json:",omitzero"`
	TransformEndTime   Time      `json:",omitzero"`
	LabelingJobArn     string    `json:",omitempty"`
	AutoMLJobArn       string    `json:",omitempty"`
	LastModifiedTime   Time      `json:",omitzero"`
	Manifest           string    `json:",omitempty"` // s3:// URI of the object that commits the output
	Progress           *Progress `json:",omitempty"`
}

// DescribeTransform begins the description of a job created at that time: defaults filled in, Tags left out. Work starts
// with the first Transition.
func DescribeTransform(job TransformJob, arn string, at time.Time) TransformJobDescription {
	job.SetDefaults()
	job.Tags = nil
	return TransformJobDescription{TransformJob: job, TransformJobArn: arn, TransformJobStatus: TransformJobStatusInProgress,
		CreationTime: At(at), LastModifiedTime: At(at)}
}

// Summary is the job's entry in a list.
func (d *TransformJobDescription) Summary() TransformJobSummary {
	return TransformJobSummary{
		TransformJobName: d.TransformJobName, TransformJobArn: d.TransformJobArn,
		CreationTime: d.CreationTime, TransformEndTime: d.TransformEndTime, LastModifiedTime: d.LastModifiedTime,
		TransformJobStatus: d.TransformJobStatus, FailureReason: d.FailureReason,
	}
}

// SplitJobDescription says where a split job stands, in the style of a transform job's.
type SplitJobDescription struct {
	SplitJob
	SplitJobArn      string
	SplitJobStatus   SplitJobStatus
	FailureReason    string            `json:",omitempty"`
	CreationTime     Time              `json:",omitzero"`
	SplitStartTime   Time              `json:",omitzero"`
	SplitEndTime     Time              `json:",omitzero"`
	LastModifiedTime Time              `json:",omitzero"`
	SplitResults     []SplitSideResult `json:",omitempty"` // set when the job has completed
	Manifest         string            `json:",omitempty"` // s3:// URI of the object that commits the output
	Progress         *Progress         `json:",omitempty"`
}

// SplitSideResult is what one side of a split got.
type SplitSideResult struct {
	ChannelName string
	S3Uri       string // prefix of the side's objects
	Rows        int64
}

// DescribeSplit begins the description of a job created at that time: defaults filled in, Tags left out. Work starts with
// the first Transition.
func DescribeSplit(job SplitJob, arn string, at time.Time) SplitJobDescription {
	job.InputDataConfig = copyChannels(job.InputDataConfig)
	job.SetDefaults()
	job.Tags = nil
	return SplitJobDescription{SplitJob: job, SplitJobArn: arn, SplitJobStatus: SplitJobStatusInProgress,
		CreationTime: At(at), LastModifiedTime: At(at)}
}

// Summary is the job's entry in a list.
func (d *SplitJobDescription) Summary() SplitJobSummary {
	return SplitJobSummary{
		SplitJobName: d.SplitJobName, SplitJobArn: d.SplitJobArn,
		CreationTime: d.CreationTime, SplitEndTime: d.SplitEndTime, LastModifiedTime: d.LastModifiedTime,
		SplitJobStatus: d.SplitJobStatus, FailureReason: d.FailureReason,
	}
}

// ModelDescription is what DescribeModel returns (contract 6.1, 14.1).
type ModelDescription struct {
	Model
	CreationTime             Time `json:",omitzero"`
	ModelArn                 string
	DeploymentRecommendation *DeploymentRecommendation `json:",omitempty"`
}

// DescribeModel is the description of a model created at that time: defaults filled in, Tags left out.
func DescribeModel(m Model, arn string, at time.Time) ModelDescription {
	if m.PrimaryContainer != nil {
		c := *m.PrimaryContainer
		m.PrimaryContainer = &c
	}
	m.Containers = append([]ContainerDefinition(nil), m.Containers...)
	m.SetDefaults()
	m.Tags = nil
	return ModelDescription{Model: m, ModelArn: arn, CreationTime: At(at)}
}

// Summary is the model's entry in a list.
func (d *ModelDescription) Summary() ModelSummary {
	return ModelSummary{ModelName: d.ModelName, ModelArn: d.ModelArn, CreationTime: d.CreationTime}
}

// copyChannels copies what setChannelDefaults writes to, so that a description's defaults do not show in the document.
func copyChannels(channels []Channel) []Channel {
	all := append([]Channel(nil), channels...)
	for i := range all {
		if s3 := all[i].DataSource.S3DataSource; s3 != nil {
			c := *s3
			all[i].DataSource.S3DataSource = &c
		}
	}
	return all
}
