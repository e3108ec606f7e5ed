package main

import (
	"encoding/json"
	"fmt"

	"github.com/batchmill/batchmill/jobs"
)

// trainedModel is the model document for the artifact of a training job, from the job's description.
func trainedModel(description jobs.Document, name string) ([]byte, error) {
	var d jobs.TrainingJobDescription
	if err := json.Unmarshal(description, &d); err != nil {
		return nil, err
	}
	if d.ModelArtifacts == nil || d.ModelArtifacts.S3ModelArtifacts == "" {
		return nil, fmt.Errorf("training job %s has no artifact: it is %s", d.TrainingJobName, d.TrainingJobStatus)
	}
	return json.Marshal(jobs.Model{ModelName: name, PrimaryContainer: &jobs.ContainerDefinition{
		Image:        jobs.AlgorithmName(d.AlgorithmSpecification),
		ModelDataUrl: d.ModelArtifacts.S3ModelArtifacts,
	}})
}
