package jobs

// HyperParameterTuningJob asks for a search over hyperparameters, each point of it a training job: the members of
// CreateHyperParameterTuningJob (contract 4.1, 14.1).
type HyperParameterTuningJob struct {
	HyperParameterTuningJobName   string                                  `json:",omitempty" check:"required len=1..32 pat=NAME32"`
	HyperParameterTuningJobConfig HyperParameterTuningJobConfig           `json:",omitzero" check:"required"`
	TrainingJobDefinition         *HyperParameterTrainingJobDefinition    `json:",omitempty"`
	TrainingJobDefinitions        []HyperParameterTrainingJobDefinition   `json:",omitempty" check:"items=1..10"`
	WarmStartConfig               *HyperParameterTuningJobWarmStartConfig `json:",omitempty"`
	Tags                          []Tag                                   `json:",omitempty" check:"items=..50"`
	Autotune                      *Autotune                               `json:",omitempty"`
}

// The strategies of a search. Sobol is ours; clients let it through (contract 1.7).
const (
	StrategyBayesian  = "Bayesian"
	StrategyRandom    = "Random"
	StrategyGrid      = "Grid"
	StrategyHyperband = "Hyperband"
	StrategySobol     = "Sobol"
)

// HyperParameterTuningJobConfig says how to search, for what, and for how long.
type HyperParameterTuningJobConfig struct {
	Strategy                         string                                 `json:",omitempty" check:"required enum=Bayesian|Random|Hyperband|Grid|Sobol"`
	StrategyConfig                   *HyperParameterTuningJobStrategyConfig `json:",omitempty"`
	HyperParameterTuningJobObjective *HyperParameterTuningJobObjective      `json:",omitempty"`
	ResourceLimits                   ResourceLimits                         `json:",omitzero" check:"required"`
	ParameterRanges                  *ParameterRanges                       `json:",omitempty"`
	TrainingJobEarlyStoppingType     string                                 `json:",omitempty" check:"enum=Off|Auto"`
	TuningJobCompletionCriteria      *TuningJobCompletionCriteria           `json:",omitempty"`
	RandomSeed                       *int                                   `json:",omitempty" check:"range=0.."`
}

// HyperParameterTuningJobStrategyConfig holds what single strategies take.
type HyperParameterTuningJobStrategyConfig struct {
	HyperbandStrategyConfig *HyperbandStrategyConfig `json:",omitempty"`
}

// HyperbandStrategyConfig bounds the resource, epochs or rounds, of a training job.
type HyperbandStrategyConfig struct {
	MinResource int `json:",omitempty" check:"range=1.."`
	MaxResource int `json:",omitempty" check:"range=1.."`
}

// The ways an objective may improve.
const (
	Maximize = "Maximize"
	Minimize = "Minimize"
)

// HyperParameterTuningJobObjective is the metric to optimise.
type HyperParameterTuningJobObjective struct {
	Type       string `json:",omitempty" check:"required enum=Maximize|Minimize"`
	MetricName string `json:",omitempty" check:"required len=1..255"`
}

// ResourceLimits bound a search.
type ResourceLimits struct {
	MaxNumberOfTrainingJobs int `json:",omitempty" check:"range=1.."`
	MaxParallelTrainingJobs int `json:",omitempty" check:"required range=1.."`
	MaxRuntimeInSeconds     int `json:",omitempty" check:"range=120..15768000"`
}

// ParameterRanges are the hyperparameters to search, by kind. AutoParameters are for Autotune.
type ParameterRanges struct {
	IntegerParameterRanges     []IntegerParameterRange     `json:",omitempty" check:"items=..30"`
	ContinuousParameterRanges  []ContinuousParameterRange  `json:",omitempty" check:"items=..30"`
	CategoricalParameterRanges []CategoricalParameterRange `json:",omitempty" check:"items=..30"`
	AutoParameters             []AutoParameter             `json:",omitempty" check:"items=..100"`
}

// The axes a number is searched on. Auto is logarithmic for ranges of several decades above 0, else linear.
const (
	ScalingAuto               = "Auto"
	ScalingLinear             = "Linear"
	ScalingLogarithmic        = "Logarithmic"
	ScalingReverseLogarithmic = "ReverseLogarithmic"
)

// IntegerParameterRange is the range of a whole number, both ends included.
type IntegerParameterRange struct {
	Name        string `json:",omitempty" check:"required len=..256"`
	MinValue    string `json:",omitempty" check:"required len=..256"`
	MaxValue    string `json:",omitempty" check:"required len=..256"`
	ScalingType string `json:",omitempty" check:"enum=Auto|Linear|Logarithmic|ReverseLogarithmic"`
}

// ContinuousParameterRange is the range of a number, both ends included.
type ContinuousParameterRange struct {
	Name        string `json:",omitempty" check:"required len=..256"`
	MinValue    string `json:",omitempty" check:"required len=..256"`
	MaxValue    string `json:",omitempty" check:"required len=..256"`
	ScalingType string `json:",omitempty" check:"enum=Auto|Linear|Logarithmic|ReverseLogarithmic"`
}

// CategoricalParameterRange are the values of a hyperparameter without an order.
type CategoricalParameterRange struct {
	Name   string   `json:",omitempty" check:"required len=..256"`
	Values []string `json:",omitempty" check:"required items=1..30 each.len=..256"`
}

// AutoParameter is a hyperparameter whose range is chosen around a value.
type AutoParameter struct {
	Name      string `json:",omitempty" check:"required len=..256"`
	ValueHint string `json:",omitempty" check:"required len=..256"`
}

// TuningJobCompletionCriteria end a search before its limits do.
type TuningJobCompletionCriteria struct {
	TargetObjectiveMetricValue *float64                   `json:",omitempty"`
	BestObjectiveNotImproving  *BestObjectiveNotImproving `json:",omitempty"`
	ConvergenceDetected        *ConvergenceDetected       `json:",omitempty"`
}

// BestObjectiveNotImproving ends a search after so many training jobs without an improvement of 1 %.
type BestObjectiveNotImproving struct {
	MaxNumberOfTrainingJobsNotImproving int `json:",omitempty" check:"range=3.."`
}

// ConvergenceDetected ends a search that is unlikely to find better.
type ConvergenceDetected struct {
	CompleteOnConvergence string `json:",omitempty" check:"enum=Disabled|Enabled"`
}

// HyperParameterTrainingJobDefinition is what the training jobs of a search have in common.
type HyperParameterTrainingJobDefinition struct {
	DefinitionName                        string                               `json:",omitempty" check:"len=1..64 pat=NAME64"`
	TuningObjective                       *HyperParameterTuningJobObjective    `json:",omitempty"`
	HyperParameterRanges                  *ParameterRanges                     `json:",omitempty"`
	StaticHyperParameters                 map[string]string                    `json:",omitempty" check:"items=..100 key.len=..256 each.len=..2500"`
	AlgorithmSpecification                HyperParameterAlgorithmSpecification `json:",omitzero" check:"required"`
	RoleArn                               string                               `json:",omitempty" check:"len=20..2048 pat=ROLE"`
	InputDataConfig                       []Channel                            `json:",omitempty" check:"items=1..20"`
	VpcConfig                             *VpcConfig                           `json:",omitempty"`
	OutputDataConfig                      OutputDataConfig                     `json:",omitzero" check:"required"`
	ResourceConfig                        *ResourceConfig                      `json:",omitempty"`
	HyperParameterTuningResourceConfig    *HyperParameterTuningResourceConfig  `json:",omitempty"`
	StoppingCondition                     StoppingCondition                    `json:",omitzero"`
	EnableNetworkIsolation                *bool                                `json:",omitempty"`
	EnableInterContainerTrafficEncryption *bool                                `json:",omitempty"`
	EnableManagedSpotTraining             *bool                                `json:",omitempty"`
	CheckpointConfig                      *CheckpointConfig                    `json:",omitempty"`
	RetryStrategy                         *RetryStrategy                       `json:",omitempty"`
	Environment                           map[string]string                    `json:",omitempty" check:"items=..48 key.len=..512 key.pat=ENVKEY each.len=..512"`
}

// HyperParameterAlgorithmSpecification names the algorithm: exactly one of TrainingImage and AlgorithmName.
type HyperParameterAlgorithmSpecification struct {
	TrainingImage     string             `json:",omitempty" check:"len=..255"`
	TrainingInputMode string             `json:",omitempty" check:"required enum=Pipe|File|FastFile"`
	AlgorithmName     string             `json:",omitempty" check:"len=1..170 pat=ARN-or-NAME63"`
	MetricDefinitions []MetricDefinition `json:",omitempty" check:"items=..40"`
}

// HyperParameterTuningResourceConfig sizes the machines of the training jobs, instead of ResourceConfig: one type, or
// several in the order to prefer them.
type HyperParameterTuningResourceConfig struct {
	InstanceType       string                               `json:",omitempty"`
	InstanceCount      int                                  `json:",omitempty" check:"range=0.."`
	VolumeSizeInGB     int                                  `json:",omitempty" check:"range=0.."`
	VolumeKmsKeyId     string                               `json:",omitempty" check:"len=..2048 pat=KMS"`
	AllocationStrategy string                               `json:",omitempty" check:"enum=Prioritized"`
	InstanceConfigs    []HyperParameterTuningInstanceConfig `json:",omitempty" check:"items=1..6"`
}

// HyperParameterTuningInstanceConfig is one kind of machine.
type HyperParameterTuningInstanceConfig struct {
	InstanceType   string `json:",omitempty" check:"required"`
	InstanceCount  int    `json:"InstanceCount" check:"required range=0.."`
	VolumeSizeInGB int    `json:",omitempty" check:"required range=1.."`
}

// The types of a warm start.
const (
	WarmStartIdentical = "IdenticalDataAndAlgorithm" // the parents' results count as the search's own
	WarmStartTransfer  = "TransferLearning"          // the parents' results are of a related task
)

// HyperParameterTuningJobWarmStartConfig lets a search begin with what earlier ones found.
type HyperParameterTuningJobWarmStartConfig struct {
	ParentHyperParameterTuningJobs []ParentHyperParameterTuningJob `json:",omitempty" check:"required items=1..5"`
	WarmStartType                  string                          `json:",omitempty" check:"required enum=IdenticalDataAndAlgorithm|TransferLearning"`
}

// ParentHyperParameterTuningJob names an earlier search.
type ParentHyperParameterTuningJob struct {
	HyperParameterTuningJobName string `json:",omitempty" check:"len=1..32 pat=NAME32"`
}

// Autotune lets the service choose what the document leaves out: ranges, limits, early stopping, when to end.
type Autotune struct {
	Mode string `json:",omitempty" check:"required enum=Enabled"`
}

// Definitions are the job's definitions, whichever of the two members holds them. The pointers are into the job.
func (j *HyperParameterTuningJob) Definitions() []*HyperParameterTrainingJobDefinition {
	if j.TrainingJobDefinition != nil {
		return []*HyperParameterTrainingJobDefinition{j.TrainingJobDefinition}
	}
	all := make([]*HyperParameterTrainingJobDefinition, len(j.TrainingJobDefinitions))
	for i := range all {
		all[i] = &j.TrainingJobDefinitions[i]
	}
	return all
}

// Objective is what a definition's training jobs are measured by: its own, or the job's. It is nil in a document that is
// not valid.
func (j *HyperParameterTuningJob) Objective(d *HyperParameterTrainingJobDefinition) *HyperParameterTuningJobObjective {
	if d.TuningObjective != nil {
		return d.TuningObjective
	}
	return j.HyperParameterTuningJobConfig.HyperParameterTuningJobObjective
}

// Ranges are the hyperparameters that a definition's training jobs differ in: its own, or the job's. Without any, they are
// empty.
func (j *HyperParameterTuningJob) Ranges(d *HyperParameterTrainingJobDefinition) ParameterRanges {
	for _, r := range []*ParameterRanges{d.HyperParameterRanges, j.HyperParameterTuningJobConfig.ParameterRanges} {
		if r != nil {
			return *r
		}
	}
	return ParameterRanges{}
}

// Autotuned tells whether what the document leaves out is chosen.
func (j *HyperParameterTuningJob) Autotuned() bool { return j.Autotune != nil }

// Names lists the hyperparameters of the ranges, kind by kind.
func (r ParameterRanges) Names() []string {
	var names []string
	for _, p := range r.IntegerParameterRanges {
		names = append(names, p.Name)
	}
	for _, p := range r.ContinuousParameterRanges {
		names = append(names, p.Name)
	}
	for _, p := range r.CategoricalParameterRanges {
		names = append(names, p.Name)
	}
	for _, p := range r.AutoParameters {
		names = append(names, p.Name)
	}
	return names
}

// GridSize is the number of points of ranges that are all categorical.
func (r ParameterRanges) GridSize() int {
	n := 1
	for _, c := range r.CategoricalParameterRanges {
		n *= len(c.Values)
	}
	return n
}
