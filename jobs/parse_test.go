package jobs

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// trainingJSON is a training job with something in most members that the engine uses.
const trainingJSON = `{
  "TrainingJobName": "housing-1",
  "HyperParameters": {"eta": "1e-3", "num_round": "50", "objective": "reg:squarederror"},
  "AlgorithmSpecification": {"TrainingImage": "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.7-1", "TrainingInputMode": "File"},
  "RoleArn": "arn:aws:iam::123456789012:role/service-role/Training",
  "InputDataConfig": [
    {"ChannelName": "train", "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://demo/train/"}}, "ContentType": "text/csv;header=present;label=price"},
    {"ChannelName": "validation", "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://demo/validation/"}}, "ShuffleConfig": {"Seed": 0}}
  ],
  "OutputDataConfig": {"KmsKeyId": "", "S3OutputPath": "s3://demo/models"},
  "ResourceConfig": {"InstanceType": "ml.m5.xlarge", "InstanceCount": 1, "VolumeSizeInGB": 10},
  "StoppingCondition": {"MaxRuntimeInSeconds": 3600},
  "EnableNetworkIsolation": false,
  "CheckpointConfig": {"S3Uri": "s3://demo/checkpoints/"},
  "DebugHookConfig": {"S3OutputPath": "s3://demo/debug", "CollectionConfigurations": [{"CollectionName": "losses", "CollectionParameters": {"save_interval": "10"}}]},
  "Environment": {"BATCHMILL_CHECKPOINT_SECONDS": "0", "OMP_NUM_THREADS": "1"},
  "Tags": [{"Key": "team", "Value": ""}]
}`

const transformJSON = `{
  "TransformJobName": "score-1", "ModelName": "housing", "MaxPayloadInMB": 0,
  "TransformInput": {"DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://demo/in/"}}, "ContentType": "text/csv", "SplitType": "Line"},
  "TransformOutput": {"S3OutputPath": "s3://demo/out", "Accept": "text/csv", "AssembleWith": "Line"},
  "DataProcessing": {"InputFilter": "$[1:]", "JoinSource": "Input"},
  "BatchStrategy": "MultiRecord", "Environment": {"BATCHMILL_SHARDS": "17"}
}`

const modelJSON = `{"ModelName": "housing", "PrimaryContainer": {"Image": "xgboost:1", "ModelDataUrl": "s3://demo/models/housing-1/output/model.tar.gz"}}`

const splitJSON = `{
  "SplitJobName": "housing-split",
  "InputDataConfig": [{"ChannelName": "data", "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://demo/raw/"}}, "ContentType": "text/csv"}],
  "SplitStrategy": {"Type": "Random", "Seed": 7},
  "Outputs": [{"ChannelName": "train", "Fraction": 0.7}, {"ChannelName": "validation", "Fraction": 0.1}, {"ChannelName": "test", "Fraction": 0.2}],
  "OutputDataConfig": {"S3OutputPath": "s3://demo/split/", "ContentType": "application/x-parquet"}
}`

// parsers parse a document of each kind, for tests that treat all alike.
var parsers = map[string]func([]byte) (any, error){
	"training":  func(b []byte) (any, error) { return ParseTrainingJob(b) },
	"transform": func(b []byte) (any, error) { return ParseTransformJob(b) },
	"model":     func(b []byte) (any, error) { return ParseModel(b) },
	"split":     func(b []byte) (any, error) { return ParseSplitJob(b) },
	"tuning":    func(b []byte) (any, error) { return ParseHyperParameterTuningJob(b) },
	"tunings":   func(b []byte) (any, error) { return ParseHyperParameterTuningJob(b) },
}

var goodDocuments = map[string]string{
	"training": trainingJSON, "transform": transformJSON, "model": modelJSON, "split": splitJSON, "tuning": tuningJSON, "tunings": tuningsJSON,
}

func TestParseEchoesWhatWasSent(t *testing.T) {
	t.Parallel()
	for kind, text := range goodDocuments {
		doc, err := parsers[kind]([]byte(text))
		require.NoError(t, err, kind)
		echo, err := json.Marshal(doc)
		require.NoError(t, err, kind)
		assert.JSONEq(t, text, string(echo), kind)
		assert.NoError(t, doc.(interface{ Validate() error }).Validate(), kind)
	}
}

func TestParseYAML(t *testing.T) {
	t.Parallel()
	job, err := ParseTrainingJob([]byte(`
# numbers and booleans in string maps keep their spelling
TrainingJobName: 2026-11-21
HyperParameters: {eta: 1e-3, num_round: 050, verbose: yes, flag: True, gamma: .5, hex: 0x1F, text: "1.0"}
AlgorithmSpecification: &algorithm
  TrainingImage: xgboost
  TrainingInputMode: File
OutputDataConfig: {S3OutputPath: s3://demo/models, KmsKeyId: ~}
StoppingCondition: {MaxRuntimeInSeconds: 60}
EnableNetworkIsolation: true
`))
	require.NoError(t, err)
	assert.Equal(t, "2026-11-21", job.TrainingJobName)
	assert.Equal(t, map[string]string{
		"eta": "1e-3", "num_round": "050", "verbose": "yes", "flag": "True", "gamma": ".5", "hex": "0x1F", "text": "1.0",
	}, job.HyperParameters)
	assert.Equal(t, 60, job.StoppingCondition.MaxRuntimeInSeconds)
	assert.True(t, *job.EnableNetworkIsolation)
	assert.Nil(t, job.OutputDataConfig.KmsKeyId)
}

// Numbers in YAML's other notations mean the same when parsed and when normalized first.
func TestYAMLNumbers(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text string
		want int64 // of Seed; 0: refused
	}{{"7", 7}, {"+7", 7}, {"0x10", 16}, {"0o17", 15}, {"017", 15}, {"1_000", 1000}, {"1e3", 0}, {"7.5", 0}, {".inf", 0}, {"yes", 0}, {"'7'", 0}} {
		text := "SplitJobName: s\nSplitStrategy: {Type: Random, Seed: " + c.text + "}\nOutputs: [{ChannelName: a, Fraction: +1}]\n" +
			"OutputDataConfig: {S3OutputPath: s3://b/o}\n" +
			"InputDataConfig: [{ChannelName: d, DataSource: {S3DataSource: {S3DataType: S3Prefix, S3Uri: s3://b/k}}}]"
		normal, err := Normalize([]byte(text))
		require.NoError(t, err, c.text)
		for _, text := range []string{text, string(normal)} {
			job, err := ParseSplitJob([]byte(text))
			if c.want == 0 {
				assert.ErrorContains(t, err, "at 'splitStrategy.seed' failed to satisfy constraint: Member must be an integer", c.text)
				continue
			}
			require.NoError(t, err, c.text)
			assert.Equal(t, c.want, job.SplitStrategy.Seed, c.text)
		}
	}
}

func TestNotADocument(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, text, err string }{
		{"empty", " \n", "jobs: document: is empty"},
		{"comment", "# nothing", "jobs: document: is empty"},
		{"list", `[1]`, "jobs: document: must be an object of members"},
		{"word", `hello`, "jobs: document: must be an object of members"},
		{"binary", "\xff\xfe", "jobs: document: is not UTF-8 text"},
		{"cut", "{\"ModelName\":\n\"x", "jobs: document, line 2: ends too early"},
		{"comma", "{\"ModelName\": \"x\",\n}", "jobs: document, line 2: invalid character '}' looking for beginning of object key string"},
		{"two", `{} {}`, "jobs: document, line 1: text follows after the document's end"},
		{"twice", "{\"ModelName\": \"x\",\n\"ModelName\": \"y\"}", `jobs: document, line 2: member "ModelName" is given twice`},
		{"twice, YAML", "ModelName: x\nModelName: y", `jobs: document, line 2: member "ModelName" is given twice`},
		{"two, YAML", "ModelName: x\n---\nModelName: y", `jobs: document, line 2: a second document follows; give one per file`},
		{"colon", "ModelName: x\n  Tags: y", "jobs: document, line 2: mapping values are not allowed in this context"},
		{"braces", "ModelName: {{.ISOWeek}}", `jobs: document, line 1: a member's name must be plain text (a value that begins with "{{" must stand in quotes)`},
		{"deep", strings.Repeat(`{"a":`, 100), "jobs: document, line 1: is nested deeper than 64 levels"},
		{"binary tag", "ModelName: !!binary aGk=", "jobs: document, line 1: tag !!binary is not supported"},
	} {
		_, err := ParseModel([]byte(c.text))
		var syntax *SyntaxError
		require.ErrorAs(t, err, &syntax, c.name)
		assert.EqualError(t, err, c.err, c.name)
	}
}

// A document of a few hundred bytes must not become gigabytes ("billion laughs").
func TestYAMLAliasesAreBounded(t *testing.T) {
	t.Parallel()
	text := "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
	for _, level := range []string{"1", "2", "3", "4", "5", "6", "7", "8"} {
		below := "*a" + string(level[0]-1)
		text += "a" + level + ": &a" + level + " [" + strings.Repeat(below+", ", 9) + below + "]\n"
	}
	_, err := ParseModel([]byte(text))
	var syntax *SyntaxError
	require.ErrorAs(t, err, &syntax)
}

func TestDocumentsMadeByHand(t *testing.T) {
	t.Parallel()
	job := &SplitJob{
		SplitJobName:     "s",
		InputDataConfig:  []Channel{{ChannelName: "data", DataSource: DataSource{S3DataSource: &S3DataSource{S3DataType: "S3Prefix", S3Uri: "s3://b/k"}}}},
		SplitStrategy:    SplitStrategy{Type: SplitKFold, Folds: 5},
		OutputDataConfig: SplitOutputConfig{S3OutputPath: "s3://b/out"},
	}
	require.NoError(t, job.Validate())
	job.SplitStrategy.Folds = 101
	job.InputDataConfig[0].ChannelName = "a/b"
	assert.EqualError(t, job.Validate(), `2 validation errors detected: `+
		`Value 'a/b' at 'inputDataConfig.1.member.channelName' failed to satisfy constraint: Member must satisfy regular expression pattern: [A-Za-z0-9\.\-_]+; `+
		`Value '101' at 'splitStrategy.folds' failed to satisfy constraint: Member must have value less than or equal to 100`)
	var invalid *ValidationError
	require.ErrorAs(t, (&Model{}).Validate(), &invalid)
	assert.Equal(t, []Violation{{"modelName", nil, "Member must not be null"}, {"primaryContainer", nil, "Member must not be null"}}, invalid.Violations)
}
