package activities

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/batchmill/batchmill/activities/protocol"
	"github.com/batchmill/batchmill/jobs"
	"github.com/batchmill/batchmill/storage"
	"github.com/batchmill/batchmill/storage/faulty"
)

// tuneDoc searches eta and max_depth of a training on s3://b/train/ and s3://b/validation/.
func tuneDoc(name, strategy string, trials int) object {
	train := trainDoc("medv", 27)
	return object{
		"HyperParameterTuningJobName": name,
		"HyperParameterTuningJobConfig": object{
			"Strategy":                         strategy,
			"HyperParameterTuningJobObjective": object{"Type": "Minimize", "MetricName": "validation:rmse"},
			"ResourceLimits":                   object{"MaxNumberOfTrainingJobs": trials, "MaxParallelTrainingJobs": 3},
			"ParameterRanges": object{
				"IntegerParameterRanges":    []any{object{"Name": "max_depth", "MinValue": "2", "MaxValue": "8"}},
				"ContinuousParameterRanges": []any{object{"Name": "eta", "MinValue": "0.01", "MaxValue": "1", "ScalingType": "Logarithmic"}},
			},
		},
		"TrainingJobDefinition": object{
			"StaticHyperParameters":  object{"num_round": "27", "objective": "reg:squarederror"},
			"AlgorithmSpecification": train["AlgorithmSpecification"],
			"InputDataConfig":        train["InputDataConfig"],
			"OutputDataConfig":       train["OutputDataConfig"],
		},
	}
}

func (s *shop) planTuningOf(doc object) (*protocol.TuningPlanned, error) {
	s.Helper()
	name, _ := doc["HyperParameterTuningJobName"].(string)
	return s.PlanTuning(s.Context(), protocol.TuningRef{
		Job: protocol.Job{Name: name, Document: document(s, doc)},
		ARN: jobs.ARN(jobs.TuningKind.IDPrefix, "eu-central-1", "123456789012", name),
	})
}

func (s *shop) advanceTo(step protocol.TuningStep) protocol.TuningMoves {
	s.Helper()
	moves, err := s.AdvanceTuning(s.Context(), step)
	require.NoError(s, err)
	return moves
}

// valley is an objective with its least value, 0, at eta 0.1 and depth 5.
func valley(values map[string]string) float64 {
	var eta, depth float64
	fmt.Sscan(values["eta"], &eta)
	fmt.Sscan(values["max_depth"], &depth)
	return math.Pow(math.Log10(eta)+1, 2) + math.Pow(depth-5, 2)/10
}

func ended(number int, value float64) protocol.TrialReport {
	return protocol.TrialReport{Trial: number, Status: jobs.TrainingJobStatusCompleted, Value: &value, Rounds: 27}
}

// reached is the report of a trial that has come to its rung, or to its end.
func reached(trial protocol.Trial) protocol.TrialReport {
	value := valley(trial.Values)
	if trial.Until > 0 {
		return protocol.TrialReport{Trial: trial.Number, Value: &value, Rounds: trial.Until}
	}
	return ended(trial.Number, value)
}

// runSearch plays the workflow's part: slots are filled, and of the trials that run the one that pick chooses ends next, or
// pauses at its rung. between is called before each step.
func (s *shop) runSearch(name string, slots int, pick func(running int) int, between func(*shop, int) *shop) []protocol.Trial {
	s.Helper()
	var all, running []protocol.Trial
	var news []protocol.TrialReport
	done := ""
	for seq := 1; done == "" || len(running) > 0 || len(news) > 0; seq++ {
		step := protocol.TuningStep{Job: name, Seq: seq, At: jobs.At(time.Unix(int64(seq), 0)), Reports: news, Slots: slots - len(running)}
		if done != "" {
			step.Slots = 0
		}
		worker := s
		if between != nil {
			worker = between(s, seq)
		}
		moves := worker.advanceTo(step)
		all, running = append(all, moves.Start...), append(running, moves.Start...)
		for _, again := range moves.Resume {
			all[again.Number-1].Until = again.Until
			running = append(running, all[again.Number-1])
		}
		if done == "" {
			done = moves.Done
		}
		news = nil
		for _, number := range moves.Finish {
			end := ended(number, valley(all[number-1].Values))
			end.Rounds = all[number-1].Until
			news = append(news, end)
		}
		if len(running) > 0 {
			i := pick(len(running))
			news = append(news, reached(running[i]))
			running = slices.Delete(running, i, i+1)
		}
	}
	return all
}

func oldest(int) int { return 0 }

// TestSearchSurvivesAnything: whatever worker takes a step, whether it is new or has taken the step before, whether its
// write was lost or its answer, the trials are those of one worker that nothing happens to.
func TestSearchSurvivesAnything(t *testing.T) {
	t.Parallel()
	for _, strategy := range []string{"Random", "Sobol", "Bayesian"} {
		t.Run(strategy, func(t *testing.T) {
			t.Parallel()
			const trials = 56 // beyond what is fitted between steps
			undisturbed := newShop(t, boston(t))
			_, err := undisturbed.planTuningOf(tuneDoc("tune", strategy, trials))
			require.NoError(t, err)
			want := undisturbed.runSearch("tune", 3, oldest, nil)
			require.Len(t, want, trials)

			store := boston(t)
			first := newShop(t, store)
			_, err = first.planTuningOf(tuneDoc("tune", strategy, trials))
			require.NoError(t, err)
			other := newShop(t, store)
			got := first.runSearch("tune", 3, oldest, func(s *shop, seq int) *shop {
				switch seq % 4 {
				case 1:
					return newShop(t, store) // a worker that never saw the search
				case 2:
					return other // one that missed some steps
				}
				return s
			})
			require.Equal(t, want, got)
		})
	}
}

// TestStepIsTakenOnce: the same step again has the same answer, here and on another worker, also where the answer or the
// write was lost.
func TestStepIsTakenOnce(t *testing.T) {
	t.Parallel()
	store := boston(t)
	s := newShop(t, store)
	_, err := s.planTuningOf(tuneDoc("tune", "Random", 9))
	require.NoError(t, err)
	first := protocol.TuningStep{Job: "tune", Seq: 1, Slots: 3}
	moves := s.advanceTo(first)
	require.Len(t, moves.Start, 3)
	require.Equal(t, moves, s.advanceTo(first), "again")
	require.Equal(t, moves, newShop(t, store).advanceTo(first), "elsewhere")
	second := protocol.TuningStep{Job: "tune", Seq: 2, Slots: 1, Reports: []protocol.TrialReport{ended(2, 1)}}
	broken := newShop(t, faulty.New(store, faulty.Rule{Op: faulty.Put, Glob: "**/steps/*", To: 1, Before: true, Err: storage.ErrUnavailable}))
	_, err = broken.AdvanceTuning(t.Context(), second)
	require.ErrorIs(t, err, storage.ErrUnavailable)
	moves = broken.advanceTo(second)
	require.Len(t, moves.Start, 1)
	require.Equal(t, 4, moves.Start[0].Number)
	require.Equal(t, moves, s.advanceTo(second), "another worker was faster")
	best, _ := moves.Best.Value()
	require.Equal(t, 1.0, best)
	require.Equal(t, jobs.ChildName("tune", 2), moves.Best.TrainingJobName)
	require.Equal(t, "arn:aws:sagemaker:eu-central-1:123456789012:training-job/"+jobs.ChildName("tune", 2), moves.Best.TrainingJobArn)
	third := protocol.TuningStep{Job: "tune", Seq: 3, Slots: 1, Reports: []protocol.TrialReport{ended(1, 2), ended(1, 7)}}
	moves = s.advanceTo(third)
	require.Equal(t, 5, moves.Start[0].Number)
	require.Nil(t, moves.Best, "it is the same")
}

func TestSearchEnds(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name     string
		criteria object
		most     int // trials it may take
		done     string
	}{
		{"as many as there may be", nil, 30, protocol.DoneExhausted},
		{"target", object{"TargetObjectiveMetricValue": 0.3}, 29, protocol.DoneTarget},
		{"not improving", object{"BestObjectiveNotImproving": object{"MaxNumberOfTrainingJobsNotImproving": 3}}, 29, protocol.DoneNotImproving},
		{"convergence is not asked for", object{"ConvergenceDetected": object{"CompleteOnConvergence": "Disabled"}}, 30, protocol.DoneExhausted},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := newShop(t, boston(t))
			doc := tuneDoc("tune", "Random", 30)
			if c.criteria != nil {
				doc["HyperParameterTuningJobConfig"].(object)["TuningJobCompletionCriteria"] = c.criteria
			}
			_, err := s.planTuningOf(doc)
			require.NoError(t, err)
			all := s.runSearch("tune", 1, oldest, nil)
			require.LessOrEqual(t, len(all), c.most)
			if c.done == protocol.DoneExhausted {
				require.Len(t, all, c.most)
			}
			n, err := s.CloseTuning(t.Context(), protocol.CloseRef{Job: "tune"})
			require.NoError(t, err)
			require.Equal(t, len(all), n)
			_, err = s.CloseTuning(t.Context(), protocol.CloseRef{Job: "tune"})
			require.NoError(t, err, "again")
			left := s.read("s3://state/tuning/tune/")
			require.Len(t, left, 2, "plan and trials")
			var trials protocol.Trials
			require.NoError(t, json.Unmarshal([]byte(left["tuning/tune/trials.json"]), &trials))
			for i, trial := range trials.Trials {
				v, ok := trial.Summary.Value()
				require.True(t, ok)
				require.Equal(t, valley(all[i].Values), v)
			}
		})
	}
}

// TestGridAndDefinitions: a grid is its points, each once; several definitions take turns.
func TestGridAndDefinitions(t *testing.T) {
	t.Parallel()
	s := newShop(t, boston(t))
	doc := tuneDoc("grid", "Grid", 6)
	doc["HyperParameterTuningJobConfig"].(object)["ParameterRanges"] = object{"CategoricalParameterRanges": []any{
		object{"Name": "eta", "Values": []any{"0.1", "0.2", "0.3"}}, object{"Name": "max_depth", "Values": []any{"4", "5"}},
	}}
	planned, err := s.planTuningOf(doc)
	require.NoError(t, err)
	require.Equal(t, 6, planned.Most)
	points := map[string]bool{}
	for _, trial := range s.runSearch("grid", 4, oldest, nil) {
		points[fmt.Sprint(trial.Values)] = true
	}
	require.Len(t, points, 6)

	doc = tuneDoc("two", "Random", 5)
	config := doc["HyperParameterTuningJobConfig"].(object)
	one := doc["TrainingJobDefinition"].(object)
	var definitions []any
	for _, name := range []string{"a", "b"} {
		d := object{"DefinitionName": name, "TuningObjective": config["HyperParameterTuningJobObjective"], "HyperParameterRanges": config["ParameterRanges"]}
		for k, v := range one {
			d[k] = v
		}
		definitions = append(definitions, d)
	}
	delete(config, "HyperParameterTuningJobObjective")
	delete(config, "ParameterRanges")
	delete(doc, "TrainingJobDefinition")
	doc["TrainingJobDefinitions"] = definitions
	_, err = s.planTuningOf(doc)
	require.NoError(t, err)
	var turns strings.Builder
	for _, trial := range s.runSearch("two", 2, oldest, nil) {
		turns.WriteString(trial.Name)
	}
	require.Equal(t, "ababa", turns.String())
}

// TestSharesPassOn: what a definition leaves of its share because its space holds no more points goes to the others, also where
// another worker takes each step.
func TestSharesPassOn(t *testing.T) {
	t.Parallel()
	ranges := func(values ...any) object {
		return object{"CategoricalParameterRanges": []any{object{"Name": "max_depth", "Values": values}, object{"Name": "eta", "Values": []any{"0.1"}}}}
	}
	for _, c := range []struct {
		name   string
		most   int
		spaces [3]object
		want   map[string]int
	}{
		{"none is small", 12, [3]object{}, map[string]int{"a": 4, "b": 4, "c": 4}},
		{"one is", 12, [3]object{ranges("2", "3"), nil, nil}, map[string]int{"a": 2, "b": 5, "c": 5}},
		{"two are", 12, [3]object{ranges("2", "3"), ranges("4"), nil}, map[string]int{"a": 2, "b": 1, "c": 9}},
		{"all are", 12, [3]object{ranges("2", "3"), ranges("4"), ranges("5", "6", "7", "8", "9")}, map[string]int{"a": 2, "b": 1, "c": 5}},
		{"fewer trials than definitions", 2, [3]object{}, map[string]int{"a": 1, "b": 1}},
	} {
		for _, strategy := range []string{"Random", "Bayesian", "Hyperband"} {
			t.Run(c.name+"/"+strategy, func(t *testing.T) {
				t.Parallel()
				store := boston(t)
				s := newShop(t, store)
				_, err := s.planTuningOf(threeDefinitions(strategy, c.most, c.spaces))
				require.NoError(t, err)
				got := map[string]int{}
				for _, trial := range s.runSearch("shares", 3, oldest, func(*shop, int) *shop { return newShop(t, store) }) {
					got[trial.Name]++
				}
				require.Equal(t, c.want, got)
			})
		}
	}
}

// threeDefinitions is a search over the definitions a, b and c; one without a space has that of tuneDoc.
func threeDefinitions(strategy string, most int, spaces [3]object) object {
	doc := tuneDoc("shares", strategy, most)
	config := doc["HyperParameterTuningJobConfig"].(object)
	var definitions []any
	for i, name := range []string{"a", "b", "c"} {
		space := config["ParameterRanges"]
		if spaces[i] != nil {
			space = spaces[i]
		}
		d := object{"DefinitionName": name, "TuningObjective": config["HyperParameterTuningJobObjective"], "HyperParameterRanges": space}
		maps.Copy(d, doc["TrainingJobDefinition"].(object))
		definitions = append(definitions, d)
	}
	delete(config, "HyperParameterTuningJobObjective")
	delete(config, "ParameterRanges")
	delete(doc, "TrainingJobDefinition")
	doc["TrainingJobDefinitions"] = definitions
	return doc
}

// TestHyperbandPromotesInEachDefinition: each definition's trials are held against its own, and its best third goes on.
func TestHyperbandPromotesInEachDefinition(t *testing.T) {
	t.Parallel()
	s := newShop(t, boston(t))
	_, err := s.planTuningOf(threeDefinitions("Hyperband", 36, [3]object{}))
	require.NoError(t, err)
	all := s.runSearch("shares", 4, oldest, nil)
	require.Len(t, all, 36)
	_, err = s.CloseTuning(t.Context(), protocol.CloseRef{Job: "shares"})
	require.NoError(t, err)
	var trials protocol.Trials
	require.NoError(t, json.Unmarshal([]byte(s.read("s3://state/tuning/shares/")["tuning/shares/trials.json"]), &trials))
	started, whole := map[string]int{}, map[string]int{}
	for _, trial := range trials.Trials {
		require.True(t, trial.Summary.TrainingJobStatus.Terminal())
		name := trial.Summary.TrainingJobDefinitionName
		started[name]++
		if trial.Rounds == 27 {
			whole[name]++
		}
	}
	require.Equal(t, map[string]int{"a": 12, "b": 12, "c": 12}, started)
	for name, n := range whole {
		require.Less(t, n, 12, name)
	}
	require.Len(t, whole, 3)
}

// TestPlanTuningRefuses checks the errors of what only algorithms and parents know.
func TestPlanTuningRefuses(t *testing.T) {
	t.Parallel()
	s := newShop(t, boston(t))
	for _, c := range []struct {
		name   string
		change func(config, definition object)
		err    string
	}{
		{"metric", func(c, _ object) {
			c["HyperParameterTuningJobObjective"].(object)["MetricName"] = "validation:sharpness"
		}, errNoObjective.Error()},
		{"no metric of a channel", func(c, _ object) { c["HyperParameterTuningJobObjective"].(object)["MetricName"] = "rmse" }, errNoObjective.Error()},
		{"channel", func(_, d object) { d["InputDataConfig"] = d["InputDataConfig"].([]any)[:1] }, errNoObjective.Error()},
		{"static", func(_, d object) { d["StaticHyperParameters"].(object)["leafs"] = "3" }, "Extraneous hyperparameter found: leafs"},
		{"range", func(c, _ object) {
			c["ParameterRanges"].(object)["ContinuousParameterRanges"].([]any)[0].(object)["MaxValue"] = "2"
		}, "Hyperparameter eta: 2 is not in [0, 1]"},
		{"missing", func(_, d object) { delete(d["StaticHyperParameters"].(object), "num_round") }, "Missing required hyperparameter: num_round"},
		{"algorithm", func(_, d object) {
			d["AlgorithmSpecification"] = object{"TrainingImage": "prophet:1", "TrainingInputMode": "File"}
		}, `no algorithm "prophet:1"`},
	} {
		doc := tuneDoc(strings.ReplaceAll(c.name, " ", "-"), "Random", 4)
		c.change(doc["HyperParameterTuningJobConfig"].(object), doc["TrainingJobDefinition"].(object))
		_, err := s.planTuningOf(doc)
		require.ErrorContains(t, err, c.err, c.name)
		require.Equal(t, jobs.ClientError, classify(err), c.name)
	}
}
