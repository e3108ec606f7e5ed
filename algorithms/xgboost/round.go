package xgboost

import (
	"context"
	"errors"

	"github.com/batchmill/batchmill/algorithms/xgboost/internal/hist"
	"github.com/batchmill/batchmill/algorithms/xgboost/internal/objective"
)

// startFrom sets the margin before the first tree. Where 0.5 says nothing about labels of any size, for absolute and
// quantile error, it is the labels' quantile, as in XGBoost from 1.7 on (InitEstimation in src/objective).
func (t *training) startFrom() {
	if loss, ok := t.set.loss.(objective.Adaptive); ok && !t.set.values.Given("base_score") && t.earlier == nil {
		t.set.baseScore = nil
		for output := range t.set.outputs() {
			t.set.baseScore = append(t.set.baseScore, t.quantile(loss.Alpha(output), nil, func(r int) float32 { return t.train.labels[r] }))
		}
	}
	link, _ := objective.LinkOf(t.set.objective)
	for output := range t.set.outputs() {
		t.base = append(t.base, float32(link.Margin(t.set.baseScore[min(output, len(t.set.baseScore)-1)])))
	}
}

// quantile is that of value over rows of the train channel, all of them if rows is nil.
func (t *training) quantile(alpha float64, rows []uint32, value func(r int) float32) float64 {
	n := len(rows)
	if rows == nil {
		n = t.train.rows()
	}
	values := make([]objective.Weighed, n)
	for i := range values {
		r := i
		if rows != nil {
			r = int(rows[i])
		}
		values[i] = objective.Weighed{Value: value(r), Weight: 1}
		if t.train.weights != nil {
			values[i].Weight = t.train.weights[r]
		}
	}
	return objective.Quantile(values, alpha, t.train.weights != nil)
}

// round grows one round's trees or moves the weights, measures, reports and offers a checkpoint.
func (t *training) round(ctx context.Context) error {
	var dropped []int
	if t.dart != nil {
		if dropped = t.dart.drop(t.scales(), hist.Seed(t.set.seed, t.roundsBefore()+t.done, 0, seedDrop)); dropped != nil {
			t.addUp(t.channels[0], dropped)
			t.derived = false
		}
	}
	t.derive()
	if t.set.update() {
		t.refresh()
	} else if t.linear != nil {
		t.moveWeights()
	} else if err := t.growTrees(ctx); err != nil {
		return err
	}
	if dropped != nil {
		t.dart.normalise(t.scales(), dropped, t.set.outputs()*t.set.parallel)
		for _, c := range t.channels {
			t.addUp(c, nil)
		}
	}
	t.done++
	t.measure()
	return t.report()
}

// derive computes the derivatives at the margins, unless measuring the last round has done it.
func (t *training) derive() {
	if whole, ok := t.set.loss.(objective.Whole); ok {
		rows := t.train.truth(t.channels[0].margins)
		whole.GradientsOfAll(rows, hist.Seed(t.set.seed, t.roundsBefore()+t.done, 0, -2), t.pool.Each, t.g[0], t.h[0])
		return
	}
	if !t.derived {
		pass := objective.Pass{Loss: t.set.loss, Each: t.pool.Each}
		pass.Run(t.train.truth(t.channels[0].margins), t.g, t.h)
	}
}

func (t *training) growTrees(ctx context.Context) error {
	outputs := t.set.outputs()
	grown := make([]*hist.Tree, outputs*t.set.parallel)
	t.buildRoots()
	if lanes := t.sideBySide(); lanes != nil {
		if err := t.growSideBySide(ctx, lanes, grown); err != nil {
			return err
		}
		t.trees = append(t.trees, grown...)
		return nil
	}
	for output := range outputs {
		if err := t.growOutput(ctx, t.lane, output, grown[output*t.set.parallel:][:t.set.parallel]); err != nil {
			return err
		}
	}
	t.trees = append(t.trees, grown...)
	return nil
}

// buildRoots adds up all outputs' derivatives over all rows at once, where that pays.
func (t *training) buildRoots() {
	if t.roots == nil {
		return
	}
	seeds := make([]uint64, t.set.outputs())
	for output := range seeds {
		seeds[output] = t.roundingSeed(output)
	}
	t.roots.Build(t.g, t.h, seeds, t.set.tree.Precision, t.pool)
}

// roundingSeed is of the rounding of an output's derivatives, which the trees of a round share.
func (t *training) roundingSeed(output int) uint64 {
	return hist.Seed(t.set.seed, t.roundsBefore()+t.done, output, -1)
}

// lane is what grows one tree at a time.
type lane struct {
	grower *hist.Grower
	quanta *hist.Gradients
	pool   *hist.Pool
}

// sideBySide returns lanes of one core each where the trees of different outputs are to be grown at once, else nil: with
// several outputs for every core that wastes least. Which lane grows a tree changes nothing in it.
func (t *training) sideBySide() []*lane {
	threads := t.pool.Threads()
	_, adaptive := t.set.loss.(objective.Adaptive)
	if threads < 2 || t.set.outputs() < 2*threads || adaptive || t.set.gradient {
		return nil
	}
	if t.lanes == nil {
		for range threads {
			pool := hist.NewPool(1)
			t.lanes = append(t.lanes, &lane{grower: hist.NewGrower(t.train.matrix, t.set.tree, pool), pool: pool})
		}
	}
	return t.lanes
}

func (t *training) growSideBySide(ctx context.Context, lanes []*lane, grown []*hist.Tree) error {
	idle := make(chan *lane, len(lanes))
	for _, l := range lanes {
		idle <- l
	}
	errs := make([]error, t.set.outputs())
	t.pool.Each(len(errs), func(output int) {
		l := <-idle
		errs[output] = t.growOutput(ctx, l, output, grown[output*t.set.parallel:][:t.set.parallel])
		idle <- l
	})
	return errors.Join(errs...)
}

// growOutput grows an output's trees of a round and adds them to its margins. The derivatives of all outputs are there
// already, so margins may change.
func (t *training) growOutput(ctx context.Context, l *lane, output int, grown []*hist.Tree) error {
	loss, adaptive := t.set.loss.(objective.Adaptive)
	var residuals []float32
	if adaptive {
		residuals = make([]float32, t.train.rows())
		for r, m := range t.channels[0].margins[output] {
			residuals[r] = t.train.labels[r] - m
		}
	}
	for p := range grown {
		tree, err := t.grow(ctx, l, output, p)
		if err != nil {
			return err
		}
		tree.Group = output
		if adaptive {
			l.grower.Refit(tree, func(rows []uint32) float64 {
				return t.quantile(loss.Alpha(output), rows, func(r int) float32 { return residuals[r] })
			})
		}
		l.grower.AddGrown(tree, t.channels[0].margins[output])
		for _, c := range t.channels[1:] {
			tree.AddTo(c.matrix, c.margins[output], l.pool)
		}
		grown[p] = tree
	}
	return nil
}

// grow grows one tree on one output's derivatives.
func (t *training) grow(ctx context.Context, l *lane, output, parallel int) (*hist.Tree, error) {
	g, h := t.g[output], t.h[output]
	seed := hist.Seed(t.set.seed, t.roundsBefore()+t.done, output, parallel)
	if t.set.gradient && t.set.tree.Subsample < 1 {
		t.sample = hist.SampleByGradient(g, h, t.set.tree.Subsample, seed, t.sample)
		l.quanta = hist.Quantise(t.sample.G, t.sample.H, seed, t.set.tree.Precision, l.pool, l.quanta)
		return l.grower.GrowOn(ctx, l.quanta, seed, t.sample.Rows)
	}
	if parallel == 0 && t.roots != nil {
		l.quanta = t.roots.Quantise(output, l.pool, l.quanta)
	} else if parallel == 0 {
		l.quanta = hist.Quantise(g, h, t.roundingSeed(output), t.set.tree.Precision, l.pool, l.quanta)
	}
	return l.grower.Grow(ctx, l.quanta, seed)
}
