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
	parallel  int       // trees per output and round
	baseScore []float64 // of each output, or one for all
	quantiles []float64 // of reg:quantileerror
	seed      uint64
	threads   int
	gradient  bool // rows are drawn by gradient
	monotone  []constraint
	together  [][]string // interaction constraints, by index or name
	folds     int        // of cross validation; 0: none
	repeats   int        // of cross validation
}

// models is how many models a cross validation trains.
func (s *settings) models() int { return s.folds * s.repeats }

// classification tells whether labels are classes.
func (s *settings) classification() bool {
	return s.classes > 0 || strings.HasPrefix(s.objective, "binary:")
}

// outputs is the number of margins per row.
func (s *settings) outputs() int { return max(1, s.classes, len(s.quantiles)) }

// linear tells whether the booster has weights instead of trees.
func (s *settings) linear() bool { return s.values.Text("booster") == "gblinear" }

func (s *settings) task() objective.Task { return objective.TaskOf(s.objective) }

// checkLabel says what the objective or a metric does not like about a label.
func (s *settings) checkLabel(y float32) error {
	if err := s.loss.CheckLabel(y); err != nil {
		return err
	}
	for _, m := range s.metrics {
		if err := m.CheckLabel(y); err != nil {
			return err
		}
	}
	return nil
}

// readSettings parses and checks. All faults come in one *algorithms.HyperParameterError.
func readSettings(given map[string]string) (*settings, error) {
	v, err := declared.Parse(given)
	if err != nil {
		return nil, err
	}
	s := &settings{
		values: v, objective: v.Text("objective"), rounds: v.Int("num_round"), patience: v.Int("early_stopping_rounds"),
		maxBin: v.Int("max_bin"), parallel: v.Int("num_parallel_tree"), baseScore: []float64{v.Float("base_score")},
		seed: uint64(v.Int("seed")), threads: v.Int("nthread"), tree: treeParams(v),
		folds: v.Int("_kfold"), repeats: max(1, v.Int("_num_cv_round")),
	}
	if v.Text("tree_method") == "approx" && v.Given("sketch_eps") && !v.Given("max_bin") {
		s.maxBin = max(2, int(math.Ceil(1/v.Float("sketch_eps"))))
	}
	check := checker{v: v}
	check.unsupported()
	s.gradient = v.Text("sampling_method") == "gradient_based"
	s.readConstraints(&check)
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
		MinChildWeight: v.Float("min_child_weight"), MinSplitLoss: v.Float("gamma"), Prune: v.Text("tree_method") == "exact",
		Lambda: v.Float("lambda"), Alpha: v.Float("alpha"), MaxDeltaStep: v.Float("max_delta_step"),
		CategorySmooth: v.Float("cat_smooth"),
		Subsample:      v.Float("subsample"), ColumnsByTree: v.Float("colsample_bytree"),
		ColumnsByLevel: v.Float("colsample_bylevel"), ColumnsByNode: v.Float("colsample_bynode"),
	}
}

func (s *settings) checkObjective(c *checker) {
	if strings.HasPrefix(s.objective, "multi:") {
		s.classes = s.values.Int("num_class")
		if s.classes == 0 {
			c.faults = append(c.faults, &algorithms.HyperParameterError{Name: "num_class", Reason: "Missing required hyperparameter: num_class"})
			return
		}
	}
	if s.objective == "count:poisson" && !s.values.Given("max_delta_step") {
		s.tree.MaxDeltaStep = poissonMaxDeltaStep
	}
	if s.objective == "reg:quantileerror" && !s.readQuantiles(c) {
		return
	}
	loss, ok := objective.New(s.objective, s.options())
	if !ok {
		c.fault("objective", "%s is not supported yet", s.objective)
		return
	}
	s.loss = loss
	s.adaptiveNeedsTrees(c)
	link, _ := objective.LinkOf(s.objective)
	if m := link.Margin(s.baseScore[0]); math.IsNaN(m) || math.IsInf(m, 0) {
		where := "(0, 1)"
		if s.task() != objective.Binary {
			where = "(0, inf)"
		}
		c.fault("base_score", "%s is not in %s, which %s needs", s.values.Text("base_score"), where, s.objective)
	}
}

// poissonMaxDeltaStep is XGBoost's default of max_delta_step for count:poisson (src/learner.cc).
const poissonMaxDeltaStep = 0.7

// options are what the objective and its metrics are told.
func (s *settings) options() objective.Options {
	return objective.Options{
		Classes: s.classes, ScalePosWeight: s.values.Float("scale_pos_weight"), MaxDeltaStep: s.tree.MaxDeltaStep,
		TweediePower: s.values.Float("tweedie_variance_power"), HuberSlope: s.values.Float("huber_slope"), Quantiles: s.quantiles,
		Distribution: s.values.Text("aft_loss_distribution"), Scale: s.values.Float("aft_loss_distribution_scale"),
		PairMethod: s.values.Text("lambdarank_pair_method"), Pairs: s.values.Int("lambdarank_num_pair_per_sample"),
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
		m, err := objective.NewMetric(name, s.objective, s.options())
		var unknown *objective.UnknownMetricError
		switch {
		case errors.As(err, &unknown):
			c.fault("eval_metric", "%s", unknown.Error())
		case err != nil:
			c.fault("eval_metric", "%s", err.Error())
		case len(s.quantiles) > 1 && name != "quantile":
			c.fault("eval_metric", "%s does not go with several quantiles", name)
		default:
			s.metrics = append(s.metrics, m)
		}
	}
}
