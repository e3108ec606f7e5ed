package e2e_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

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
	doc["HyperParameterTuningJobName"] = "Small" // names of tuning jobs are the same in any case
	again = cliWith(t, shared.environ(), string(text(t, doc)), "tune", "-")
	require.Equal(t, 1, again.code)
	require.Contains(t, again.stderr, "A hyperparameter tuning job with the name, Small, already exists. Choose a different name.")
	require.Contains(t, shared.cli(t, "describe", "tune", "SMALL", "-o", "json").ok(t), `"HyperParameterTuningJobName": "small"`)
	require.Contains(t, shared.cli(t, "list", "train", "--tuning", "SMALL").ok(t), d.BestTrainingJob.TrainingJobName)
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

// TestTuningReport: the page and the charts are written, also while the search runs.
func TestTuningReport(t *testing.T) {
	t.Parallel()
	finish[jobs.HyperParameterTuningJobDescription](t, shared.begin(t, jobs.TuningKind, shared.tuningDocument(t, "drawn", "Random", 10, 4, map[string]string{"num_round": "3"})))
	dir := t.TempDir()
	page := shared.cli(t, "report", "tuning", "drawn", "-o", "-", "--charts", dir).ok(t)
	require.Contains(t, page, "Importance of each hyperparameter")
	require.Equal(t, 11, strings.Count(page, "drawn-0"), "a row for each trial, and the best one on top")
	for _, form := range []string{"svg", "png"} {
		drawn, err := filepath.Glob(filepath.Join(dir, "*."+form))
		require.NoError(t, err)
		require.Len(t, drawn, 6, form)
	}
	require.Equal(t, 1, shared.cli(t, "report", "tuning", "nobody").code)
	log := shared.cli(t, "logs", "tune", "drawn").ok(t)
	require.Equal(t, 10, strings.Count(log, "\n"))
	require.Contains(t, log, jobs.ChildName("drawn", 10)+"\tCompleted\tvalidation:rmse:")
}

// TestTuningStops: a stop ends the training jobs that run and keeps what there is.
func TestTuningStops(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	s.worker(t, "--concurrency", "3")
	doc := s.tuningDocument(t, "stopped", "Random", 20, 3, map[string]string{"num_round": strconv.Itoa(endless)})
	job := s.begin(t, jobs.TuningKind, doc)
	await(t, "training jobs", func() bool {
		running := 0
		for i := range 3 {
			p, err := s.Job(jobs.TrainingKind, jobs.ChildName("stopped", i+1)).Progress(t.Context())
			if err == nil && p.Done > 0 {
				running++
			}
		}
		return running == 3
	})
	s.cli(t, "stop", "tune", "stopped").ok(t)
	asked := time.Now()
	d, failed := fail[jobs.HyperParameterTuningJobDescription](t, job)
	require.Equal(t, "Stopped", failed.Status)
	require.Less(t, time.Since(asked), 30*time.Second)
	require.Equal(t, jobs.TrainingJobStatusCounters{Stopped: 3}, d.TrainingJobStatusCounters)
	require.Equal(t, jobs.ObjectiveStatusCounters{Succeeded: 3}, d.ObjectiveStatusCounters)
	require.NotNil(t, d.BestTrainingJob)
	s.requireEachTrialOnce(t, "stopped", 3)
	for _, trial := range s.trials(t, "stopped") {
		require.NotEmpty(t, s.get(t, "s3://tune/models/"+trial.Summary.TrainingJobName+"/output/model.tar.gz"))
	}
	require.Equal(t, 1, s.cli(t, "stop", "tune", "stopped").code, "it has ended")
}

// TestTuningSurvives: 30 trials, a worker that is killed in the middle of some, and a Temporal server that is killed later.
// No trial is lost, none is run twice, and they are those of an undisturbed search.
func TestTuningSurvives(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	first := s.worker(t, "--concurrency", "3")
	const trials = 30
	document := func(name string) object {
		return tuningSetting(s.tuningDocument(t, name, "Random", trials, 3, map[string]string{"num_round": "150"}), "BATCHMILL_CHECKPOINT_SECONDS", "0")
	}
	finish[jobs.HyperParameterTuningJobDescription](t, s.begin(t, jobs.TuningKind, document("undisturbed")))
	d := s.disturbed(t, first, document("killed"))
	require.Equal(t, jobs.TrainingJobStatusCounters{Completed: trials}, d.TrainingJobStatusCounters)
	require.Equal(t, jobs.ObjectiveStatusCounters{Succeeded: trials}, d.ObjectiveStatusCounters)
	s.requireEachTrialOnce(t, "killed", trials)
	want, got := s.trials(t, "undisturbed"), s.trials(t, "killed")
	for i := range want {
		require.Equal(t, want[i].Summary.TunedHyperParameters, got[i].Summary.TunedHyperParameters)
		require.Equal(t, want[i].Summary.FinalHyperParameterTuningJobObjectiveMetric, got[i].Summary.FinalHyperParameterTuningJobObjectiveMetric)
	}
	require.Len(t, s.list(t, "s3://tune/models/killed-"), trials, "one model each")
}

// disturbed runs a search named "killed": after 5 trials the worker is killed and another one takes over, after 15 the Temporal
// server is killed and started again.
func (s *stack) disturbed(t *testing.T, worker *process, doc object) jobs.HyperParameterTuningJobDescription {
	t.Helper()
	job := s.begin(t, jobs.TuningKind, doc)
	ended := func(n int) func() bool {
		return func() bool {
			all, err := s.Trials("killed").Read(t.Context())
			return err == nil && len(slices.DeleteFunc(all, func(x client.Trial) bool { return !x.Summary.TrainingJobStatus.Terminal() })) >= n
		}
	}
	await(t, "5 trials", ended(5))
	worker.kill()
	s.worker(t, "--concurrency", "3")
	await(t, "15 trials", ended(15))
	require.NoError(t, s.dev.child(t, "_temporal").Kill())
	<-s.dev.ended
	s.restart(t)
	return finish[jobs.HyperParameterTuningJobDescription](t, job)
}

// TestTuningByModelSurvives: likewise a search whose trials follow from the results, with trainings that end early.
func TestTuningByModelSurvives(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	first := s.worker(t, "--concurrency", "3")
	const trials = 30
	doc := tuningSetting(s.tuningDocument(t, "killed", "Bayesian", trials, 3, map[string]string{"num_round": "150"}), "BATCHMILL_CHECKPOINT_SECONDS", "0")
	config(doc)["TrainingJobEarlyStoppingType"] = "Auto"
	d := s.disturbed(t, first, doc)
	require.Equal(t, trials, d.TrainingJobStatusCounters.Completed+d.TrainingJobStatusCounters.Stopped, "%+v", d.TrainingJobStatusCounters)
	require.Equal(t, jobs.ObjectiveStatusCounters{Succeeded: trials}, d.ObjectiveStatusCounters)
	s.requireEachTrialOnce(t, "killed", trials)
	early := 0
	seen := map[string]bool{}
	for _, trial := range s.trials(t, "killed") {
		if trial.EarlyStopped {
			early++
		}
		seen[fmt.Sprint(trial.Summary.TunedHyperParameters)] = true
	}
	require.Equal(t, d.TrainingJobStatusCounters.Stopped, early)
	require.Len(t, seen, trials, "no point is tried twice")
	require.Len(t, s.list(t, "s3://tune/models/killed-"), trials, "one model each")
}

// tuningSetting puts a BATCHMILL_ setting into a tuning job's definition.
func tuningSetting(doc object, name, value string) object {
	definition(doc)["Environment"].(object)[name] = value
	return doc
}

// TestHyperband: trials pause at rungs and go on from their checkpoints: a promoted trial's model is that of a training that
// was never interrupted, and rounds are saved.
func TestHyperband(t *testing.T) {
	t.Parallel()
	doc := shared.tuningDocument(t, "halving", "Hyperband", 30, 2, map[string]string{"num_round": "9"})
	config(doc)["StrategyConfig"] = object{"HyperbandStrategyConfig": object{"MinResource": 1, "MaxResource": 9}}
	finish[jobs.HyperParameterTuningJobDescription](t, shared.begin(t, jobs.TuningKind, doc))
	shared.requireEachTrialOnce(t, "halving", 30)
	rounds, resumed := 0, ""
	for _, trial := range shared.trials(t, "halving") {
		name := trial.Summary.TrainingJobName
		log := shared.trainingLog(t, name)
		n := strings.Count(log, "\n")
		rounds += n
		requireEachRoundOnce(t, log, n)
		d := decode[jobs.TrainingJobDescription](t, must(shared.Job(jobs.TrainingKind, name).Describe(t.Context())))
		paused := slices.ContainsFunc(d.SecondaryStatusTransitions, func(s jobs.SecondaryStatusTransition) bool { return s.Status == jobs.SecondaryStatusInterrupted })
		if paused && d.TrainingJobStatus == jobs.TrainingJobStatusCompleted {
			resumed = name
		}
		require.Equal(t, n == 9, d.TrainingJobStatus == jobs.TrainingJobStatusCompleted, "%s: %d rounds", name, n)
	}
	require.Less(t, rounds, 30*9/2, "of %d", 30*9)
	require.NotEmpty(t, resumed, "some trial was promoted to the end")
	d := decode[jobs.TrainingJobDescription](t, must(shared.Job(jobs.TrainingKind, resumed).Describe(t.Context())))
	alone := trainDocument("alone", d.HyperParameters, "s3://tune/models/", definition(doc)["InputDataConfig"].([]any)...)
	shared.train(t, alone)
	a, b := shared.get(t, "s3://tune/models/alone/output/model.tar.gz"), shared.get(t, "s3://tune/models/"+resumed+"/output/model.tar.gz")
	require.True(t, bytes.Equal(a, b), "the model of %s", resumed)
}

// TestEarlyStopping: hopeless trials are stopped, and keep their value.
func TestEarlyStopping(t *testing.T) {
	t.Parallel()
	doc := shared.tuningDocument(t, "early", "Random", 16, 1, map[string]string{"num_round": "150"})
	config(doc)["TrainingJobEarlyStoppingType"] = "Auto"
	d := finish[jobs.HyperParameterTuningJobDescription](t, shared.begin(t, jobs.TuningKind, doc))
	require.Positive(t, d.TrainingJobStatusCounters.Stopped)
	require.Equal(t, 16, d.ObjectiveStatusCounters.Succeeded)
	for _, trial := range shared.trials(t, "early") {
		require.Equal(t, trial.EarlyStopped, trial.Summary.TrainingJobStatus == jobs.TrainingJobStatusStopped)
		require.Equal(t, trial.EarlyStopped, trial.Rounds < 150, "%d rounds", trial.Rounds)
	}
	best, _ := d.BestTrainingJob.Value()
	require.Equal(t, jobs.TrainingJobStatusCompleted, d.BestTrainingJob.TrainingJobStatus, "best %g", best)
}

// TestWarmStart: a search learns from an earlier one, whose best training job counts where data and algorithm are the same.
func TestWarmStart(t *testing.T) {
	t.Parallel()
	parent := finish[jobs.HyperParameterTuningJobDescription](t, shared.begin(t, jobs.TuningKind, shared.tuningDocument(t, "parent", "Sobol", 8, 4, map[string]string{"num_round": "15"})))
	for _, kind := range []string{jobs.WarmStartIdentical, jobs.WarmStartTransfer} {
		doc := shared.tuningDocument(t, "warm-"+kind[:5], "Bayesian", 2, 1, map[string]string{"num_round": "15"})
		doc["WarmStartConfig"] = object{"WarmStartType": kind, "ParentHyperParameterTuningJobs": []any{object{"HyperParameterTuningJobName": "parent"}}}
		d := finish[jobs.HyperParameterTuningJobDescription](t, shared.begin(t, jobs.TuningKind, doc))
		if kind == jobs.WarmStartTransfer {
			require.Nil(t, d.OverallBestTrainingJob)
			continue
		}
		mine, _ := d.BestTrainingJob.Value()
		its, _ := parent.BestTrainingJob.Value()
		overall, _ := d.OverallBestTrainingJob.Value()
		require.Equal(t, min(mine, its), overall)
		require.Equal(t, its < mine, d.OverallBestTrainingJob.TuningJobName == "parent")
	}
	other := shared.tuningDocument(t, "warm-other", "Random", 2, 1, map[string]string{"num_round": "15"})
	other["WarmStartConfig"] = object{"WarmStartType": jobs.WarmStartIdentical, "ParentHyperParameterTuningJobs": []any{object{"HyperParameterTuningJobName": "parent"}}}
	definition(other)["InputDataConfig"].([]any)[0] = channel("train", "text/csv;header=present;label=medv", "s3://tune/validation/")
	_, failed := fail[jobs.HyperParameterTuningJobDescription](t, shared.begin(t, jobs.TuningKind, other))
	require.Contains(t, failed.Reason, "algorithm and input data must be those of tuning job parent")
}
