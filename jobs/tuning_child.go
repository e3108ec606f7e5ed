package jobs

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// ChildName is the name of a search's n-th training job, from 1: my-tune-001-589e2e9f (contract 4.3). The last part comes
// of the name and the number alone, so that the same training job can never be started twice.
func ChildName(tuningJob string, n int) string {
	prefix := fmt.Sprintf("%s-%03d", tuningJob, n)
	sum := sha256.Sum256([]byte(prefix))
	return prefix + "-" + hex.EncodeToString(sum[:4])
}

// Child is the training job that tries the values: what the definition says, its static hyperparameters, the values and
// the objective's name.
func (j *HyperParameterTuningJob) Child(d *HyperParameterTrainingJobDefinition, name string, values map[string]string) *TrainingJob {
	job := d.training()
	job.TrainingJobName = name
	job.HyperParameters = withObjective(d.StaticHyperParameters, j.Objective(d).MetricName)
	for _, name := range sortedKeys(values) {
		job.HyperParameters[name] = values[name]
	}
	job.Tags = j.Tags
	if c := d.CheckpointConfig; c != nil {
		own := *c // the prefix is the search's: each training job gets a folder below it
		own.S3Uri = strings.TrimSuffix(own.S3Uri, "/") + "/" + name
		job.CheckpointConfig = &own
	}
	return job
}

// training is what the definition shares with a training job.
func (d *HyperParameterTrainingJobDefinition) training() *TrainingJob {
	return &TrainingJob{
		AlgorithmSpecification: AlgorithmSpecification{
			TrainingImage: d.AlgorithmSpecification.TrainingImage, AlgorithmName: d.AlgorithmSpecification.AlgorithmName,
			TrainingInputMode: d.AlgorithmSpecification.TrainingInputMode, MetricDefinitions: d.AlgorithmSpecification.MetricDefinitions,
		},
		RoleArn: d.RoleArn, InputDataConfig: d.InputDataConfig, OutputDataConfig: d.OutputDataConfig, ResourceConfig: d.resources(),
		VpcConfig: d.VpcConfig, StoppingCondition: d.StoppingCondition,
		EnableNetworkIsolation: d.EnableNetworkIsolation, EnableManagedSpotTraining: d.EnableManagedSpotTraining,
		EnableInterContainerTrafficEncryption: d.EnableInterContainerTrafficEncryption,
		CheckpointConfig:                      d.CheckpointConfig, Environment: d.Environment, RetryStrategy: d.RetryStrategy,
	}
}

// resources are the training jobs' machines, the first where several are given.
func (d *HyperParameterTrainingJobDefinition) resources() ResourceConfig {
	switch c := d.HyperParameterTuningResourceConfig; {
	case d.ResourceConfig != nil:
		return *d.ResourceConfig
	case c == nil:
		return ResourceConfig{}
	case len(c.InstanceConfigs) > 0:
		first := c.InstanceConfigs[0]
		return ResourceConfig{InstanceType: first.InstanceType, InstanceCount: first.InstanceCount, VolumeSizeInGB: first.VolumeSizeInGB, VolumeKmsKeyId: c.VolumeKmsKeyId}
	default:
		return ResourceConfig{InstanceType: c.InstanceType, InstanceCount: c.InstanceCount, VolumeSizeInGB: c.VolumeSizeInGB, VolumeKmsKeyId: c.VolumeKmsKeyId}
	}
}

// withObjective is a copy of static hyperparameters that holds the objective's name too.
func withObjective(static map[string]string, metric string) map[string]string {
	all := maps.Clone(static)
	if all == nil {
		all = map[string]string{}
	}
	all[TuningObjectiveKey] = metric
	return all
}

// copyDefinitions copies what SetDefaults writes to, so that a description's defaults do not show in the document.
func (j *HyperParameterTuningJob) copyDefinitions() {
	if j.TrainingJobDefinition != nil {
		d := *j.TrainingJobDefinition
		j.TrainingJobDefinition = &d
	}
	j.TrainingJobDefinitions = slices.Clone(j.TrainingJobDefinitions)
	for _, d := range j.Definitions() {
		d.InputDataConfig = copyChannels(d.InputDataConfig)
	}
}
