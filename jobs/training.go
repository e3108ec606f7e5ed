package jobs

// TrainingJob asks for one training run: the members of CreateTrainingJob (contract 3.1, 14.1).
type TrainingJob struct {
	TrainingJobName                       string                      `json:",omitempty" check:"required len=1..63 pat=NAME63"`
	HyperParameters                       map[string]string           `json:",omitempty" check:"items=..100 key.len=..256 each.len=..2500"`
	AlgorithmSpecification                AlgorithmSpecification      `json:",omitzero"`
	RoleArn                               string                      `json:",omitempty" check:"len=20..2048 pat=ROLE"`
	InputDataConfig                       []Channel                   `json:",omitempty" check:"items=1..20"`
	OutputDataConfig                      OutputDataConfig            `json:",omitzero" check:"required"`
	ResourceConfig                        ResourceConfig              `json:",omitzero"`
	VpcConfig                             *VpcConfig                  `json:",omitempty"`
	StoppingCondition                     StoppingCondition           `json:",omitzero"`
	Tags                                  []Tag                       `json:",omitempty" check:"items=..50"`
	EnableNetworkIsolation                *bool                       `json:",omitempty"`
	EnableInterContainerTrafficEncryption *bool                       `json:",omitempty"`
	EnableManagedSpotTraining             *bool                       `json:",omitempty"`
	CheckpointConfig                      *CheckpointConfig           `json:",omitempty"`
	DebugHookConfig                       *DebugHookConfig            `json:",omitempty"`
	DebugRuleConfigurations               []DebugRuleConfiguration    `json:",omitempty" check:"items=..20"`
	TensorBoardOutputConfig               *TensorBoardOutputConfig    `json:",omitempty"`
	ExperimentConfig                      *ExperimentConfig           `json:",omitempty"`
	ProfilerConfig                        *ProfilerConfig             `json:",omitempty"`
	ProfilerRuleConfigurations            []ProfilerRuleConfiguration `json:",omitempty" check:"items=..20"`
	Environment                           map[string]string           `json:",omitempty" check:"items=..100 key.len=..512 key.pat=ENVKEY each.len=..512"`
	RetryStrategy                         *RetryStrategy              `json:",omitempty"`
	RemoteDebugConfig                     *RemoteDebugConfig          `json:",omitempty"`
	InfraCheckConfig                      *InfraCheckConfig           `json:",omitempty"`
	SessionChainingConfig                 *SessionChainingConfig      `json:",omitempty"`
	ServerlessJobConfig                   *ServerlessJobConfig        `json:",omitempty"`
	MlflowConfig                          *MlflowConfig               `json:",omitempty"`
	ModelPackageConfig                    *ModelPackageConfig         `json:",omitempty"`
}

// AlgorithmSpecification names the algorithm: exactly one of TrainingImage and AlgorithmName.
type AlgorithmSpecification struct {
	TrainingImage                    string               `json:",omitempty" check:"len=..255"`
	AlgorithmName                    string               `json:",omitempty" check:"len=1..170 pat=ARN-or-NAME63"`
	TrainingInputMode                string               `json:",omitempty" check:"required enum=Pipe|File|FastFile"`
	MetricDefinitions                []MetricDefinition   `json:",omitempty" check:"items=..40"`
	EnableSageMakerMetricsTimeSeries *bool                `json:",omitempty"`
	ContainerEntrypoint              []string             `json:",omitempty" check:"items=1..100 each.len=..256"`
	ContainerArguments               []string             `json:",omitempty" check:"items=1..100 each.len=..256"`
	TrainingImageConfig              *TrainingImageConfig `json:",omitempty"`
}

// MetricDefinition finds a metric in the log lines: capture group 1 of Regex is its value.
type MetricDefinition struct {
	Name  string `json:",omitempty" check:"required len=1..255"`
	Regex string `json:",omitempty" check:"required len=1..500"`
}

// TrainingImageConfig is access to a private registry. Accepted and echoed.
type TrainingImageConfig struct {
	TrainingRepositoryAccessMode string                        `json:",omitempty" check:"required enum=Platform|Vpc"`
	TrainingRepositoryAuthConfig *TrainingRepositoryAuthConfig `json:",omitempty"`
}

// TrainingRepositoryAuthConfig names the provider of registry credentials. Accepted and echoed.
type TrainingRepositoryAuthConfig struct {
	TrainingRepositoryCredentialsProviderArn string `json:",omitempty" check:"required len=1..2048 pat=ARN"`
}

// OutputDataConfig says where a training job's artifacts go.
type OutputDataConfig struct {
	KmsKeyId        *string `json:",omitempty" check:"len=..2048 pat=KMS"`
	S3OutputPath    string  `json:",omitempty" check:"required len=..1024 pat=S3URI"`
	CompressionType string  `json:",omitempty" check:"enum=GZIP|NONE"`
}

// StoppingCondition bounds a training job's time, in seconds.
type StoppingCondition struct {
	MaxRuntimeInSeconds     int `json:",omitempty" check:"range=1.."`
	MaxWaitTimeInSeconds    int `json:",omitempty" check:"range=1.."`
	MaxPendingTimeInSeconds int `json:",omitempty" check:"range=7200..2419200"`
}

// CheckpointConfig says where checkpoints go; no job name is added to S3Uri.
type CheckpointConfig struct {
	S3Uri     string `json:",omitempty" check:"required len=..1024 pat=S3URI"`
	LocalPath string `json:",omitempty" check:"len=..4096"`
}

// RetryStrategy allows retries after an InternalServerError.
type RetryStrategy struct {
	MaximumRetryAttempts int `json:",omitempty" check:"required range=1..30"`
}
