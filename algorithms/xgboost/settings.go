package xgboost

import (
	"errors"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/batchmill/batchmill/algorithms"
	"github.com/batchmill/batchmill/algorithms/xgboost/internal/hist"
	"github.com/batchmill/batchmill/algorithms/xgboost/internal/objective"
)

// settings are the hyperparameters of one training, checked against each other.
type settings struct {
	values    algorithms.Values
	objective string
	classes   int // 0 unless the objective is multi:*
	loss      objective.Loss
	metrics   []*objective.Metric
	tree      hist.Params
	rounds    int
	patience  int // rounds without improvement before stopping; 0: no early stopping
	maxBin    int
	parallel  int // trees per output and round
	baseScore float64
	seed      uint64
	threads   int
}

// outputs is the number of margins per row.
func (s *settings) outputs() int { return max(1, s.classes) }

// readSettings parses and checks. All faults come in one *algorithms.HyperParameterError.
func readSettings(given map[string]string) (*settings, error) {
	v, err := declared.Parse(given)
	if err != nil {
		return nil, err
	}
	s := &settings{
		values: v, objective: v.Text("objective"), rounds: v.Int("num_round"), patience: v.Int("early_stopping_rounds"),
		maxBin: v.Int("max_bin"), parallel: v.Int("num_parallel_tree"), baseScore: v.Float("base_score"),
		seed: uint64(v.Int("seed")), threads: v.Int("nthread"), tree: treeParams(v),
	}
	if v.Text("tree_method") == "approx" && v.Given("sketch_eps") && !v.Given("max_bin") {
		s.maxBin = max(2, int(math.Ceil(1/v.Float("sketch_eps"))))
	}
	check := checker{v: v}
	check.unsupported()
	s.checkObjective(&check)
	if s.loss != nil {
		s.checkMetrics(&check)
	}
	if s.maxBin < 2 || s.maxBin > hist.MaxBins {
		check.fault("max_bin", "%s is not in [2, %d]", strconv.Itoa(s.maxBin), hist.MaxBins)
	}
	return s, algorithms.JoinFaults(check.faults)
}

func treeParams(v algorithms.Values) hist.Params {
	return hist.Params{
		LearningRate: v.Float("eta") / v.Float("num_parallel_tree"),
		MaxDepth:     v.Int("max_depth"), MaxLeaves: v.Int("max_leaves"), LossGuide: v.Text("grow_policy") == "lossguide",
		MinChildWeight: v.Float("min_child_weight"), MinSplitLoss: v.Float("gamma"),
		Lambda: v.Float("lambda"), Alpha: v.Float("alpha"), MaxDeltaStep: v.Float("max_delta_step"),
		Subsample: v.Float("subsample"), ColumnsByTree: v.Float("colsample_bytree"),
		ColumnsByLevel: v.Float("colsample_bylevel"), ColumnsByNode: v.Float("colsample_bynode"),
	}
}

func (s *settings) checkObjective(c *checker) {
	multi := strings.HasPrefix(s.objective, "multi:")
	if multi {
		s.classes = s.values.Int("num_class")
		if s.classes == 0 {
			c.faults = append(c.faults, &algorithms.HyperParameterError{Name: "num_class", Reason: "Missing required hyperparameter: num_class"})
			return
		}
	}
	loss, ok := objective.New(s.objective, s.classes, s.values.Float("scale_pos_weight"))
	if !ok {
		c.fault("objective", "%s is not supported yet", s.objective)
		return
	}
	s.loss = loss
	link, _ := objective.LinkOf(s.objective)
	if m := link.Margin(s.baseScore); math.IsNaN(m) || math.IsInf(m, 0) {
		c.fault("base_score", "%s is not in (0, 1), which %s needs", s.values.Text("base_score"), s.objective)
	}
}

func (s *settings) checkMetrics(c *checker) {
	names := s.values.List("eval_metric")
	if _, tuned, ok := strings.Cut(s.values.TuningObjective, ":"); ok && !slices.Contains(names, tuned) {
		if len(names) == 0 && tuned != s.loss.EvalMetric() {
			names = append(names, s.loss.EvalMetric())
		}
		names = append(names, tuned)
	}
	if len(names) == 0 {
		names = []string{s.loss.EvalMetric()}
	}
	for _, name := range names {
		m, err := objective.NewMetric(name, objective.TaskOf(s.objective), s.classes)
		var unknown *objective.UnknownMetricError
		switch {
		case errors.As(err, &unknown):
			c.fault("eval_metric", "%s", unknown.Error())
		case err != nil:
			c.fault("eval_metric", "%s", err.Error())
		default:
			s.metrics = append(s.metrics, m)
		}
	}
}
