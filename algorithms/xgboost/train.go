package xgboost

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/batchmill/batchmill/algorithms"
	"github.com/batchmill/batchmill/algorithms/xgboost/internal/forest"
	"github.com/batchmill/batchmill/algorithms/xgboost/internal/hist"
	"github.com/batchmill/batchmill/algorithms/xgboost/internal/objective"
)

// Train grows the trees.
func (a algorithm) Train(ctx context.Context, req *algorithms.TrainRequest) (*algorithms.TrainResult, error) {
	set, err := readSettings(req.HyperParameters)
	if err != nil {
		return nil, err
	}
	if err := algorithms.CheckChannels(a, req.Channels); err != nil {
		return nil, err
	}
	if set.folds > 0 {
		return a.crossValidate(ctx, req, set)
	}
	return trainWith(ctx, req, set)
}

// trainWith trains with settings that are read already.
func trainWith(ctx context.Context, req *algorithms.TrainRequest, set *settings) (*algorithms.TrainResult, error) {
	t, err := newTraining(ctx, req, set)
	if err != nil {
		return nil, err
	}
	if req.Resume != nil {
		if err := t.resume(req.Resume); err != nil {
			return nil, err
		}
	}
	if _, err := t.run(ctx); err != nil {
		return nil, err
	}
	model := t.model()
	p, err := uncompiled(model, t.train.layout)
	if err != nil {
		return nil, err
	}
	importance, err := encodeImportance(p)
	if err != nil {
		return nil, err
	}
	return &algorithms.TrainResult{
		Files:   map[string][]byte{modelFile: model.WriteJSON(), layoutFile: t.train.layout.encode(), importanceFile: importance},
		Metrics: t.metrics,
		Rounds:  t.roundsBefore() + t.done,
	}, nil
}

// run goes on until all rounds are done, early stopping ends it or the user does.
func (t *training) run(ctx context.Context) (stopped bool, err error) {
	for t.done < t.set.rounds && !t.stalled() {
		if t.req.Stop != nil && t.done > 0 && t.req.Stop() {
			return true, nil
		}
		if err := t.round(ctx); err != nil {
			return false, err
		}
	}
	return false, nil
}

// training is the state of one run.
type training struct {
	req       *algorithms.TrainRequest
	set       *settings
	pool      *hist.Pool
	train     *trainTable
	lane      *lane         // grows trees on all cores
	roots     *hist.Roots   // of the trees of several outputs; nil where each is built by itself
	lanes     []*lane       // grow trees of several outputs at once, on a core each
	channels  []*scored     // train, then validation if there is one
	g, h      [][]float32   // derivatives by output
	derived   bool          // g and h are those at the margins already
	sample    *hist.Sample  // rows drawn by gradient
	base      []float32     // margin of each output before the first tree
	first     []forest.Tree // those of the model that training goes on from
	earlier   *earlier      // the model of the model channel, or nil
	refreshed []forest.Tree // process_type update: its trees so far
	trees     []*hist.Tree
	dart      *dart               // nil for other boosters
	linear    *linearTraining     // nil for boosters of trees
	done      int                 // rounds
	metrics   []algorithms.Metric // of the last round
	best      best
	fold      string // which model of a cross validation this is
}

// scored is a channel with its margins so far.
type scored struct {
	name string
	*table
	margins [][]float32 // by output
	pass    objective.Pass
}

// best is the round with the best value of the metric that early stopping watches.
type best struct {
	Round int
	Value float64
}

func newTraining(ctx context.Context, req *algorithms.TrainRequest, set *settings) (*training, error) {
	if _, ok := req.Channels["validation"]; !ok && set.patience > 0 {
		return nil, &algorithms.HyperParameterError{Name: "early_stopping_rounds", Reason: "Hyperparameter early_stopping_rounds: needs a validation channel"}
	}
	t, err := blankTraining(req, set)
	if err != nil {
		return nil, err
	}
	if err := t.read(ctx); err != nil {
		return nil, err
	}
	return t, t.begin()
}

// blankTraining is a training without rows.
func blankTraining(req *algorithms.TrainRequest, set *settings) (t *training, err error) {
	threads := req.Threads
	if set.threads > 0 && (threads == 0 || set.threads < threads) {
		threads = set.threads
	}
	t = &training{req: req, set: set, pool: hist.NewPool(threads), best: best{Round: -1}}
	t.earlier, err = readEarlier(req.Model, set)
	return t, err
}

// begin prepares the first round, once the channels' rows are there.
func (t *training) begin() (err error) {
	set := t.set
	t.startFrom()
	t.first = slices.Clone(t.treesBefore())
	if whole, ok := set.loss.(objective.Whole); ok {
		if err := whole.Prepare(t.train.truth(nil)); err != nil {
			return err
		}
	}
	n, outputs := t.train.rows(), set.outputs()
	for range outputs {
		t.g, t.h = append(t.g, make([]float32, n)), append(t.h, make([]float32, n))
	}
	for _, c := range t.channels {
		for range outputs {
			c.margins = append(c.margins, make([]float32, c.rows()))
		}
		c.restart(t.base)
		c.pass = objective.Pass{Loss: set.loss, Metrics: set.metrics, Each: t.pool.Each}
	}
	if set.linear() {
		if t.linear, err = newLinearTraining(set, &t.train.table, t.train.layout); err == nil && t.earlier != nil {
			copy(t.linear.weights, t.earlier.model.Linear)
			t.addLinear()
		}
		return err
	}
	t.lane, t.dart = &lane{grower: hist.NewGrower(t.train.matrix, set.tree, t.pool), pool: t.pool}, set.dart()
	t.roots = hist.NewRoots(t.train.matrix, set.tree, outputs)
	if t.dart != nil && len(t.first) > 0 {
		for _, c := range t.channels {
			t.addUp(c, nil)
		}
	}
	return nil
}

// read reads the channels.
func (t *training) read(ctx context.Context) error {
	ch, err := newChannel("train", t.req.Channels["train"], t.set)
	if err != nil {
		return err
	}
	if t.train, err = readTrain(ctx, ch, t.set, t.pool, t.earlier); err != nil {
		return err
	}
	if err := t.set.constrain(t.train.layout); err != nil {
		return err
	}
	t.channels = []*scored{{name: "train", table: &t.train.table}}
	data := t.req.Channels["validation"]
	if data == nil {
		return nil
	}
	if ch, err = newChannel("validation", data, t.set); err != nil {
		return err
	}
	other, err := t.train.readOther(ctx, ch)
	if err != nil {
		return err
	}
	t.channels = append(t.channels, &scored{name: "validation", table: other})
	return nil
}

// measure evaluates every metric on every channel. Where another round follows, the same look at the train channel gives
// its derivatives: they need the same predictions.
func (t *training) measure() {
	t.metrics, t.derived = nil, false
	for _, c := range t.channels {
		var g, h [][]float32
		if c == t.channels[0] && t.done < t.set.rounds {
			g, h, t.derived = t.g, t.h, true
		}
		values := c.pass.Run(c.truth(c.margins), g, h)
		for i, m := range t.set.metrics {
			t.metrics = append(t.metrics, algorithms.Metric{Name: c.name + ":" + m.Name, Value: values[i]})
		}
	}
	watched := t.set.metrics[len(t.set.metrics)-1]
	value := t.metrics[len(t.metrics)-1].Value
	if t.best.Round < 0 || watched.Maximize && value > t.best.Value || !watched.Maximize && value < t.best.Value || math.IsNaN(t.best.Value) {
		t.best = best{t.done - 1, value}
	}
}

// stalled tells whether early stopping ends training.
func (t *training) stalled() bool {
	return t.set.patience > 0 && t.done > 0 && t.done-1-t.best.Round >= t.set.patience
}

func (t *training) report() error {
	index := t.done - 1
	if t.req.OnRound != nil {
		r := algorithms.Round{Index: index, Total: t.set.rounds, Metrics: t.metrics, Log: logLine(index, t.metrics)}
		if err := t.req.OnRound(r); err != nil {
			return err
		}
	}
	if t.req.Checkpoint != nil {
		return t.req.Checkpoint(index, t.encode)
	}
	return nil
}

// logLine is XGBoost's line for a round.
func logLine(index int, metrics []algorithms.Metric) string {
	var b strings.Builder
	fmt.Fprintf(&b, "[%d]", index)
	for _, m := range metrics {
		fmt.Fprintf(&b, "\t%s:%.5f", strings.Replace(m.Name, ":", "-", 1), m.Value)
	}
	return b.String()
}
