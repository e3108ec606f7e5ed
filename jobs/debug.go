package jobs

// DebugHookConfig is accepted and echoed.
type DebugHookConfig struct {
	LocalPath                string                    `json:",omitempty" check:"len=..4096"`
	S3OutputPath             string                    `json:",omitempty" check:"required len=..1024 pat=S3URI"`
	HookParameters           map[string]string         `json:",omitempty" check:"items=..20 key.len=1..256 each.len=..256"`
	CollectionConfigurations []CollectionConfiguration `json:",omitempty" check:"items=..20"`
}

// CollectionConfiguration is accepted and echoed.
type CollectionConfiguration struct {
	CollectionName       string            `json:",omitempty" check:"len=1..256"`
	CollectionParameters map[string]string `json:",omitempty" check:"items=..20 key.len=1..256 each.len=..256"`
}

// DebugRuleConfiguration is accepted and echoed.
type DebugRuleConfiguration struct {
	RuleConfigurationName string            `json:",omitempty" check:"required len=1..256"`
	LocalPath             string            `json:",omitempty" check:"len=..4096"`
	S3OutputPath          string            `json:",omitempty" check:"len=..1024 pat=S3URI"`
	RuleEvaluatorImage    string            `json:",omitempty" check:"required len=..255"`
	InstanceType          string            `json:",omitempty"`
	VolumeSizeInGB        int               `json:",omitempty" check:"range=0.."`
	RuleParameters        map[string]string `json:",omitempty" check:"items=..100 key.len=1..256 each.len=..256"`
}

// TensorBoardOutputConfig is accepted and echoed.
type TensorBoardOutputConfig struct {
	LocalPath    string `json:",omitempty" check:"len=..4096"`
	S3OutputPath string `json:",omitempty" check:"required len=..1024 pat=S3URI"`
}

// ExperimentConfig ties a job to an experiment. Accepted and echoed.
type ExperimentConfig struct {
	ExperimentName            string `json:",omitempty" check:"len=1..120 pat=NAME120"`
	TrialName                 string `json:",omitempty" check:"len=1..120 pat=NAME120"`
	TrialComponentDisplayName string `json:",omitempty" check:"len=1..120 pat=NAME120"`
	RunName                   string `json:",omitempty" check:"len=1..120 pat=NAME120"`
}

// ProfilerConfig is accepted and echoed.
type ProfilerConfig struct {
	S3OutputPath                    string            `json:",omitempty" check:"len=..1024 pat=S3URI"`
	ProfilingIntervalInMilliseconds int64             `json:",omitempty"`
	ProfilingParameters             map[string]string `json:",omitempty" check:"items=..20 key.len=1..256 each.len=..256"`
	DisableProfiler                 *bool             `json:",omitempty"`
}

// ProfilerRuleConfiguration is accepted and echoed.
type ProfilerRuleConfiguration struct {
	RuleConfigurationName string            `json:",omitempty" check:"required len=1..256"`
	LocalPath             string            `json:",omitempty" check:"len=..4096"`
	S3OutputPath          string            `json:",omitempty" check:"len=..1024 pat=S3URI"`
	RuleEvaluatorImage    string            `json:",omitempty" check:"required len=..255"`
	InstanceType          string            `json:",omitempty"`
	VolumeSizeInGB        int               `json:",omitempty" check:"range=0.."`
	RuleParameters        map[string]string `json:",omitempty" check:"items=..100 key.len=1..256 each.len=..256"`
}

// RemoteDebugConfig is accepted and echoed.
type RemoteDebugConfig struct {
	EnableRemoteDebug *bool `json:",omitempty"`
}

// InfraCheckConfig is accepted and echoed.
type InfraCheckConfig struct {
	EnableInfraCheck *bool `json:",omitempty"`
}

// SessionChainingConfig is accepted and never returned.
type SessionChainingConfig struct {
	EnableSessionTagChaining *bool `json:",omitempty"`
}

// ServerlessJobConfig is accepted and echoed.
type ServerlessJobConfig struct {
	BaseModelArn           string `json:",omitempty" check:"required len=1..2048 pat=ARN"`
	AcceptEula             *bool  `json:",omitempty"`
	JobType                string `json:",omitempty" check:"required enum=FineTuning|Evaluation"`
	CustomizationTechnique string `json:",omitempty" check:"enum=SFT|DPO|RLVR|RLAIF"`
	Peft                   string `json:",omitempty" check:"enum=LORA"`
	EvaluationType         string `json:",omitempty" check:"enum=LLMAJEvaluation|CustomScorerEvaluation|BenchmarkEvaluation"`
	EvaluatorArn           string `json:",omitempty"`
}

// MlflowConfig is accepted and echoed.
type MlflowConfig struct {
	MlflowResourceArn    string `json:",omitempty" check:"required len=..2048 pat=ARN"`
	MlflowExperimentName string `json:",omitempty" check:"len=1..256"`
	MlflowRunName        string `json:",omitempty" check:"len=1..256"`
}

// ModelPackageConfig is accepted and echoed.
type ModelPackageConfig struct {
	ModelPackageGroupArn  string `json:",omitempty" check:"required len=1..2048 pat=ARN"`
	SourceModelPackageArn string `json:",omitempty" check:"len=1..2048 pat=ARN"`
}
