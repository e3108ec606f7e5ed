package jobs

// Defaults of members that a document may leave out.
const (
	DefaultInstanceType        = "local"
	DefaultInstanceCount       = 1
	DefaultMaxRuntimeInSeconds = 86400
)

// SetDefaults fills in what Describe echoes when the document leaves it out (contract 3.3), and the resources and
// stopping condition that a job running here need not name.
func (j *TrainingJob) SetDefaults() {
	a := &j.AlgorithmSpecification
	setDefault(&a.EnableSageMakerMetricsTimeSeries, new(bool))
	setChannelDefaults(j.InputDataConfig)
	setDefault(&j.OutputDataConfig.KmsKeyId, new(string))
	setDefault(&j.OutputDataConfig.CompressionType, "GZIP")
	if len(j.ResourceConfig.InstanceGroups) == 0 {
		setDefault(&j.ResourceConfig.InstanceType, DefaultInstanceType)
		setDefault(&j.ResourceConfig.InstanceCount, DefaultInstanceCount)
	}
	setDefault(&j.StoppingCondition.MaxRuntimeInSeconds, DefaultMaxRuntimeInSeconds)
	setDefault(&j.EnableNetworkIsolation, new(bool))
	setDefault(&j.EnableInterContainerTrafficEncryption, new(bool))
	setDefault(&j.EnableManagedSpotTraining, new(bool))
}

// SetDefaults fills in what Describe echoes when the document leaves it out (contract 5.1), and the resources.
// MaxConcurrentTransforms, MaxPayloadInMB and BatchStrategy stay absent.
func (j *TransformJob) SetDefaults() {
	setDefault(&j.TransformInput.CompressionType, "None")
	setDefault(&j.TransformInput.SplitType, "None")
	setDefault(&j.TransformOutput.AssembleWith, "None")
	setDefault(&j.TransformOutput.KmsKeyId, new(string))
	setDefault(&j.TransformResources.InstanceType, DefaultInstanceType)
	setDefault(&j.TransformResources.InstanceCount, DefaultInstanceCount)
	setDefault(&j.DataProcessing.InputFilter, "$")
	setDefault(&j.DataProcessing.OutputFilter, "$")
	setDefault(&j.DataProcessing.JoinSource, "None")
}

// SetDefaults fills in what Describe echoes when the document leaves it out (contract 6.1).
func (m *Model) SetDefaults() {
	if m.PrimaryContainer != nil {
		setDefault(&m.PrimaryContainer.Mode, "SingleModel")
	}
	for i := range m.Containers {
		setDefault(&m.Containers[i].Mode, "SingleModel")
	}
	setDefault(&m.EnableNetworkIsolation, new(bool))
}

// SetDefaults fills in the format of the outputs, Parquet, and what Describe echoes of a training job's channels.
func (j *SplitJob) SetDefaults() {
	setChannelDefaults(j.InputDataConfig)
	setDefault(&j.OutputDataConfig.ContentType, "application/x-parquet")
	setDefault(&j.OutputDataConfig.KmsKeyId, new(string))
}

// SetDefaults fills in what Describe echoes when the document leaves it out (contract 4.3), and of each definition what a
// training job's SetDefaults fills in.
func (j *HyperParameterTuningJob) SetDefaults() {
	c := &j.HyperParameterTuningJobConfig
	setDefault(&c.TrainingJobEarlyStoppingType, "Off")
	for _, d := range j.Definitions() {
		setChannelDefaults(d.InputDataConfig)
		setDefault(&d.OutputDataConfig.KmsKeyId, new(string))
		setDefault(&d.OutputDataConfig.CompressionType, "GZIP")
		setDefault(&d.StoppingCondition.MaxRuntimeInSeconds, DefaultMaxRuntimeInSeconds)
		setDefault(&d.EnableNetworkIsolation, new(bool))
		setDefault(&d.EnableInterContainerTrafficEncryption, new(bool))
		setDefault(&d.EnableManagedSpotTraining, new(bool))
		if o := j.Objective(d); o != nil {
			d.StaticHyperParameters = withObjective(d.StaticHyperParameters, o.MetricName)
		}
	}
}

func setChannelDefaults(channels []Channel) {
	for i := range channels {
		ch := &channels[i]
		setDefault(&ch.CompressionType, "None")
		setDefault(&ch.RecordWrapperType, "None")
		if s3 := ch.DataSource.S3DataSource; s3 != nil {
			setDefault(&s3.S3DataDistributionType, "FullyReplicated")
		}
	}
}

// setDefault sets what has its type's zero value.
func setDefault[T comparable](to *T, value T) {
	var zero T
	if *to == zero {
		*to = value
	}
}
