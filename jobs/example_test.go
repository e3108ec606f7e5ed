package jobs_test

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/batchmill/batchmill/jobs"
)

func ExampleParseTrainingJob() {
	job, err := jobs.ParseTrainingJob([]byte(`
TrainingJobName: housing-1
AlgorithmSpecification: {TrainingImage: xgboost, TrainingInputMode: File}
HyperParameters: {objective: reg:squarederror, num_round: 50, eta: 1e-1}
InputDataConfig:
- ChannelName: train
  DataSource: {S3DataSource: {S3DataType: S3Prefix, S3Uri: s3://demo/split/train/}}
OutputDataConfig: {S3OutputPath: s3://demo/models}
`))
	if err != nil {
		fmt.Println(err)
		return
	}
	job.SetDefaults()
	fmt.Println(jobs.AlgorithmName(job.AlgorithmSpecification), job.HyperParameters["eta"], job.StoppingCondition.MaxRuntimeInSeconds)
	// Output: xgboost 1e-1 86400
}

func ExampleParseModel_violations() {
	_, err := jobs.ParseModel([]byte(`{"ModelNam": "housing", "PrimaryContainer": {"Image": "xgboost", "ModelDataUrl": "/tmp/model"}}`))
	fmt.Println(err)
	// Output: 3 validation errors detected: Value null at 'modelName' failed to satisfy constraint: Member must not be null; Value '/tmp/model' at 'primaryContainer.modelDataUrl' failed to satisfy constraint: Member must satisfy regular expression pattern: (https|s3)://([^/]+)/?(.*); Value 'housing' at 'modelNam' failed to satisfy constraint: Member ModelNam is not known, did you mean ModelName?
}

func ExampleExpand() {
	doc := []byte(`{"TransformJobName": "score-{{.ISOWeek}}", "TransformOutput": {"S3OutputPath": "s3://demo/scores/{{.ScheduledDate}}/"}}`)
	out, err := jobs.Expand(doc, time.Date(2026, 11, 21, 6, 0, 0, 0, time.UTC), time.UTC)
	fmt.Println(string(out), err)
	// Output: {"TransformJobName":"score-2026-W47","TransformOutput":{"S3OutputPath":"s3://demo/scores/2026-11-21/"}} <nil>
}

func ExampleNormalize() {
	doc, err := jobs.Normalize([]byte("SplitJobName: housing-split\nSplitStrategy: {Type: KFold, Folds: 5, Seed: 7}\n"))
	fmt.Println(doc, err)
	fmt.Println(doc.Name(jobs.SplitKind))
	// Output:
	// {"SplitJobName":"housing-split","SplitStrategy":{"Type":"KFold","Folds":5,"Seed":7}} <nil>
	// housing-split
}

func ExampleTrainingJobDescription_Transition() {
	start := time.Date(2026, 11, 21, 6, 0, 0, 0, time.UTC)
	d := jobs.DescribeTraining(jobs.TrainingJob{TrainingJobName: "housing-1"}, "arn", start)
	_ = d.Transition(jobs.SecondaryStatusTraining, "", start.Add(time.Second))
	_ = d.Transition(jobs.SecondaryStatusTraining, "Round 10 of 50", start.Add(2*time.Second))
	text, _ := json.Marshal(d.SecondaryStatusTransitions)
	fmt.Println(string(text))
	// Output: [{"Status":"Starting","StartTime":1795240800.000,"EndTime":1795240801.000,"StatusMessage":"Starting the training job"},{"Status":"Training","StartTime":1795240801.000,"StatusMessage":"Round 10 of 50"}]
}
