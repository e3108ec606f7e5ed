package jobs

// Model names a trained artifact and the algorithm that reads it: the members of CreateModel (contract 6.1, 14.1).
type Model struct {
	ModelName                string                    `json:",omitempty" check:"required len=..63 pat=NAMEDASH"`
	PrimaryContainer         *ContainerDefinition      `json:",omitempty"`
	Containers               []ContainerDefinition     `json:",omitempty" check:"items=..15"`
	InferenceExecutionConfig *InferenceExecutionConfig `json:",omitempty"`
	ExecutionRoleArn         string                    `json:",omitempty" check:"len=20..2048 pat=ROLE"`
	Tags                     []Tag                     `json:",omitempty" check:"items=..50"`
	VpcConfig                *VpcConfig                `json:",omitempty"`
	EnableNetworkIsolation   *bool                     `json:",omitempty"`
}

// ContainerDefinition is one algorithm with its artifact. Image and ModelPackageName exclude each other.
type ContainerDefinition struct {
	ContainerHostname          string                      `json:",omitempty" check:"len=..63 pat=NAME63"`
	Image                      string                      `json:",omitempty" check:"len=..255 pat=NOSPACE"`
	ImageConfig                *ImageConfig                `json:",omitempty"`
	Mode                       string                      `json:",omitempty" check:"enum=SingleModel|MultiModel"`
	ModelDataUrl               string                      `json:",omitempty" check:"len=..1024 pat=S3URI"`
	ModelDataSource            *ModelDataSource            `json:",omitempty"`
	AdditionalModelDataSources []AdditionalModelDataSource `json:",omitempty" check:"items=..5"`
	Environment                map[string]string           `json:",omitempty" check:"items=..100 key.len=..1024 key.pat=ENVKEY each.len=..1024"`
	ModelPackageName           string                      `json:",omitempty" check:"len=1..176 pat=ARN-or-NAME63"`
	InferenceSpecificationName string                      `json:",omitempty" check:"len=1..63 pat=NAME63"`
	MultiModelConfig           *MultiModelConfig           `json:",omitempty"`
}

// ImageConfig is access to a private registry. Accepted and echoed.
type ImageConfig struct {
	RepositoryAccessMode string                `json:",omitempty" check:"required enum=Platform|Vpc"`
	RepositoryAuthConfig *RepositoryAuthConfig `json:",omitempty"`
}

// RepositoryAuthConfig names the provider of registry credentials. Accepted and echoed.
type RepositoryAuthConfig struct {
	RepositoryCredentialsProviderArn string `json:",omitempty" check:"required len=1..2048"`
}

// ModelDataSource is an artifact given by a prefix or an object instead of ModelDataUrl.
type ModelDataSource struct {
	S3DataSource *S3ModelDataSource `json:",omitempty"`
}

// S3ModelDataSource is the place of an artifact.
type S3ModelDataSource struct {
	S3Uri             string                    `json:",omitempty" check:"required len=..1024 pat=S3URI"`
	S3DataType        string                    `json:",omitempty" check:"required enum=S3Prefix|S3Object"`
	CompressionType   string                    `json:",omitempty" check:"required enum=None|Gzip"`
	ModelAccessConfig *ModelAccessConfig        `json:",omitempty"`
	HubAccessConfig   *InferenceHubAccessConfig `json:",omitempty"`
	ManifestS3Uri     string                    `json:",omitempty" check:"len=..1024 pat=S3URI"`
	ETag              string                    `json:",omitempty"`
	ManifestEtag      string                    `json:",omitempty"`
}

// InferenceHubAccessConfig names hub content.
type InferenceHubAccessConfig struct {
	HubContentArn string `json:",omitempty" check:"required len=..255"`
}

// AdditionalModelDataSource is a further artifact beside the main one.
type AdditionalModelDataSource struct {
	ChannelName  string             `json:",omitempty" check:"required len=1..64 pat=CHANNEL"`
	S3DataSource *S3ModelDataSource `json:",omitempty" check:"required"`
}

// MultiModelConfig is accepted and echoed.
type MultiModelConfig struct {
	ModelCacheSetting string `json:",omitempty" check:"enum=Enabled|Disabled"`
}

// InferenceExecutionConfig says how a model's containers run: one after the other, or each alone.
type InferenceExecutionConfig struct {
	Mode string `json:",omitempty" check:"required enum=Serial|Direct"`
}
