package jobs

// TransformJob asks for predictions over stored objects: the members of CreateTransformJob (contract 5.1, 14.1). ModelName may also be
// the s3:// URI of an artifact or a model file.
type TransformJob struct {
	TransformJobName        string                  `json:",omitempty" check:"required len=1..63 pat=NAME63"`
	ModelName               string                  `json:",omitempty" check:"required len=..63 pat=NAMEDASH or=S3URI"`
	MaxConcurrentTransforms *int                    `json:",omitempty" check:"range=0.."`
	ModelClientConfig       *ModelClientConfig      `json:",omitempty"`
	MaxPayloadInMB          *int                    `json:",omitempty" check:"range=0.."`
	BatchStrategy           string                  `json:",omitempty" check:"enum=MultiRecord|SingleRecord"`
	Environment             map[string]string       `json:",omitempty" check:"items=..16 key.len=..1024 key.pat=ENVKEY1024 each.len=..10240"`
	TransformInput          TransformInput          `json:",omitzero" check:"required"`
	TransformOutput         TransformOutput         `json:",omitzero" check:"required"`
	DataCaptureConfig       *BatchDataCaptureConfig `json:",omitempty"`
	TransformResources      TransformResources      `json:",omitzero"`
	DataProcessing          DataProcessing          `json:",omitzero"`
	Tags                    []Tag                   `json:",omitempty" check:"items=..50"`
	ExperimentConfig        *ExperimentConfig       `json:",omitempty"`
}

// ModelClientConfig bounds the requests to a model: a timeout in seconds, default 600, and retries, default 3.
type ModelClientConfig struct {
	InvocationsTimeoutInSeconds int  `json:",omitempty" check:"range=1..3600"`
	InvocationsMaxRetries       *int `json:",omitempty" check:"range=..3"`
}

// TransformInput says what a transform job reads.
type TransformInput struct {
	DataSource      TransformDataSource `json:",omitzero" check:"required"`
	ContentType     string              `json:",omitempty" check:"len=..256"`
	CompressionType string              `json:",omitempty" check:"enum=None|Gzip"`
	SplitType       string              `json:",omitempty" check:"enum=None|Line|RecordIO|TFRecord"`
}

// TransformDataSource holds the only kind of source a transform job has.
type TransformDataSource struct {
	S3DataSource TransformS3DataSource `json:",omitzero" check:"required"`
}

// TransformS3DataSource is a key prefix or a manifest of keys.
type TransformS3DataSource struct {
	S3DataType string `json:",omitempty" check:"required enum=ManifestFile|S3Prefix|AugmentedManifestFile|Converse"`
	S3Uri      string `json:",omitempty" check:"required len=..1024 pat=S3URI"`
}

// TransformOutput says where and how predictions are written.
type TransformOutput struct {
	S3OutputPath string  `json:",omitempty" check:"required len=..1024 pat=S3URI"`
	Accept       string  `json:",omitempty" check:"len=..256"`
	AssembleWith string  `json:",omitempty" check:"enum=None|Line"`
	KmsKeyId     *string `json:",omitempty" check:"len=..2048 pat=KMS"`
}

// BatchDataCaptureConfig captures requests and responses.
type BatchDataCaptureConfig struct {
	DestinationS3Uri    string `json:",omitempty" check:"required len=..1024 pat=S3URI"`
	KmsKeyId            string `json:",omitempty" check:"len=..2048 pat=KMS"`
	GenerateInferenceId *bool  `json:",omitempty"`
}

// TransformResources sizes the machines of a transform job.
type TransformResources struct {
	InstanceType        string `json:",omitempty" check:"required"`
	InstanceCount       int    `json:",omitempty" check:"required range=1.."`
	VolumeKmsKeyId      string `json:",omitempty" check:"len=..2048 pat=KMS"`
	TransformAmiVersion string `json:",omitempty" check:"len=1..63 pat=AMI"`
}

// DataProcessing filters what the model sees and what is written, as JSONPath (contract 5.4).
type DataProcessing struct {
	// SageMaker allows filters of 63 characters, which is too few for a handful of column names.
	InputFilter  string `json:",omitempty" check:"len=..4096"`
	OutputFilter string `json:",omitempty" check:"len=..4096"`
	JoinSource   string `json:",omitempty" check:"enum=Input|None"`
}
