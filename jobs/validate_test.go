package jobs

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestViolations changes one thing of a good document and compares the whole error text.
func TestViolations(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, kind string
		path       string // member to set, in dots; list positions from 0
		value      string // its JSON, empty to remove it
		err        string // the violations, without the count
	}{
		{"name missing", "training", "TrainingJobName", ``, `Value null at 'trainingJobName' failed to satisfy constraint: Member must not be null`},
		{"name null", "training", "TrainingJobName", `null`, `Value null at 'trainingJobName' failed to satisfy constraint: Member must not be null`},
		{"name empty", "training", "TrainingJobName", `""`, `Value '' at 'trainingJobName' failed to satisfy constraint: Member must have length greater than or equal to 1; Value '' at 'trainingJobName' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}`},
		{"name with underscore", "training", "TrainingJobName", `"my_job"`, `Value 'my_job' at 'trainingJobName' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}`},
		{"name ends in hyphen", "training", "TrainingJobName", `"a-"`, `Value 'a-' at 'trainingJobName' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}`},
		{"name is a number", "training", "TrainingJobName", `7`, `Value '7' at 'trainingJobName' failed to satisfy constraint: Member must be a string`},
		{"member of similar spelling", "training", "HyperParamters", `{"eta": "1"}`, `Value '{"eta":"1"}' at 'hyperParamters' failed to satisfy constraint: Member HyperParamters is not known, did you mean HyperParameters?`},
		{"member in lower camel", "training", "roleArn", `"x"`, `Value 'x' at 'roleArn' failed to satisfy constraint: Member roleArn is not known, did you mean RoleArn?`},
		{"member like no other", "training", "Priority", `3`, `Value '3' at 'priority' failed to satisfy constraint: Member Priority is not known`},
		{"inner member unknown", "training", "InputDataConfig.1.DataSource.S3DataSource.S3URI", `"s3://b"`, `Value 's3://b' at 'inputDataConfig.2.member.dataSource.s3DataSource.s3URI' failed to satisfy constraint: Member S3URI is not known, did you mean S3Uri?`},
		{"number in string map", "training", "HyperParameters.eta", `0.3`, `Value '0.3' at 'hyperParameters.eta' failed to satisfy constraint: Member must be a string`},
		{"null in string map", "training", "HyperParameters.eta", `null`, `Value null at 'hyperParameters.eta' failed to satisfy constraint: Member must not be null`},
		{"hyperparameter too long", "training", "HyperParameters.eta", `"` + strings.Repeat("x", 2501) + `"`, `Value '` + strings.Repeat("x", 256) + `...' at 'hyperParameters.eta' failed to satisfy constraint: Member must have length less than or equal to 2500`},
		{"object expected", "training", "HyperParameters", `[]`, `Value '[]' at 'hyperParameters' failed to satisfy constraint: Member must be an object`},
		{"list expected", "training", "InputDataConfig", `{}`, `Value '{}' at 'inputDataConfig' failed to satisfy constraint: Member must be a list`},
		{"list empty", "training", "InputDataConfig", `[]`, `Value '[]' at 'inputDataConfig' failed to satisfy constraint: Member must have length greater than or equal to 1`},
		{"boolean expected", "training", "EnableNetworkIsolation", `"true"`, `Value 'true' at 'enableNetworkIsolation' failed to satisfy constraint: Member must be a boolean`},
		{"integer expected", "training", "StoppingCondition.MaxRuntimeInSeconds", `60.5`, `Value '60.5' at 'stoppingCondition.maxRuntimeInSeconds' failed to satisfy constraint: Member must be an integer`},
		{"integer too small", "training", "StoppingCondition.MaxRuntimeInSeconds", `0`, `Value '0' at 'stoppingCondition.maxRuntimeInSeconds' failed to satisfy constraint: Member must have value greater than or equal to 1`},
		{"integer too large", "training", "StoppingCondition.MaxPendingTimeInSeconds", `2419201`, `Value '2419201' at 'stoppingCondition.maxPendingTimeInSeconds' failed to satisfy constraint: Member must have value less than or equal to 2419200`},
		{"integer beyond 64 bits", "training", "InputDataConfig.1.ShuffleConfig.Seed", `99999999999999999999`, `Value '99999999999999999999' at 'inputDataConfig.2.member.shuffleConfig.seed' failed to satisfy constraint: Member must be an integer`},
		{"required integer missing", "training", "InputDataConfig.1.ShuffleConfig.Seed", ``, `Value null at 'inputDataConfig.2.member.shuffleConfig.seed' failed to satisfy constraint: Member must not be null`},
		{"required empty text missing", "training", "Tags.0.Value", ``, `Value null at 'tags.1.member.value' failed to satisfy constraint: Member must not be null`},
		{"enum", "training", "AlgorithmSpecification.TrainingInputMode", `"Files"`, `Value 'Files' at 'algorithmSpecification.trainingInputMode' failed to satisfy constraint: Member must satisfy enum value set: [Pipe, File, FastFile]`},
		{"uri", "training", "OutputDataConfig.S3OutputPath", `"/tmp/out"`, `Value '/tmp/out' at 'outputDataConfig.s3OutputPath' failed to satisfy constraint: Member must satisfy regular expression pattern: (https|s3)://([^/]+)/?(.*)`},
		{"role", "training", "RoleArn", `"arn:aws:iam::1234:role/Service"`, `Value 'arn:aws:iam::1234:role/Service' at 'roleArn' failed to satisfy constraint: Member must satisfy regular expression pattern: arn:aws[a-z\-]*:iam::\d{12}:role/?[a-zA-Z_0-9+=,.@\-_/]+`},
		{"environment name", "training", "Environment.A-B", `"x"`, `Value 'A-B' at 'environment.A-B.key' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-zA-Z_][a-zA-Z0-9_]*`},
		{"setting unknown", "training", "Environment.BATCHMILL_SHARD", `"3"`, `Value '3' at 'environment.BATCHMILL_SHARD' failed to satisfy constraint: Member must be one of the settings BATCHMILL_CHECKPOINT_SECONDS`},

		{"image and algorithm", "training", "AlgorithmSpecification.AlgorithmName", `"xgboost"`, `Value '{"TrainingImage":"683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.7-1","AlgorithmName":"xgboost","TrainingInputMode":"File"}' at 'algorithmSpecification' failed to satisfy constraint: Member must have exactly one of TrainingImage and AlgorithmName`},
		{"algorithm missing", "training", "AlgorithmSpecification", ``, `Value null at 'algorithmSpecification' failed to satisfy constraint: Member must not be null`},
		{"algorithm name ends in hyphen", "training", "AlgorithmSpecification", `{"AlgorithmName": "x-", "TrainingInputMode": "File"}`, `Value 'x-' at 'algorithmSpecification.algorithmName' failed to satisfy constraint: Member must satisfy regular expression pattern: (arn:aws[a-z\-]*:sagemaker:[a-z0-9\-]*:[0-9]{12}:[a-z\-]*\/)?([a-zA-Z0-9]([a-zA-Z0-9-]){0,62})(?<!-)`},
		{"channel twice", "training", "InputDataConfig.1.ChannelName", `"train"`, `Value 'train' at 'inputDataConfig.2.member.channelName' failed to satisfy constraint: Member must be unique`},
		{"no source", "training", "InputDataConfig.0.DataSource", `{}`, `Value '{}' at 'inputDataConfig.1.member.dataSource' failed to satisfy constraint: Member must have exactly one of S3DataSource, FileSystemDataSource and DatasetSource`},
		{"augmented manifest by file", "training", "InputDataConfig.0.DataSource.S3DataSource.S3DataType", `"AugmentedManifestFile"`, `Value 'AugmentedManifestFile' at 'inputDataConfig.1.member.dataSource.s3DataSource.s3DataType' failed to satisfy constraint: Member must be used with input mode Pipe, not File`},
		{"manifest in FastFile", "training", "InputDataConfig.0", `{"ChannelName": "a", "InputMode": "FastFile", "DataSource": {"S3DataSource": {"S3DataType": "ManifestFile", "S3Uri": "s3://b/m"}}}`, `Value 'ManifestFile' at 'inputDataConfig.1.member.dataSource.s3DataSource.s3DataType' failed to satisfy constraint: Member must be S3Prefix in input mode FastFile`},
		{"file system piped", "training", "InputDataConfig.0", `{"ChannelName": "a", "InputMode": "Pipe", "DataSource": {"FileSystemDataSource": {"FileSystemId": "fs-12345678", "FileSystemAccessMode": "ro", "FileSystemType": "EFS", "DirectoryPath": "/d"}}}`, `Value '{"FileSystemId":"fs-12345678","FileSystemAccessMode":"ro","FileSystemType":"EFS","DirectoryPath":"/d"}' at 'inputDataConfig.1.member.dataSource.fileSystemDataSource' failed to satisfy constraint: Member must be absent in input mode Pipe`},
		{"spot without wait", "training", "EnableManagedSpotTraining", `true`, `Value null at 'stoppingCondition.maxWaitTimeInSeconds' failed to satisfy constraint: Member must not be null when EnableManagedSpotTraining is true`},
		{"wait without spot", "training", "StoppingCondition.MaxWaitTimeInSeconds", `7200`, `Value '7200' at 'stoppingCondition.maxWaitTimeInSeconds' failed to satisfy constraint: Member must be absent unless EnableManagedSpotTraining is true`},
		{"instances and groups", "training", "ResourceConfig", `{"InstanceType": "a", "InstanceGroups": [{"InstanceType": "a", "InstanceCount": 1, "InstanceGroupName": "g"}]}`, `Value 'a' at 'resourceConfig.instanceType' failed to satisfy constraint: Member must be absent when InstanceGroups are given`},

		{"payload too large", "transform", "MaxPayloadInMB", `101`, `Value '101' at 'maxPayloadInMB' failed to satisfy constraint: Member must have value less than or equal to 100`},
		{"environment too large", "transform", "Environment", manyEntries(17), `Value '` + manyEntries(17)[:256] + `...' at 'environment' failed to satisfy constraint: Member must have length less than or equal to 16`},
		{"strategy without split", "transform", "TransformInput.SplitType", `"None"`, `Value 'MultiRecord' at 'batchStrategy' failed to satisfy constraint: Member must be absent unless SplitType is Line, RecordIO or TFRecord`},
		{"augmented manifest", "transform", "TransformInput.DataSource.S3DataSource.S3DataType", `"AugmentedManifestFile"`, `Value 'AugmentedManifestFile' at 'transformInput.dataSource.s3DataSource.s3DataType' failed to satisfy constraint: Member must be ManifestFile or S3Prefix in a transform job`},
		{"resources without count", "transform", "TransformResources", `{"InstanceType": "ml.m5.large"}`, `Value null at 'transformResources.instanceCount' failed to satisfy constraint: Member must not be null`},
		{"setting out of range", "transform", "Environment.BATCHMILL_SHARDS", `"0"`, `Value '0' at 'environment.BATCHMILL_SHARDS' failed to satisfy constraint: Member must be an integer from 1`},
		{"setting of another kind", "transform", "Environment.BATCHMILL_CHECKPOINT_SECONDS", `"0"`, `Value '0' at 'environment.BATCHMILL_CHECKPOINT_SECONDS' failed to satisfy constraint: Member must be absent from a TransformJob, which has the settings BATCHMILL_SHARDS, BATCHMILL_SHARD_SIZE_MB, BATCHMILL_MAX_REJECTED_RECORDS, BATCHMILL_REJECTED_RECORDS, BATCHMILL_MODEL_URI, BATCHMILL_OUTPUT, SAGEMAKER_INFERENCE_OUTPUT, BATCHMILL_SERIES, BATCHMILL_SERIES_REDO, BATCHMILL_KEEP_STAGING`},

		{"model URI too long", "transform", "ModelName", `"s3://drop/` + strings.Repeat("x", 1015) + `"`, `Value 's3://drop/` + strings.Repeat("x", 246) + `...' at 'modelName' failed to satisfy constraint: Member must have length less than or equal to 1024`},
		{"model URI without a bucket", "transform", "ModelName", `"s3:///model.json"`, `Value 's3:///model.json' at 'modelName' failed to satisfy constraint: Member must satisfy regular expression pattern: (https|s3)://([^/]+)/?(.*)`},
		{"model of another scheme", "transform", "ModelName", `"https://drop/model.json"`, `Value 'https://drop/model.json' at 'modelName' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-zA-Z0-9]([\-a-zA-Z0-9]*[a-zA-Z0-9])?`},
		{"model setting is no URI", "transform", "Environment.BATCHMILL_MODEL_URI", `"housing"`, `Value 'housing' at 'environment.BATCHMILL_MODEL_URI' failed to satisfy constraint: Member must be an s3:// URI`},
		{"two ways to name containers", "model", "Containers", `[{"Image": "xgboost"}]`, `Value '[{"Image":"xgboost"}]' at 'containers' failed to satisfy constraint: Member must be absent when PrimaryContainer is given`},
		{"no image", "model", "PrimaryContainer.Image", ``, `Value '{"ModelDataUrl":"s3://demo/models/housing-1/output/model.tar.gz"}' at 'primaryContainer' failed to satisfy constraint: Member must have exactly one of Image and ModelPackageName`},
		{"blank in image", "model", "PrimaryContainer.Image", `"a b"`, `Value 'a b' at 'primaryContainer.image' failed to satisfy constraint: Member must satisfy regular expression pattern: [\S]+`},

		{"column missing", "split", "SplitStrategy.Type", `"Group"`, `Value null at 'splitStrategy.column' failed to satisfy constraint: Member must not be null for a split of type Group`},
		{"column refused", "split", "SplitStrategy.Column", `"x"`, `Value 'x' at 'splitStrategy.column' failed to satisfy constraint: Member must be absent for a split of type Random`},
		{"folds with outputs", "split", "SplitStrategy", `{"Type": "KFold", "Folds": 5}`, `Value '[{"ChannelName":"train","Fraction":0.7},{"ChannelName":"validation","Fraction":0.1},{"ChannelName":"test","Fraction":0.2}]' at 'outputs' failed to satisfy constraint: Member must be absent for a split of type KFold`},
		{"folds refused", "split", "SplitStrategy.Folds", `5`, `Value '5' at 'splitStrategy.folds' failed to satisfy constraint: Member must be absent for a split of type Random`},
		{"sum of fractions", "split", "Outputs.2.Fraction", `0.3`, `Value '[{"ChannelName":"train","Fraction":0.7},{"ChannelName":"validation","Fraction":0.1},{"ChannelName":"test","Fraction":0.3}]' at 'outputs' failed to satisfy constraint: Member must have fractions that sum to 1, not 1.1`},
		{"fraction zero", "split", "Outputs.2.Fraction", `0`, `Value '0' at 'outputs.3.member.fraction' failed to satisfy constraint: Member must have value greater than 0`},
		{"fraction above 1", "split", "Outputs.2.Fraction", `1.2`, `Value '1.2' at 'outputs.3.member.fraction' failed to satisfy constraint: Member must have value less than or equal to 1`},
		{"side twice", "split", "Outputs.2.ChannelName", `"train"`, `Value 'train' at 'outputs.3.member.channelName' failed to satisfy constraint: Member must be unique`},
		{"two inputs", "split", "InputDataConfig.1", `{"ChannelName": "b", "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://b/k"}}}`, `Value '[{"ChannelName":"data","ContentType":"text/csv","DataSource":{"S3DataSource":{"S3DataType":"S3Prefix","S3Uri":"s3://demo/raw/"}}},{"ChannelName":"b","DataSource":{"S3DataSource":{"S3DataType":"S3Prefix","S3Uri":"s3://b/k"}}}]' at 'inputDataConfig' failed to satisfy constraint: Member must have length less than or equal to 1`},
		{"format of outputs", "split", "OutputDataConfig.ContentType", `"text/html"`, `Value 'text/html' at 'outputDataConfig.contentType' failed to satisfy constraint: Member must satisfy regular expression pattern: (text/csv|application/x-parquet|application/jsonlines)(;.*)?`},
	} {
		t.Run(c.kind+"/"+c.name, func(t *testing.T) {
			t.Parallel()
			_, err := parsers[c.kind](change(t, goodDocuments[c.kind], c.path, c.value))
			var invalid *ValidationError
			require.ErrorAs(t, err, &invalid)
			_, violations, _ := strings.Cut(err.Error(), " detected: ")
			assert.Equal(t, c.err, violations)
		})
	}
}

func TestAllowed(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, kind, path, value string }{
		{"no role", "training", "RoleArn", ``},
		{"null is absent", "training", "CheckpointConfig", `null`},
		{"no resources, no bound", "training", "ResourceConfig", ``},
		{"digest", "training", "AlgorithmSpecification.TrainingImage", `"localhost:5000/xgboost@sha256:00"`},
		{"algorithm by ARN", "training", "AlgorithmSpecification", `{"AlgorithmName": "arn:aws:sagemaker:us-east-1:123456789012:algorithm/mine", "TrainingInputMode": "File"}`},
		{"augmented manifest piped", "training", "InputDataConfig.0", `{"ChannelName": "a", "InputMode": "Pipe", "DataSource": {"S3DataSource": {"S3DataType": "AugmentedManifestFile", "S3Uri": "s3://b/m", "AttributeNames": ["x"]}}}`},
		{"unknown instance type", "training", "ResourceConfig.InstanceType", `"local.cpu.4x"`},
		{"percentage", "transform", "Environment.BATCHMILL_MAX_REJECTED_RECORDS", `"1%"`},
		{"model by URI", "transform", "ModelName", `"s3://drop/` + strings.Repeat("long/", 150) + `model.json"`},
		{"model by URI in a setting", "transform", "Environment.BATCHMILL_MODEL_URI", `"s3://drop/model.json"`},
		{"text of any script in tags", "model", "Tags", `[{"Key": "größe", "Value": "東京"}]`},
		{"stratified", "split", "SplitStrategy", `{"Type": "Stratified", "Column": "income"}`},
		{"format with parameters", "split", "OutputDataConfig.ContentType", `"text/csv;header=absent"`},
	} {
		_, err := parsers[c.kind](change(t, goodDocuments[c.kind], c.path, c.value))
		assert.NoError(t, err, c.name)
	}
}

func TestEveryViolationIsReported(t *testing.T) {
	t.Parallel()
	_, err := ParseTransformJob([]byte(`{"TransformJobName": "a b", "ModelNam": "m", "BatchStrategy": "Both", "MaxPayloadInMB": -1}`))
	assert.EqualError(t, err, `7 validation errors detected: `+
		`Value 'a b' at 'transformJobName' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}; `+
		`Value null at 'modelName' failed to satisfy constraint: Member must not be null; `+
		`Value '-1' at 'maxPayloadInMB' failed to satisfy constraint: Member must have value greater than or equal to 0; `+
		`Value 'Both' at 'batchStrategy' failed to satisfy constraint: Member must satisfy enum value set: [MultiRecord, SingleRecord]; `+
		`Value null at 'transformInput' failed to satisfy constraint: Member must not be null; `+
		`Value null at 'transformOutput' failed to satisfy constraint: Member must not be null; `+
		`Value 'm' at 'modelNam' failed to satisfy constraint: Member ModelNam is not known, did you mean ModelName?`)
	_, err = ParseModel([]byte(`{"ModelName": "m", "PrimaryContainer": {"Image": ""}}`))
	assert.ErrorContains(t, err, "1 validation error detected: Value '' at 'primaryContainer.image'")
}

// change sets or removes one member of a JSON document.
func change(t *testing.T, text, path, value string) []byte {
	t.Helper()
	var doc any
	require.NoError(t, json.Unmarshal([]byte(text), &doc))
	doc = changed(t, doc, strings.Split(path, "."), value)
	out, err := json.Marshal(doc)
	require.NoError(t, err)
	return out
}

func changed(t *testing.T, doc any, path []string, value string) any {
	if len(path) == 0 {
		var v any
		dec := json.NewDecoder(strings.NewReader(value))
		dec.UseNumber()
		require.NoError(t, dec.Decode(&v))
		return v
	}
	if list, ok := doc.([]any); ok {
		i := int(path[0][0] - '0')
		for len(list) <= i {
			list = append(list, nil)
		}
		list[i] = changed(t, list[i], path[1:], value)
		return list
	}
	object, _ := doc.(map[string]any)
	if len(path) == 1 && value == "" {
		delete(object, path[0])
		return object
	}
	object[path[0]] = changed(t, object[path[0]], path[1:], value)
	return object
}

func manyEntries(n int) string {
	m := map[string]string{}
	for i := range n {
		m["ENTRY_"+string(rune('A'+i))] = "some value"
	}
	text, _ := json.Marshal(m)
	return string(text)
}
