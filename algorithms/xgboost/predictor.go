package xgboost

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"sync"

	"github.com/batchmill/batchmill/algorithms"
	"github.com/batchmill/batchmill/algorithms/xgboost/internal/forest"
	"github.com/batchmill/batchmill/algorithms/xgboost/internal/modelfile"
	"github.com/batchmill/batchmill/algorithms/xgboost/internal/objective"
	"github.com/batchmill/batchmill/dataset"
)

// Files of an artifact.
const (
	modelFile  = "xgboost-model"
	layoutFile = "batchmill.json"
)

// OutputName is the name of the column predictions come in, as SageMaker calls it.
const OutputName = "SageMakerOutput"

// Load reads a model: an artifact's files, or an XGBoost model file by itself.
func (algorithm) Load(files fs.FS) (algorithms.Predictor, error) {
	var data []byte
	var err error
	for _, name := range []string{modelFile, "model.json", "model.ubj"} {
		if data, err = fs.ReadFile(files, name); !errors.Is(err, fs.ErrNotExist) {
			break
		}
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil, &algorithms.DataError{Reason: "the artifact holds no " + modelFile + ", model.json or model.ubj"}
	}
	if err != nil {
		return nil, err
	}
	m, err := modelfile.Read(data)
	if err != nil {
		return nil, &algorithms.DataError{Reason: err.Error()}
	}
	var l *layout
	switch beside, err := fs.ReadFile(files, layoutFile); {
	case err == nil:
		l = &layout{}
		if err := json.Unmarshal(beside, l); err != nil || l.Version != layoutVersion || len(l.Features) != m.NumFeature {
			return nil, &algorithms.DataError{Reason: layoutFile + " does not fit the model"}
		}
	case !errors.Is(err, fs.ErrNotExist):
		return nil, err
	default:
		l = layoutOf(m)
	}
	return newPredictor(m, l)
}

// layoutOf makes a layout from what a model file says about its features.
func layoutOf(m *modelfile.Model) *layout {
	l := &layout{Version: layoutVersion, Named: len(m.FeatureNames) > 0, Features: make([]feature, m.NumFeature)}
	for i := range l.Features {
		l.Features[i] = feature{Name: "f" + strconv.Itoa(i), Kind: kindNumber}
		if l.Named {
			l.Features[i].Name = m.FeatureNames[i]
		}
		if len(m.FeatureTypes) > 0 && m.FeatureTypes[i] == "c" {
			l.Features[i].Kind = kindCode
		}
	}
	return l
}

type predictor struct {
	layout *layout
	link   objective.Link
	groups int
	base   []float32 // margin of each output before the first tree
	engine engine
	uses   []bool // features the engine reads; nil: all
}

// engine adds margins: see forest.Engine.
type engine interface {
	Score(columns [][]float32, n int, out []float32)
}

func newPredictor(m *modelfile.Model, l *layout) (*predictor, error) {
	link, ok := objective.LinkOf(m.Objective)
	if !ok {
		return nil, &algorithms.DataError{Reason: fmt.Sprintf("xgboost model: objective %q is not supported", m.Objective)}
	}
	if link.Class && m.NumClass < 2 {
		return nil, &algorithms.DataError{Reason: fmt.Sprintf("xgboost model: objective %s with num_class %d", m.Objective, m.NumClass)}
	}
	p := &predictor{layout: l, link: link, groups: m.Groups(), base: make([]float32, m.Groups())}
	for g := range p.base {
		p.base[g] = float32(link.Margin(m.BaseScore[min(g, len(m.BaseScore)-1)]))
	}
	if m.Booster == "gblinear" {
		p.engine = linear{weights: m.Linear, features: m.NumFeature, groups: p.groups}
		return p, nil
	}
	trees := forest.NewEngine(usedTrees(m), m.NumFeature, p.groups)
	p.engine, p.uses = trees, trees.Uses(m.NumFeature)
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

func (p *predictor) Output() dataset.Field {
	f := dataset.Field{Name: OutputName, Type: dataset.Float32Type}
	if w := p.link.Width(p.groups); w > 1 {
		f.Type = dataset.Float32ListType(w)
	}
	return f
}

func (p *predictor) Bind(schema *dataset.Schema, named bool) (algorithms.Scorer, error) {
	var names []string
	for _, f := range schema.Fields() {
		names = append(names, f.Name)
	}
	b, err := bind(p.layout, schema, names, named)
	if err != nil {
		return nil, err
	}
	return &scorer{predictor: p, binding: b}, nil
}

// margins adds up the model for n rows of columns.
func (p *predictor) margins(columns [][]float32, n int) []float32 {
	out := make([]float32, n*p.groups)
	for i := range out {
		out[i] = p.base[i%p.groups]
	}
	p.engine.Score(columns, n, out)
	return out
}

type scorer struct {
	predictor *predictor
	binding   *binding
	columns   sync.Pool // *[][]float32
}

func (s *scorer) Score(batch dataset.Batch) (dataset.Column, error) {
	p, n := s.predictor, int(batch.NumRows())
	columns, _ := s.columns.Get().(*[][]float32)
	if columns == nil {
		columns = new([][]float32)
	}
	defer s.columns.Put(columns)
	*columns = blank(*columns, len(p.layout.Features), p.uses, n)
	if err := s.binding.fill(batch, *columns); err != nil {
		return nil, err
	}
	out := p.link.Predict(p.margins(*columns, n), p.groups)
	if w := p.link.Width(p.groups); w > 1 {
		return dataset.NewFloat32List(out, w), nil
	}
	return dataset.NewFloat32(out), nil
}
