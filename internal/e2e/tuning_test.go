package e2e_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/batchmill/batchmill/client"
	"github.com/batchmill/batchmill/jobs"
)

// tuningDocument searches three hyperparameters of xgboost on the Boston housing table.
func (s *stack) tuningDocument(t *testing.T, name, strategy string, trials, parallel int, static map[string]string) object {
	t.Helper()
	b := s.bucket(t, "tune")
	if len(s.list(t, b+"train/")) == 0 {
		train, test := readTable(t, "boston_housing", "boston.csv").sides()
		s.put(t, b+"validation/validation.csv", test.csv(t))
		s.put(t, b+"train/train.csv", train.csv(t))
	}
	all := map[string]string{"objective": "reg:squarederror", "seed": "3"}
	maps.Copy(all, static)
	content := "text/csv;header=present;label=medv"
	limits := object{"MaxParallelTrainingJobs": parallel}
	if trials > 0 {
		limits["MaxNumberOfTrainingJobs"] = trials
	}
	return object{
		"HyperParameterTuningJobName": name,
		"HyperParameterTuningJobConfig": object{
			"Strategy":                         strategy,
			"HyperParameterTuningJobObjective": object{"Type": "Minimize", "MetricName": "validation:rmse"},
			"ResourceLimits":                   limits,
			"ParameterRanges": object{
				"IntegerParameterRanges": []any{object{"Name": "max_depth", "MinValue": "2", "MaxValue": "8"}},
				"ContinuousParameterRanges": []any{
					object{"Name": "eta", "MinValue": "0.02", "MaxValue": "0.5", "ScalingType": "Logarithmic"},
					object{"Name": "subsample", "MinValue": "0.4", "MaxValue": "1"},
				},
			},
			"RandomSeed": 7,
		},
		"TrainingJobDefinition": object{
			"StaticHyperParameters":  all,
			"AlgorithmSpecification": object{"TrainingImage": "xgboost:1", "TrainingInputMode": "File"},
			"InputDataConfig":        []any{channel("train", content, b+"train/"), channel("validation", content, b+"validation/")},
			"OutputDataConfig":       object{"S3OutputPath": b + "models/"},
			"StoppingCondition":      object{"MaxRuntimeInSeconds": 600},
			"Environment":            object{},
		},
	}
}

func config(doc object) object { return doc["HyperParameterTuningJobConfig"].(object) }

func definition(doc object) object { return doc["TrainingJobDefinition"].(object) }

func (s *stack) trials(t *testing.T, name string) []client.Trial {
	t.Helper()
	all, err := s.Trials(name).Read(t.Context())
	require.NoError(t, err)
	return all
}

// requireEachTrialOnce checks that the search had n trials, that all have ended, and that each is one training job.
func (s *stack) requireEachTrialOnce(t *testing.T, name string, n int) {
	t.Helper()
	trials := s.trials(t, name)
	require.Len(t, trials, n)
	for i, trial := range trials {
		require.Equal(t, jobs.ChildName(name, i+1), trial.Summary.TrainingJobName)
		require.True(t, trial.Summary.TrainingJobStatus.Terminal(), "%s: %s", trial.Summary.TrainingJobName, trial.Summary.TrainingJobStatus)
		d, err := s.Job(jobs.TrainingKind, trial.Summary.TrainingJobName).Describe(t.Context())
		require.NoError(t, err)
		child := decode[jobs.TrainingJobDescription](t, d)
		require.Equal(t, child.TrainingJobStatus, trial.Summary.TrainingJobStatus, child.TrainingJobName)
		if v, ok := trial.Summary.Value(); ok {
			require.Equal(t, metric(t, child, "validation:rmse"), v, "%s", child.TrainingJobName)
		}
		for key, value := range trial.Summary.TunedHyperParameters {
			require.Equal(t, value, child.HyperParameters[key])
		}
	}
}

// TestTuning: a search from its document to its best configuration, as the command line shows it.
func TestTuning(t *testing.T) {
	t.Parallel()
	doc := shared.tuningDocument(t, "small", "Sobol", 8, 3, map[string]string{"num_round": "20"})
	r := cliWith(t, shared.environ(), string(text(t, doc)), "tune", "-")
	out := r.ok(t)
	require.Contains(t, r.stderr, "tune small: trial 8 completed  validation:rmse")
	require.Regexp(t, `(?m)^Status +Completed$`, out)
	require.Regexp(t, `(?m)^Training jobs +8 completed, 0 stopped, 0 failed, 0 in progress$`, out)
	require.Regexp(t, `(?m)^  eta +0\.`, out)
	shared.requireEachTrialOnce(t, "small", 8)

	var d jobs.HyperParameterTuningJobDescription
	require.NoError(t, json.Unmarshal([]byte(shared.cli(t, "describe", "tune", "small", "-o", "json").ok(t)), &d))
	require.Equal(t, jobs.TrainingJobStatusCounters{Completed: 8}, d.TrainingJobStatusCounters)
	require.Equal(t, jobs.ObjectiveStatusCounters{Succeeded: 8}, d.ObjectiveStatusCounters)
	require.Equal(t, "validation:rmse", d.TrainingJobDefinition.StaticHyperParameters["_tuning_objective_metric"])
	require.Equal(t, "ObjectiveMetric", d.TrainingJobDefinition.AlgorithmSpecification.MetricDefinitions[18].Name)
	best, _ := d.BestTrainingJob.Value()

	var listed struct {
		TrainingJobSummaries []jobs.HyperParameterTrainingJobSummary
	}
	require.NoError(t, json.Unmarshal([]byte(shared.cli(t, "list", "train", "--tuning", "small", "-o", "json").ok(t)), &listed))
	require.Len(t, listed.TrainingJobSummaries, 8)
	least := best
	for _, s := range listed.TrainingJobSummaries {
		v, ok := s.Value()
		require.True(t, ok)
		require.GreaterOrEqual(t, v, least, "the best first")
		least = v
	}
	require.Equal(t, d.BestTrainingJob.TrainingJobName, listed.TrainingJobSummaries[0].TrainingJobName)
	child := decode[jobs.TrainingJobDescription](t, must(shared.Job(jobs.TrainingKind, d.BestTrainingJob.TrainingJobName).Describe(t.Context())))
	require.Equal(t, d.HyperParameterTuningJobArn, child.TuningJobArn)
	require.NotEmpty(t, shared.get(t, child.ModelArtifacts.S3ModelArtifacts))
	require.Contains(t, shared.cli(t, "list", "tune").ok(t), "small")
	again := cliWith(t, shared.environ(), string(text(t, doc)), "tune", "-")
	require.Equal(t, 1, again.code)
	require.Contains(t, again.stderr, "A hyperparameter tuning job with the name, small, already exists. Choose a different name.")
}

func must(d jobs.Document, err error) jobs.Document {
	if err != nil {
		panic(fmt.Sprint("description: ", err))
	}
	return d
}

// TestTuningSameSeed: the same seed gives the same trials, also where they end in another order.
func TestTuningSameSeed(t *testing.T) {
	t.Parallel()
	var values [2][]map[string]string
	for i, parallel := range []int{1, 4} {
		name := fmt.Sprintf("seed-%d", i)
		finish[jobs.HyperParameterTuningJobDescription](t, shared.begin(t, jobs.TuningKind, shared.tuningDocument(t, name, "Random", 6, parallel, map[string]string{"num_round": "3"})))
		for _, trial := range shared.trials(t, name) {
			values[i] = append(values[i], trial.Summary.TunedHyperParameters)
		}
	}
	require.Equal(t, values[0], values[1])
}

// TestTuningOddTrials: a trial that fails, one whose objective is never reported and one whose objective is no number are
// counted as what they are, and the search goes on.
func TestTuningOddTrials(t *testing.T) {
	t.Parallel()
	b := shared.bucket(t, "odd")
	shared.put(t, b+"train/a.csv", []byte("y,x\n0,1\n1,2\n0,3\n1,4\n"))
	shared.put(t, b+"validation/a.csv", []byte("y,x\n1,1\n1,2\n")) // one class only: its AUC is no number
	doc := shared.tuningDocument(t, "odd", "Grid", 0, 2, nil)
	config(doc)["HyperParameterTuningJobObjective"] = object{"Type": "Maximize", "MetricName": "validation:auc"}
	config(doc)["ParameterRanges"] = object{"CategoricalParameterRanges": []any{
		object{"Name": "objective", "Values": []any{"binary:logistic", "multi:softprob"}}, // multi:softprob needs num_class
		object{"Name": "num_round", "Values": []any{"1", "2"}},
	}}
	definition(doc)["StaticHyperParameters"] = map[string]string{"seed": "1"}
	content := "text/csv;header=present;label=y"
	definition(doc)["InputDataConfig"] = []any{channel("train", content, b+"train/"), channel("validation", content, b+"validation/")}
	d, failed := fail[jobs.HyperParameterTuningJobDescription](t, shared.begin(t, jobs.TuningKind, doc))
	require.Equal(t, "No objective metrics found after running 4 training jobs. Please ensure that the training algorithm is emitting the objective metric.", failed.Reason)
	require.Equal(t, jobs.TrainingJobStatusCounters{Completed: 2, NonRetryableError: 2}, d.TrainingJobStatusCounters)
	require.Equal(t, jobs.ObjectiveStatusCounters{Failed: 4}, d.ObjectiveStatusCounters)

	never := shared.tuningDocument(t, "never", "Random", 3, 1, map[string]string{"num_round": "2"})
	config(never)["HyperParameterTuningJobObjective"] = object{"Type": "Minimize", "MetricName": "made-up"}
	definition(never)["AlgorithmSpecification"].(object)["MetricDefinitions"] = []any{object{"Name": "made-up", "Regex": `loss=([0-9.]+)`}}
	_, failed = fail[jobs.HyperParameterTuningJobDescription](t, shared.begin(t, jobs.TuningKind, never))
	require.Contains(t, failed.Reason, "No objective metrics found after running 3 training jobs.")

	scraped := shared.tuningDocument(t, "scraped", "Random", 2, 1, map[string]string{"num_round": "2"})
	config(scraped)["HyperParameterTuningJobObjective"] = object{"Type": "Minimize", "MetricName": "mine"}
	definition(scraped)["AlgorithmSpecification"].(object)["MetricDefinitions"] = []any{object{"Name": "mine", "Regex": `#011validation-rmse:([0-9.]+)`}}
	done := finish[jobs.HyperParameterTuningJobDescription](t, shared.begin(t, jobs.TuningKind, scraped))
	require.Equal(t, 2, done.ObjectiveStatusCounters.Succeeded)
}

// TestTuningGivesUp: five training jobs that fail are enough.
func TestTuningGivesUp(t *testing.T) {
	t.Parallel()
	doc := shared.tuningDocument(t, "hopeless", "Random", 20, 1, map[string]string{"num_round": "2", "objective": "multi:softmax"})
	d, failed := fail[jobs.HyperParameterTuningJobDescription](t, shared.begin(t, jobs.TuningKind, doc))
	require.Equal(t, "No training job succeeded after 5 attempts. Please take a look at the training job failures to get more details.", failed.Reason)
	require.Equal(t, jobs.TrainingJobStatusCounters{NonRetryableError: 5}, d.TrainingJobStatusCounters)
}

// TestTuningRefused: what the algorithm or the parents do not allow ends the job before a training job starts.
func TestTuningRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(object)
		err    string
	}{
		"no-such-metric": {func(d object) {
			config(d)["HyperParameterTuningJobObjective"].(object)["MetricName"] = "validation:sharpness"
		}, "A metric is required for this hyperparameter tuning job objective. Provide a metric in the metric definitions."},
		"no-validation": {func(d object) { definition(d)["InputDataConfig"] = definition(d)["InputDataConfig"].([]any)[:1] },
			"A metric is required for this hyperparameter tuning job objective. Provide a metric in the metric definitions."},
		"no-such-parameter": {func(d object) { definition(d)["StaticHyperParameters"].(map[string]string)["leafs"] = "3" },
			"Extraneous hyperparameter found: leafs"},
		"no-rounds": {func(d object) { delete(definition(d)["StaticHyperParameters"].(map[string]string), "num_round") },
			"Missing required hyperparameter: num_round"},
		"range-too-wide": {func(d object) {
			config(d)["ParameterRanges"].(object)["ContinuousParameterRanges"].([]any)[0].(object)["MaxValue"] = "2"
		}, "Hyperparameter eta: 2 is not in [0, 1]"},
		"no-such-image": {func(d object) { definition(d)["AlgorithmSpecification"].(object)["TrainingImage"] = "prophet:1" }, "prophet"},
		"no-such-parent": {func(d object) {
			d["WarmStartConfig"] = object{"WarmStartType": "TransferLearning", "ParentHyperParameterTuningJobs": []any{object{"HyperParameterTuningJobName": "nobody"}}}
		}, "Amazon SageMaker can't find a tuning job called nobody. Type another name."},
	} {
		doc := shared.tuningDocument(t, name, "Random", 4, 1, map[string]string{"num_round": "2"})
		c.change(doc)
		d, failed := fail[jobs.HyperParameterTuningJobDescription](t, shared.begin(t, jobs.TuningKind, doc))
		require.Contains(t, failed.Reason, c.err, name)
		require.True(t, strings.HasPrefix(failed.Reason, "ClientError: "), failed.Reason)
		require.Zero(t, d.TrainingJobStatusCounters, name)
		require.Empty(t, shared.trials(t, name))
	}
	bad := shared.tuningDocument(t, "bad", "Random", 4, 0, nil)
	r := cliWith(t, shared.environ(), string(text(t, bad)), "tune", "-")
	require.Equal(t, 2, r.code)
	require.Contains(t, r.stderr, "Value '0' at 'hyperParameterTuningJobConfig.resourceLimits.maxParallelTrainingJobs' failed to satisfy constraint")
}
