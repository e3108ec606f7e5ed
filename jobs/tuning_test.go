package jobs

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// tuningJSON is a search with one definition and something in most members.
const tuningJSON = `{
  "HyperParameterTuningJobName": "housing-tune",
  "HyperParameterTuningJobConfig": {
    "Strategy": "Bayesian",
    "HyperParameterTuningJobObjective": {"Type": "Minimize", "MetricName": "validation:rmse"},
    "ResourceLimits": {"MaxNumberOfTrainingJobs": 30, "MaxParallelTrainingJobs": 4, "MaxRuntimeInSeconds": 3600},
    "ParameterRanges": {
      "IntegerParameterRanges": [{"Name": "max_depth", "MinValue": "2", "MaxValue": "10"}],
      "ContinuousParameterRanges": [
        {"Name": "eta", "MinValue": "0.01", "MaxValue": "0.5", "ScalingType": "Logarithmic"},
        {"Name": "subsample", "MinValue": "0.5", "MaxValue": "0.99", "ScalingType": "ReverseLogarithmic"}],
      "CategoricalParameterRanges": [{"Name": "grow_policy", "Values": ["depthwise", "lossguide"]}]},
    "TrainingJobEarlyStoppingType": "Auto",
    "TuningJobCompletionCriteria": {"TargetObjectiveMetricValue": 0, "BestObjectiveNotImproving": {"MaxNumberOfTrainingJobsNotImproving": 10},
      "ConvergenceDetected": {"CompleteOnConvergence": "Enabled"}},
    "RandomSeed": 0},
  "TrainingJobDefinition": {
    "StaticHyperParameters": {"num_round": "100"},
    "AlgorithmSpecification": {"TrainingImage": "xgboost:1", "TrainingInputMode": "File"},
    "RoleArn": "arn:aws:iam::123456789012:role/service-role/Training",
    "InputDataConfig": [{"ChannelName": "train", "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://demo/train/"}}, "ContentType": "text/csv"}],
    "OutputDataConfig": {"S3OutputPath": "s3://demo/models"},
    "ResourceConfig": {"InstanceType": "ml.m5.xlarge", "InstanceCount": 1, "VolumeSizeInGB": 10},
    "StoppingCondition": {"MaxRuntimeInSeconds": 600},
    "CheckpointConfig": {"S3Uri": "s3://demo/checkpoints/"},
    "Environment": {"BATCHMILL_CHECKPOINT_SECONDS": "0"}},
  "WarmStartConfig": {"ParentHyperParameterTuningJobs": [{"HyperParameterTuningJobName": "housing-tune-0"}], "WarmStartType": "TransferLearning"},
  "Tags": [{"Key": "team", "Value": "prices"}]
}`

// tuningsJSON is a search by Hyperband over two definitions.
const tuningsJSON = `{
  "HyperParameterTuningJobName": "both",
  "HyperParameterTuningJobConfig": {
    "Strategy": "Hyperband", "StrategyConfig": {"HyperbandStrategyConfig": {"MinResource": 1, "MaxResource": 81}},
    "ResourceLimits": {"MaxParallelTrainingJobs": 2}},
  "TrainingJobDefinitions": [
    {"DefinitionName": "trees", "TuningObjective": {"Type": "Minimize", "MetricName": "validation:rmse"},
     "HyperParameterRanges": {"ContinuousParameterRanges": [{"Name": "eta", "MinValue": "0.01", "MaxValue": "0.5"}]},
     "AlgorithmSpecification": {"TrainingImage": "xgboost:1", "TrainingInputMode": "File"},
     "OutputDataConfig": {"S3OutputPath": "s3://demo/models"},
     "HyperParameterTuningResourceConfig": {"AllocationStrategy": "Prioritized", "InstanceConfigs": [{"InstanceType": "ml.m5.xlarge", "InstanceCount": 1, "VolumeSizeInGB": 5}]}},
    {"DefinitionName": "linear", "TuningObjective": {"Type": "Minimize", "MetricName": "validation:rmse"},
     "HyperParameterRanges": {"ContinuousParameterRanges": [{"Name": "eta", "MinValue": "0.1", "MaxValue": "1"}]},
     "AlgorithmSpecification": {"TrainingImage": "xgboost:1", "TrainingInputMode": "File"},
     "OutputDataConfig": {"S3OutputPath": "s3://demo/models"}}]
}`

// many writes n ranges of that form, with %d for their number.
func many(n int, form string) string {
	var all []string
	for i := range n {
		all = append(all, fmt.Sprintf(form, i))
	}
	return strings.Join(all, ",")
}

// TestTuningViolations changes one thing of a good document and compares the whole error text (contract 4.2).
func TestTuningViolations(t *testing.T) {
	t.Parallel()
	const config, ranges = "HyperParameterTuningJobConfig.", "HyperParameterTuningJobConfig.ParameterRanges."
	const ofConfig, ofRanges = "hyperParameterTuningJobConfig.", "hyperParameterTuningJobConfig.parameterRanges"
	for _, c := range []struct {
		name, kind  string
		path, value string // as in TestViolations
		at, err     string // of the first violation; the value's text is not compared
	}{
		{"name of 33 characters", "tuning", "HyperParameterTuningJobName", `"` + strings.Repeat("x", 33) + `"`, "hyperParameterTuningJobName", "Member must have length less than or equal to 32"},
		{"unknown strategy", "tuning", config + "Strategy", `"Genetic"`, ofConfig + "strategy", "Member must satisfy enum value set: [Bayesian, Random, Hyperband, Grid, Sobol]"},
		{"no limits", "tuning", config + "ResourceLimits", ``, ofConfig + "resourceLimits", "Member must not be null"},
		{"no definition", "tuning", "TrainingJobDefinition", ``, "trainingJobDefinition", "Member must not be null"},
		{"both kinds of definition", "tuning", "TrainingJobDefinitions", `[{"AlgorithmSpecification": {"TrainingImage": "xgboost", "TrainingInputMode": "File"}, "OutputDataConfig": {"S3OutputPath": "s3://b/o"}}]`, "trainingJobDefinitions", "Member must be absent when TrainingJobDefinition is given"},
		{"no objective", "tuning", config + "HyperParameterTuningJobObjective", ``, ofConfig + "hyperParameterTuningJobObjective", "Member must not be null"},
		{"objective twice", "tuning", "TrainingJobDefinition.TuningObjective", `{"Type": "Minimize", "MetricName": "m"}`, ofConfig + "hyperParameterTuningJobObjective", "Member must be absent when the definition has its TuningObjective"},
		{"no ranges", "tuning", config + "ParameterRanges", ``, ofRanges, "Member must not be null"},
		{"empty ranges", "tuning", config + "ParameterRanges", `{}`, ofRanges, "Member must have at least one range"},
		{"ranges twice", "tuning", "TrainingJobDefinition.HyperParameterRanges", `{"CategoricalParameterRanges": [{"Name": "booster", "Values": ["dart"]}]}`, ofRanges, "Member must be absent when the definition has its HyperParameterRanges"},
		{"31 ranges", "tuning", ranges + "CategoricalParameterRanges", `[` + many(28, `{"Name": "p%d", "Values": ["a"]}`) + `]`, ofRanges, "Member must have at most 30 ranges, not 31"},
		{"31 values", "tuning", ranges + "CategoricalParameterRanges.0.Values", `[` + many(31, `"v%d"`) + `]`, ofRanges + ".categoricalParameterRanges.1.member.values", "Member must have length less than or equal to 30"},
		{"value twice", "tuning", ranges + "CategoricalParameterRanges.0.Values", `["a", "b", "a"]`, ofRanges + ".categoricalParameterRanges.1.member.values.3.member", "Member must be unique"},
		{"no values", "tuning", ranges + "CategoricalParameterRanges.0.Values", `[]`, ofRanges + ".categoricalParameterRanges.1.member.values", "Member must have length greater than or equal to 1"},
		{"100 hyperparameters beside the objective", "tuning", "TrainingJobDefinition.StaticHyperParameters", `{` + many(96, `"p%d": "1"`) + `}`, "trainingJobDefinition.staticHyperParameters", "Member must have, with the ranges and _tuning_objective_metric, at most 100 entries, not 101"},
		{"static and tunable", "tuning", "TrainingJobDefinition.StaticHyperParameters.eta", `"0.1"`, ofRanges, "Member must not have a range of this name: it is among the StaticHyperParameters"},
		{"tunable twice", "tuning", ranges + "IntegerParameterRanges.0.Name", `"eta"`, ofRanges, "Member must not have two ranges of this name"},
		{"objective's name tunable", "tuning", ranges + "CategoricalParameterRanges.0.Name", `"_tuning_objective_metric"`, ofRanges, "Member must not have a range of this name: it is set to the objective's MetricName"},
		{"objective's name static", "tuning", "TrainingJobDefinition.StaticHyperParameters._tuning_objective_metric", `"train:rmse"`, "trainingJobDefinition.staticHyperParameters._tuning_objective_metric", "Member must be absent: it is set to the objective's MetricName"},
		{"logarithm of 0", "tuning", ranges + "ContinuousParameterRanges.0.MinValue", `"0"`, ofRanges + ".continuousParameterRanges.1.member.minValue", "Member must have value greater than 0 for scaling Logarithmic"},
		{"reverse logarithm of 1", "tuning", ranges + "ContinuousParameterRanges.1.MaxValue", `"1"`, ofRanges + ".continuousParameterRanges.2.member.scalingType", "Member must be used with ranges inside [0, 1) only, not [0.5, 1]"},
		{"reverse logarithm of integers", "tuning", ranges + "IntegerParameterRanges.0.ScalingType", `"ReverseLogarithmic"`, ofRanges + ".integerParameterRanges.1.member.scalingType", "Member must be used with continuous ranges only"},
		{"minimum above maximum", "tuning", ranges + "IntegerParameterRanges.0.MinValue", `"11"`, ofRanges + ".integerParameterRanges.1.member.minValue", "Member must have value less than or equal to MaxValue, which is 10"},
		{"bound that is no number", "tuning", ranges + "ContinuousParameterRanges.0.MaxValue", `"a lot"`, ofRanges + ".continuousParameterRanges.1.member.maxValue", "Member must be a number"},
		{"infinite bound", "tuning", ranges + "ContinuousParameterRanges.0.MaxValue", `"inf"`, ofRanges + ".continuousParameterRanges.1.member.maxValue", "Member must be a number"},
		{"huge range", "tuning", ranges + "ContinuousParameterRanges.0", `{"Name": "eta", "MinValue": "-1.7e308", "MaxValue": "1.7e308"}`, ofRanges + ".continuousParameterRanges.1.member.minValue", "Member must not be farther from MaxValue, which is 1.7e308, than a number can express"},
		{"broken integer", "tuning", ranges + "IntegerParameterRanges.0.MaxValue", `"9.5"`, ofRanges + ".integerParameterRanges.1.member.maxValue", "Member must be a whole number within ±2^53"},
		{"auto parameters", "tuning", ranges + "AutoParameters", `[{"Name": "alpha", "ValueHint": "1"}]`, ofRanges + ".autoParameters", "Member must be absent unless Autotune is Enabled"},
		{"too many training jobs", "tuning", config + "ResourceLimits.MaxNumberOfTrainingJobs", `751`, ofConfig + "resourceLimits.maxNumberOfTrainingJobs", "Member must have value less than or equal to 750 for strategy Bayesian"},
		{"too many at once", "tuning", config + "ResourceLimits.MaxParallelTrainingJobs", `101`, ofConfig + "resourceLimits.maxParallelTrainingJobs", "Member must have value less than or equal to 100"},
		{"too short a time", "tuning", config + "ResourceLimits.MaxRuntimeInSeconds", `119`, ofConfig + "resourceLimits.maxRuntimeInSeconds", "Member must have value greater than or equal to 120"},
		{"grid of numbers", "tuning", config + "Strategy", `"Grid"`, ofRanges, "Member must have CategoricalParameterRanges only for strategy Grid"},
		{"Hyperband's settings elsewhere", "tuning", config + "StrategyConfig", `{"HyperbandStrategyConfig": {"MaxResource": 9}}`, ofConfig + "strategyConfig.hyperbandStrategyConfig", "Member must be absent unless Strategy is Hyperband"},
		{"Hyperband stops by itself", "tunings", config + "TrainingJobEarlyStoppingType", `"Auto"`, ofConfig + "trainingJobEarlyStoppingType", "Member must be Off for strategy Hyperband, which stops training jobs itself"},
		{"resource too large", "tunings", config + "StrategyConfig.HyperbandStrategyConfig.MaxResource", `20001`, ofConfig + "strategyConfig.hyperbandStrategyConfig.maxResource", "Member must have value less than or equal to 20000"},
		{"resource contradictory", "tunings", config + "StrategyConfig.HyperbandStrategyConfig.MinResource", `82`, ofConfig + "strategyConfig.hyperbandStrategyConfig.minResource", "Member must have value less than or equal to MaxResource, which is 81"},
		{"resource unknown", "tunings", config + "StrategyConfig", ``, ofConfig + "strategyConfig.hyperbandStrategyConfig.maxResource", "Member must not be null unless StaticHyperParameters have one of epochs, numepochs, n-epochs, n_epochs, num_epochs, num_round"},
		{"Hyperband has no warm start", "tunings", "WarmStartConfig", `{"ParentHyperParameterTuningJobs": [{"HyperParameterTuningJobName": "p"}], "WarmStartType": "TransferLearning"}`, "warmStartConfig", "Member must be absent for strategy Hyperband"},
		{"no parents", "tuning", "WarmStartConfig.ParentHyperParameterTuningJobs", `[]`, "warmStartConfig.parentHyperParameterTuningJobs", "Member must have length greater than or equal to 1"},
		{"six parents", "tuning", "WarmStartConfig.ParentHyperParameterTuningJobs", `[` + many(6, `{"HyperParameterTuningJobName": "p%d"}`) + `]`, "warmStartConfig.parentHyperParameterTuningJobs", "Member must have length less than or equal to 5"},
		{"parent twice", "tuning", "WarmStartConfig.ParentHyperParameterTuningJobs.1", `{"HyperParameterTuningJobName": "housing-tune-0"}`, "warmStartConfig.parentHyperParameterTuningJobs.2.member.hyperParameterTuningJobName", "Member must be unique"},
		{"parent twice, in another case", "tuning", "WarmStartConfig.ParentHyperParameterTuningJobs.1", `{"HyperParameterTuningJobName": "Housing-Tune-0"}`, "warmStartConfig.parentHyperParameterTuningJobs.2.member.hyperParameterTuningJobName", "Member must be unique"},
		{"its own parent", "tuning", "WarmStartConfig.ParentHyperParameterTuningJobs.0.HyperParameterTuningJobName", `"housing-tune"`, "warmStartConfig.parentHyperParameterTuningJobs.1.member.hyperParameterTuningJobName", "Member must not be the tuning job itself"},
		{"parent without a name", "tuning", "WarmStartConfig.ParentHyperParameterTuningJobs.0", `{}`, "warmStartConfig.parentHyperParameterTuningJobs.1.member.hyperParameterTuningJobName", "Member must not be null"},
		{"definition without a name", "tunings", "TrainingJobDefinitions.0.DefinitionName", ``, "trainingJobDefinitions.1.member.definitionName", "Member must not be null when TrainingJobDefinitions are given"},
		{"definitions of one name", "tunings", "TrainingJobDefinitions.1.DefinitionName", `"trees"`, "trainingJobDefinitions.2.member.definitionName", "Member must be unique"},
		{"definition without an objective", "tunings", "TrainingJobDefinitions.1.TuningObjective", ``, "trainingJobDefinitions.2.member.tuningObjective", "Member must not be null when TrainingJobDefinitions are given"},
		{"definition without ranges", "tunings", "TrainingJobDefinitions.0.HyperParameterRanges", ``, "trainingJobDefinitions.1.member.hyperParameterRanges", "Member must not be null when TrainingJobDefinitions are given"},
		{"objectives that do not compare", "tunings", "TrainingJobDefinitions.1.TuningObjective.Type", `"Maximize"`, "trainingJobDefinitions.2.member.tuningObjective.type", "Member must be the same in all TrainingJobDefinitions"},
		{"shared ranges beside definitions", "tunings", config + "ParameterRanges", `{"CategoricalParameterRanges": [{"Name": "booster", "Values": ["dart"]}]}`, ofRanges, "Member must be absent when TrainingJobDefinitions are given: each has its HyperParameterRanges"},
		{"instances twice", "tunings", "TrainingJobDefinitions.0.ResourceConfig", `{"InstanceType": "ml.m5.large", "InstanceCount": 1}`, "trainingJobDefinitions.1.member.hyperParameterTuningResourceConfig", "Member must be absent when ResourceConfig is given"},
		{"spot without a wait", "tuning", "TrainingJobDefinition.EnableManagedSpotTraining", `true`, "trainingJobDefinition.stoppingCondition.maxWaitTimeInSeconds", "Member must not be null when EnableManagedSpotTraining is true"},
		{"channel twice", "tuning", "TrainingJobDefinition.InputDataConfig.1", `{"ChannelName": "train", "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://b/k"}}}`, "trainingJobDefinition.inputDataConfig.2.member.channelName", "Member must be unique"},
		{"two algorithms", "tuning", "TrainingJobDefinition.AlgorithmSpecification.AlgorithmName", `"mine"`, "trainingJobDefinition.algorithmSpecification", "Member must have exactly one of TrainingImage and AlgorithmName"},
		{"unknown setting", "tuning", "TrainingJobDefinition.Environment.BATCHMILL_SHARDS", `"2"`, "trainingJobDefinition.environment.BATCHMILL_SHARDS", "Member must be absent from a TrainingJob, which has the settings BATCHMILL_CHECKPOINT_SECONDS"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := parsers[c.kind](change(t, goodDocuments[c.kind], c.path, c.value))
			var invalid *ValidationError
			require.ErrorAs(t, err, &invalid)
			assert.Equal(t, c.at, invalid.Violations[0].Path)
			assert.Equal(t, c.err, invalid.Violations[0].Constraint)
			if c.path != config+"Strategy" && c.path != "HyperParameterTuningJobName" { // these break more than one constraint
				assert.Len(t, invalid.Violations, 1, err)
			}
		})
	}
}

func TestGridLimits(t *testing.T) {
	t.Parallel()
	const grid = `{"CategoricalParameterRanges": [{"Name": "a", "Values": ["1", "2", "3"]}, {"Name": "b", "Values": ["x", "y"]}]}`
	doc := change(t, tuningJSON, "HyperParameterTuningJobConfig.ParameterRanges", grid)
	doc = change(t, string(doc), "WarmStartConfig", ``)
	doc = change(t, string(doc), "HyperParameterTuningJobConfig.Strategy", `"Grid"`)
	_, err := ParseHyperParameterTuningJob(doc)
	assert.ErrorContains(t, err, "Member must be absent or the number of points of the grid, which is 6")
	for _, limit := range []string{``, `6`} {
		_, err = ParseHyperParameterTuningJob(change(t, string(doc), "HyperParameterTuningJobConfig.ResourceLimits.MaxNumberOfTrainingJobs", limit))
		assert.NoError(t, err, limit)
	}
	large := `{"CategoricalParameterRanges": [{"Name": "a", "Values": [` + many(30, `"%d"`) + `]}, {"Name": "b", "Values": [` + many(26, `"%d"`) + `]}]}`
	doc = change(t, string(change(t, string(doc), "HyperParameterTuningJobConfig.ResourceLimits.MaxNumberOfTrainingJobs", ``)), "HyperParameterTuningJobConfig.ParameterRanges", large)
	_, err = ParseHyperParameterTuningJob(doc)
	assert.ErrorContains(t, err, "Member must have a grid of at most 750 points, not 780")
}

func TestTuningAllowed(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, kind, path, value string }{
		{"Sobol", "tuning", "HyperParameterTuningJobConfig.Strategy", `"Sobol"`},
		{"one point", "tuning", "HyperParameterTuningJobConfig.ParameterRanges.IntegerParameterRanges.0.MinValue", `"10"`},
		{"exponents", "tuning", "HyperParameterTuningJobConfig.ParameterRanges.ContinuousParameterRanges.0.MinValue", `"1e-05"`},
		{"only parallelism", "tuning", "HyperParameterTuningJobConfig.ResourceLimits", `{"MaxParallelTrainingJobs": 1}`},
		{"no stopping condition", "tuning", "TrainingJobDefinition.StoppingCondition", ``},
		{"what Describe returns", "tuning", "TrainingJobDefinition.StaticHyperParameters._tuning_objective_metric", `"validation:rmse"`},
	} {
		_, err := parsers[c.kind](change(t, goodDocuments[c.kind], c.path, c.value))
		assert.NoError(t, err, c.name)
	}
	random := change(t, tuningJSON, "HyperParameterTuningJobConfig.Strategy", `"Random"`)
	_, err := ParseHyperParameterTuningJob(change(t, string(random), "HyperParameterTuningJobConfig.ResourceLimits.MaxNumberOfTrainingJobs", `10000`))
	assert.NoError(t, err)
	_, err = ParseHyperParameterTuningJob(change(t, string(random), "HyperParameterTuningJobConfig.ResourceLimits.MaxNumberOfTrainingJobs", `10001`))
	assert.ErrorContains(t, err, "Member must have value less than or equal to 10000 for strategy Random")
	auto := change(t, tuningJSON, "Autotune", `{"Mode": "Enabled"}`)
	_, err = ParseHyperParameterTuningJob(change(t, string(auto), "HyperParameterTuningJobConfig.ParameterRanges", ``))
	assert.NoError(t, err, "ranges are chosen")
	static := change(t, string(change(t, tuningsJSON, "HyperParameterTuningJobConfig.StrategyConfig", ``)), "TrainingJobDefinitions.0.StaticHyperParameters", `{"num_round": "50"}`)
	static = change(t, string(static), "TrainingJobDefinitions.1.StaticHyperParameters", `{"epochs": "9", "num_round": "5"}`)
	job, err := ParseHyperParameterTuningJob(static)
	require.NoError(t, err)
	for i, want := range []int{50, 9} {
		least, most := job.Resource(job.Definitions()[i])
		assert.Equal(t, []int{1, want}, []int{least, most})
	}
}

func TestChild(t *testing.T) {
	t.Parallel()
	job, err := ParseHyperParameterTuningJob([]byte(tuningJSON))
	require.NoError(t, err)
	name := ChildName(job.HyperParameterTuningJobName, 7)
	assert.Regexp(t, `^housing-tune-007-[0-9a-f]{8}$`, name)
	assert.Equal(t, name, ChildName("housing-tune", 7))
	assert.NotEqual(t, name[len(name)-8:], ChildName("housing-tune", 8)[len(name)-8:])
	longest := ChildName(strings.Repeat("x", 32), maxIndependentTrainings)
	assert.LessOrEqual(t, len(longest), 63)
	child := job.Child(job.Definitions()[0], name, map[string]string{"eta": "0.1", "max_depth": "3"})
	require.NoError(t, child.Validate())
	assert.Equal(t, map[string]string{"num_round": "100", "eta": "0.1", "max_depth": "3", "_tuning_objective_metric": "validation:rmse"}, child.HyperParameters)
	assert.Equal(t, "s3://demo/checkpoints/"+name, child.CheckpointConfig.S3Uri)
	assert.Equal(t, "s3://demo/checkpoints/", job.TrainingJobDefinition.CheckpointConfig.S3Uri, "the definition stays")
	assert.Equal(t, job.Tags, child.Tags)
	assert.Equal(t, map[string]string{"num_round": "100"}, job.TrainingJobDefinition.StaticHyperParameters, "the definition stays")

	both, err := ParseHyperParameterTuningJob([]byte(tuningsJSON))
	require.NoError(t, err)
	child = both.Child(both.Definitions()[0], ChildName("both", 1), nil)
	assert.Equal(t, ResourceConfig{InstanceType: "ml.m5.xlarge", InstanceCount: 1, VolumeSizeInGB: 5}, child.ResourceConfig)
}

func TestDescribeTuning(t *testing.T) {
	t.Parallel()
	job, err := ParseHyperParameterTuningJob([]byte(tuningJSON))
	require.NoError(t, err)
	d := DescribeTuning(*job, ARN(TuningKind.IDPrefix, "us-east-1", "123456789012", "housing-tune"), created)
	text, err := json.Marshal(d)
	require.NoError(t, err)
	var got map[string]any
	require.NoError(t, json.Unmarshal(text, &got))
	assert.Equal(t, "arn:aws:sagemaker:us-east-1:123456789012:hyper-parameter-tuning-job/housing-tune", got["HyperParameterTuningJobArn"])
	assert.Equal(t, map[string]any{"Completed": 0., "InProgress": 0., "RetryableError": 0., "NonRetryableError": 0., "Stopped": 0.}, got["TrainingJobStatusCounters"])
	assert.Equal(t, map[string]any{"Succeeded": 0., "Pending": 0., "Failed": 0.}, got["ObjectiveStatusCounters"])
	for _, absent := range []string{"Tags", "HyperParameterTuningEndTime", "BestTrainingJob", "OverallBestTrainingJob", "FailureReason"} {
		assert.NotContains(t, got, absent)
	}
	assert.Equal(t, map[string]string{"num_round": "100", "_tuning_objective_metric": "validation:rmse"}, d.TrainingJobDefinition.StaticHyperParameters)
	assert.Equal(t, map[string]string{"num_round": "100"}, job.TrainingJobDefinition.StaticHyperParameters, "the document stays")
	var back HyperParameterTuningJobDescription
	require.NoError(t, json.Unmarshal(text, &back))
	again, err := json.Marshal(back)
	require.NoError(t, err)
	assert.JSONEq(t, string(text), string(again))

	require.NoError(t, d.Transition(TuningJobStatusStopping, created.Add(time.Second)))
	require.NoError(t, d.Transition(TuningJobStatusStopped, created.Add(2500*time.Millisecond)))
	assert.Equal(t, 2, d.ConsumedResources.RuntimeInSeconds)
	assert.Equal(t, d.LastModifiedTime, d.HyperParameterTuningEndTime)
	var refused *TransitionError
	require.ErrorAs(t, d.Transition(TuningJobStatusInProgress, created), &refused)
}

func TestTuningCounters(t *testing.T) {
	t.Parallel()
	var d HyperParameterTuningJobDescription
	for _, c := range []struct {
		status TrainingJobStatus
		reason string
		value  float64
		found  bool
	}{
		{TrainingJobStatusCompleted, "", 1, true},
		{TrainingJobStatusCompleted, "", 0, false},           // never reported it
		{TrainingJobStatusCompleted, "", math.NaN(), true},   // reported nothing to go by
		{TrainingJobStatusCompleted, "", math.Inf(-1), true}, // the same
		{TrainingJobStatusStopped, "", 2, true},
		{TrainingJobStatusFailed, "ClientError: bad", 3, true},
		{TrainingJobStatusFailed, "InternalServerError: We encountered an internal error. Please try again. (disk full)", 0, false},
	} {
		d.Started()
		s := HyperParameterTrainingJobSummary{TrainingJobStatus: c.status, FailureReason: c.reason}
		s.SetValue("m", c.value, c.found)
		d.Ended(s)
	}
	d.Started()
	assert.Equal(t, TrainingJobStatusCounters{Completed: 4, InProgress: 1, RetryableError: 1, NonRetryableError: 1, Stopped: 1}, d.TrainingJobStatusCounters)
	assert.Equal(t, ObjectiveStatusCounters{Succeeded: 2, Pending: 1, Failed: 5}, d.ObjectiveStatusCounters)
	assert.Equal(t, 7, d.TrainingJobStatusCounters.Ended())
	assert.Equal(t, 2, d.TrainingJobStatusCounters.Failed())
}

func TestSortTrials(t *testing.T) {
	t.Parallel()
	var all []HyperParameterTrainingJobSummary
	for i, v := range []float64{3, math.NaN(), 1, 2} {
		s := HyperParameterTrainingJobSummary{TrainingJobName: fmt.Sprint("t-", i), TrainingJobStatus: TrainingJobStatusCompleted, CreationTime: At(created.Add(time.Duration(-i) * time.Second))}
		s.SetValue("m", v, true)
		all = append(all, s)
	}
	for _, c := range []struct {
		by         string
		descending bool
		want       string
	}{
		{"Name", false, "t-0 t-1 t-2 t-3"},
		{"Name", true, "t-3 t-2 t-1 t-0"},
		{"CreationTime", false, "t-3 t-2 t-1 t-0"},
		{"FinalObjectiveMetricValue", false, "t-2 t-3 t-0"},
		{"FinalObjectiveMetricValue", true, "t-0 t-3 t-2"},
		{"Status", false, "t-0 t-1 t-2 t-3"},
	} {
		sorted, err := SortTrials(all, c.by, c.descending)
		require.NoError(t, err)
		var names []string
		for _, s := range sorted {
			names = append(names, s.TrainingJobName)
		}
		assert.Equal(t, c.want, strings.Join(names, " "), c.by)
	}
	_, err := SortTrials(all, "Color", false)
	assert.ErrorContains(t, err, "Color")
}
