package activities

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/batchmill/batchmill/activities/protocol"
	"github.com/batchmill/batchmill/jobs"
)

// TestAutotune: what the document leaves out is filled in from what the algorithm declares (contract 10.1).
func TestAutotune(t *testing.T) {
	t.Parallel()
	s := newShop(t, boston(t))
	doc := tuneDoc("auto", "Random", 0)
	config := doc["HyperParameterTuningJobConfig"].(object)
	delete(config, "ParameterRanges")
	config["ResourceLimits"] = object{"MaxParallelTrainingJobs": 2}
	doc["Autotune"] = object{"Mode": "Enabled"}
	planned, err := s.planTuningOf(doc)
	require.NoError(t, err)
	job, err := jobs.ParseHyperParameterTuningJob(planned.Document)
	require.NoError(t, err)
	ranges := job.Ranges(job.Definitions()[0])
	require.ElementsMatch(t, []string{
		"alpha", "colsample_bylevel", "colsample_bynode", "colsample_bytree", "eta", "gamma", "lambda", "max_delta_step", "max_depth",
		"min_child_weight", "subsample",
	}, ranges.Names(), "num_round is static")
	require.Contains(t, ranges.ContinuousParameterRanges, jobs.ContinuousParameterRange{Name: "eta", MinValue: "0.1", MaxValue: "0.5", ScalingType: "Linear"})
	require.Equal(t, 130, job.HyperParameterTuningJobConfig.ResourceLimits.MaxNumberOfTrainingJobs)
	require.Equal(t, "Auto", job.HyperParameterTuningJobConfig.TrainingJobEarlyStoppingType)
	require.Equal(t, "Enabled", job.HyperParameterTuningJobConfig.TuningJobCompletionCriteria.ConvergenceDetected.CompleteOnConvergence)

	doc = tuneDoc("hints", "Random", 4)
	config = doc["HyperParameterTuningJobConfig"].(object)
	config["ParameterRanges"] = object{"AutoParameters": []any{
		object{"Name": "eta", "ValueHint": "0.05"}, object{"Name": "grow_policy", "ValueHint": "depthwise"}, object{"Name": "max_leaves", "ValueHint": "30"},
	}}
	doc["Autotune"] = object{"Mode": "Enabled"}
	planned, err = s.planTuningOf(doc)
	require.NoError(t, err)
	job, err = jobs.ParseHyperParameterTuningJob(planned.Document)
	require.NoError(t, err)
	require.Equal(t, jobs.ParameterRanges{
		IntegerParameterRanges:     []jobs.IntegerParameterRange{{Name: "max_leaves", MinValue: "3", MaxValue: "300", ScalingType: "Auto"}},
		ContinuousParameterRanges:  []jobs.ContinuousParameterRange{{Name: "eta", MinValue: "0.05", MaxValue: "0.5", ScalingType: "Linear"}},
		CategoricalParameterRanges: []jobs.CategoricalParameterRange{{Name: "grow_policy", Values: []string{"depthwise", "lossguide"}}},
	}, job.Ranges(job.Definitions()[0]))

	config["ParameterRanges"] = object{"AutoParameters": []any{object{"Name": "eta", "ValueHint": "7"}}}
	doc["HyperParameterTuningJobName"] = "bad-hint"
	_, err = s.planTuningOf(doc)
	require.ErrorContains(t, err, "Hyperparameter eta: 7 is not in [0, 1]")
}

// endParent stores a search that has ended, as its workflow would.
func (s *shop) endParent(doc object) {
	s.Helper()
	name, _ := doc["HyperParameterTuningJobName"].(string)
	_, err := s.planTuningOf(doc)
	require.NoError(s, err)
	s.runSearch(name, 2, oldest, nil)
	_, err = s.CloseTuning(s.Context(), protocol.CloseRef{Job: name})
	require.NoError(s, err)
	job, err := jobs.ParseHyperParameterTuningJob(document(s, doc))
	require.NoError(s, err)
	d := jobs.HyperParameterTuningJobDescription{HyperParameterTuningJob: *job, HyperParameterTuningJobStatus: jobs.TuningJobStatusCompleted}
	var trials protocol.Trials
	require.NoError(s, s.readJSON(s.Context(), s.tuningPlace(name, protocol.TuningTrials), &trials))
	best := trials.Trials[0].Summary
	for _, t := range trials.Trials {
		if v, _ := t.Summary.Value(); v < best.FinalHyperParameterTuningJobObjectiveMetric.Value {
			best = t.Summary
		}
	}
	d.BestTrainingJob = &best
	text, err := json.Marshal(d)
	require.NoError(s, err)
	_, err = s.SaveDescription(s.Context(), protocol.Description{Kind: jobs.TuningKind.Name, Name: name, JSON: text})
	require.NoError(s, err)
}

func warm(doc object, kind string, parents ...string) object {
	var all []any
	for _, p := range parents {
		all = append(all, object{"HyperParameterTuningJobName": p})
	}
	doc["WarmStartConfig"] = object{"WarmStartType": kind, "ParentHyperParameterTuningJobs": all}
	return doc
}

// TestWarmStart: parents' observations come into the plan, their best training job where it counts.
func TestWarmStart(t *testing.T) {
	t.Parallel()
	s := newShop(t, boston(t))
	s.endParent(tuneDoc("one", "Random", 5))
	s.endParent(tuneDoc("two", "Sobol", 7))
	for _, kind := range []string{jobs.WarmStartIdentical, jobs.WarmStartTransfer} {
		doc := warm(tuneDoc("child-"+kind[:5], "Bayesian", 10), kind, "one", "two")
		planned, err := s.planTuningOf(doc)
		require.NoError(t, err)
		var plan tuningPlan
		require.NoError(t, s.readJSON(t.Context(), s.tuningPlace("child-"+kind[:5], protocol.TuningPlanObject), &plan))
		require.Len(t, plan.Warm[""], 12)
		tasks := map[string]int{}
		for _, o := range plan.Warm[""] {
			tasks[o.Task]++
			require.Equal(t, valley(o.Values), o.Value)
		}
		if kind == jobs.WarmStartTransfer {
			require.Equal(t, map[string]int{"one": 5, "two": 7}, tasks)
			require.Nil(t, planned.ParentBest)
			continue
		}
		require.Equal(t, map[string]int{"": 12}, tasks)
		best, _ := planned.ParentBest.Value()
		for _, o := range plan.Warm[""] {
			require.LessOrEqual(t, best, o.Value)
		}
		require.Contains(t, []string{"one", "two"}, planned.ParentBest.TuningJobName)
	}
	// A hyperparameter that was static in the parent has its static value in what the parent teaches.
	doc := tuneDoc("more", "Random", 4)
	delete(doc["TrainingJobDefinition"].(object)["StaticHyperParameters"].(object), "num_round")
	ranges := doc["HyperParameterTuningJobConfig"].(object)["ParameterRanges"].(object)
	ranges["IntegerParameterRanges"] = append(ranges["IntegerParameterRanges"].([]any), object{"Name": "num_round", "MinValue": "10", "MaxValue": "50"})
	_, err := s.planTuningOf(warm(doc, jobs.WarmStartTransfer, "one"))
	require.NoError(t, err)
	var plan tuningPlan
	require.NoError(t, s.readJSON(t.Context(), s.tuningPlace("more", protocol.TuningPlanObject), &plan))
	require.Equal(t, "27", plan.Warm[""][0].Values["num_round"])
}

// TestWarmStartRefused checks the conditions of contract 4.2.
func TestWarmStartRefused(t *testing.T) {
	t.Parallel()
	s := newShop(t, boston(t))
	s.endParent(tuneDoc("parent", "Random", 5))
	for _, c := range []struct {
		name, kind string
		change     func(config, definition object)
		err        string
	}{
		{"objective", jobs.WarmStartTransfer, func(c, _ object) { c["HyperParameterTuningJobObjective"].(object)["MetricName"] = "train:rmse" }, "the objective must be that of tuning job parent"},
		{"one more", jobs.WarmStartTransfer, func(_, d object) { d["StaticHyperParameters"].(object)["gamma"] = "1" }, "there must be as many static and tunable hyperparameters as in tuning job parent: 4, not 5"},
		{"another", jobs.WarmStartTransfer, func(c, _ object) {
			c["ParameterRanges"].(object)["IntegerParameterRanges"].([]any)[0].(object)["Name"] = "max_leaves"
		}, "tuning job parent has no hyperparameter max_leaves"},
		{"another type", jobs.WarmStartTransfer, func(c, _ object) {
			r := c["ParameterRanges"].(object)
			r["CategoricalParameterRanges"] = []any{object{"Name": "max_depth", "Values": []any{"3", "4"}}}
			delete(r, "IntegerParameterRanges")
		}, "hyperparameter max_depth is Integer in tuning job parent, not Categorical"},
		{"other data", jobs.WarmStartIdentical, func(_, d object) {
			d["InputDataConfig"].([]any)[0].(object)["DataSource"] = object{"S3DataSource": object{"S3DataType": "S3Prefix", "S3Uri": "s3://b/validation/"}}
		}, "algorithm and input data must be those of tuning job parent"},
		{"too many together", jobs.WarmStartTransfer, func(c, _ object) {
			c["Strategy"] = "Bayesian"
			c["ResourceLimits"].(object)["MaxNumberOfTrainingJobs"] = 746
		}, "may have 750 training jobs together with those of its parents, not 751"},
		{"another algorithm", jobs.WarmStartIdentical, func(_, d object) {
			d["AlgorithmSpecification"] = object{"TrainingImage": "xgboost:1.7-1", "TrainingInputMode": "File"}
		}, "algorithm and input data must be those of tuning job parent"},
	} {
		doc := tuneDoc("child", "Random", 4)
		c.change(doc["HyperParameterTuningJobConfig"].(object), doc["TrainingJobDefinition"].(object))
		_, err := s.planTuningOf(warm(doc, c.kind, "parent"))
		require.ErrorContains(t, err, c.err, c.name)
		require.Equal(t, jobs.ClientError, classify(err), c.name)
	}

	_, err := s.planTuningOf(tuneDoc("running", "Random", 5))
	require.NoError(t, err)
	_, err = s.planTuningOf(warm(tuneDoc("child", "Random", 4), jobs.WarmStartTransfer, "parent", "running"))
	require.ErrorContains(t, err, "tuning job running has not ended: a parent must be Completed, Failed or Stopped")
	_, err = s.planTuningOf(warm(tuneDoc("child", "Random", 4), jobs.WarmStartTransfer, "nobody"))
	require.ErrorContains(t, err, "Amazon SageMaker can't find a tuning job called nobody. Type another name.")
}

// TestWarmStartCountsChanges: of the static hyperparameters, ten may be others than in the parent, whether they were tuned there
// or had another value.
func TestWarmStartCountsChanges(t *testing.T) {
	t.Parallel()
	s := newShop(t, boston(t))
	static := func(doc object, value string) map[string]any {
		all := doc["TrainingJobDefinition"].(object)["StaticHyperParameters"].(object)
		for _, name := range []string{"gamma", "alpha", "lambda", "max_delta_step", "min_child_weight", "scale_pos_weight", "base_score", "seed", "num_parallel_tree"} {
			all[name] = value
		}
		return all
	}
	parent := tuneDoc("parent", "Random", 5)
	static(parent, "1")
	s.endParent(parent)
	child := tuneDoc("ten", "Random", 4)
	static(child, "2")["num_round"] = "30"
	_, err := s.planTuningOf(warm(child, jobs.WarmStartTransfer, "parent"))
	require.NoError(t, err)
	child = tuneDoc("eleven", "Random", 4)
	all := static(child, "2")
	all["num_round"], all["max_depth"] = "30", "4"
	delete(child["HyperParameterTuningJobConfig"].(object)["ParameterRanges"].(object), "IntegerParameterRanges")
	_, err = s.planTuningOf(warm(child, jobs.WarmStartTransfer, "parent"))
	require.ErrorContains(t, err, "at most 10 hyperparameters may become static or change their static value since tuning job parent, not 11")
}

// TestWarmStartIsNotRecursive: what a parent had from its own parents does not count.
func TestWarmStartIsNotRecursive(t *testing.T) {
	t.Parallel()
	job, err := jobs.ParseHyperParameterTuningJob(document(t, tuneDoc("child", "Random", 4)))
	require.NoError(t, err)
	summary := func(name string, value float64) *jobs.HyperParameterTrainingJobSummary {
		s := &jobs.HyperParameterTrainingJobSummary{TrainingJobName: name, TrainingJobStatus: jobs.TrainingJobStatusCompleted}
		s.SetValue("validation:rmse", value, true)
		return s
	}
	p := &parentSearch{name: "parent"}
	p.d.BestTrainingJob, p.d.OverallBestTrainingJob = summary("own", 2), summary("grandparent's", 1)
	p.d.OverallBestTrainingJob.TuningJobName = "grandparent"
	plan := new(tuningPlan)
	p.offerBest(plan, job)
	require.Equal(t, "own", plan.ParentBest.TrainingJobName)
	require.Equal(t, "parent", plan.ParentBest.TuningJobName)
}
