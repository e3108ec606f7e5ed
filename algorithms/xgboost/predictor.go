package xgboost

import (
	"fmt"
	"strconv"
	"sync"

	"github.com/batchmill/batchmill/algorithms"
	"github.com/batchmill/batchmill/algorithms/xgboost/internal/forest"
	"github.com/batchmill/batchmill/algorithms/xgboost/internal/modelfile"
	"github.com/batchmill/batchmill/algorithms/xgboost/internal/objective"
	"github.com/batchmill/batchmill/dataset"
)

// OutputName is the name of the column predictions come in, as SageMaker calls it.
const OutputName = "SageMakerOutput"

type predictor struct {
	layout    *layout
	objective string
	link      objective.Link
	groups    int
	base      []float32 // margin of each output before the first tree
	engine    engine
	trees     []forest.Tree // those in use; none in a linear model
	uses      []bool        // features the engine reads; nil: all
}

// engine adds margins: see forest.Engine.
type engine interface {
	Score(columns [][]float32, n int, out []float32)
}

func newPredictor(m *modelfile.Model, l *layout) (*predictor, error) {
	p, err := uncompiled(m, l)
	if err != nil || p.engine != nil {
		return p, err
	}
	trees := forest.NewEngine(p.trees, m.NumFeature, p.groups)
	p.engine, p.uses = trees, trees.Uses(m.NumFeature)
	return p, nil
}

// uncompiled is a predictor without an engine for its trees, which says all there is to say of them but does not score.
func uncompiled(m *modelfile.Model, l *layout) (*predictor, error) {
	link, ok := objective.LinkOf(m.Objective)
	if !ok {
		return nil, &algorithms.DataError{Reason: fmt.Sprintf("xgboost model: objective %q is not supported", m.Objective)}
	}
	if link.Class && m.NumClass < 2 {
		return nil, &algorithms.DataError{Reason: fmt.Sprintf("xgboost model: objective %s with num_class %d", m.Objective, m.NumClass)}
	}
	p := &predictor{layout: l, objective: m.Objective, link: link, groups: m.Groups(), base: make([]float32, m.Groups())}
	for g := range p.base {
		p.base[g] = float32(link.Margin(m.BaseScore[min(g, len(m.BaseScore)-1)]))
	}
	if m.Booster == "gblinear" {
		p.engine = linear{weights: m.Linear, features: m.NumFeature, groups: p.groups, baseLast: m.Legacy && m.Version[0] < 1}
		return p, nil
	}
	p.trees = usedTrees(m)
	return p, nil
}

// usedTrees leaves out the rounds after the best one, where early stopping has left a mark.
func usedTrees(m *modelfile.Model) []forest.Tree {
	best, err := strconv.Atoi(m.Attributes["best_iteration"])
	if err != nil || best < 0 {
		return m.Trees
	}
	perRound := m.Groups() * max(1, m.ParallelTrees)
	if best >= len(m.Trees)/perRound {
		return m.Trees
	}
	return m.Trees[:(best+1)*perRound]
}

func (p *predictor) Features() []algorithms.Feature { return p.layout.describe() }

func (p *predictor) Output() dataset.Field { return outputField(p.link.Width(p.groups)) }

// ResponseName is the container's: {"score": 0.12}.
func (p *predictor) ResponseName(column string) string { return responseName(column) }

func responseName(column string) string {
	if column == OutputName {
		return "score"
	}
	return column
}

// outputField describes predictions of width values each.
func outputField(width int) dataset.Field {
	f := dataset.Field{Name: OutputName, Type: dataset.Float32Type}
	if width > 1 {
		f.Type = dataset.Float32ListType(width)
	}
	return f
}

func outputColumn(values []float32, width int) dataset.Column {
	if width > 1 {
		return dataset.NewFloat32List(values, width)
	}
	return dataset.NewFloat32(values)
}

func (p *predictor) Bind(schema *dataset.Schema, named bool) (algorithms.Scorer, error) {
	b, err := bindSchema(p.layout, schema, named)
	if err != nil {
		return nil, err
	}
	return &scorer{predictor: p, binding: b}, nil
}

// bindSchema matches a layout with all columns of a schema.
func bindSchema(l *layout, schema *dataset.Schema, named bool) (*binding, error) {
	var names []string
	for _, f := range schema.Fields() {
		names = append(names, f.Name)
	}
	return bind(l, schema, names, named)
}

// margins adds up the model for n rows of columns.
func (p *predictor) margins(columns [][]float32, n int) []float32 {
	out := p.start(n)
	p.engine.Score(columns, n, out)
	return out
}

// start is what margins of n rows start from.
func (p *predictor) start(n int) []float32 {
	out := make([]float32, n*p.groups)
	for i := range out {
		out[i] = p.base[i%p.groups]
	}
	return out
}

type scorer struct {
	predictor *predictor
	binding   *binding
	columns   sync.Pool // *[][]float32
	blocks    sync.Pool // the same, of sparse rows
}

func (s *scorer) Score(batch dataset.Batch) (dataset.Column, error) {
	p := s.predictor
	var out []float32
	if s.binding.columns == nil {
		margins, err := s.scoreSparse(batch)
		if err != nil {
			return nil, err
		}
		return outputColumn(p.link.Predict(margins, p.groups), p.link.Width(p.groups)), nil
	}
	err := s.with(batch, func(columns [][]float32, n int) { out = p.link.Predict(p.margins(columns, n), p.groups) })
	if err != nil {
		return nil, err
	}
	return outputColumn(out, p.link.Width(p.groups)), nil
}

// with lends the features of a batch to use, which must not write to them.
func (s *scorer) with(batch dataset.Batch, use func(columns [][]float32, n int)) error {
	own, _ := s.columns.Get().(*[][]float32)
	if own == nil {
		own = new([][]float32)
	}
	defer s.columns.Put(own)
	columns, err := s.binding.view(batch, own, s.predictor.uses)
	if err != nil {
		return err
	}
	use(columns, int(batch.NumRows()))
	return nil
}
