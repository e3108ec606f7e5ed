package xgboost

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/batchmill/batchmill/algorithms"
	"github.com/batchmill/batchmill/dataset"
)

// output is one output of a model: the columns it comes in, and how they are made.
type output struct {
	fields []dataset.Field
	make   func(rows *rowValues) []dataset.Column
}

// outputModel is what the outputs of a model depend on.
type outputModel struct {
	algorithms.Predictor
	layout   *layout
	task     task
	groups   int // outputs, in the sense of margins
	width    int // values of a prediction
	trees    int
	explain  func() (explainer, error)
	explains explainer // once prepared
}

// maxOutputColumns bounds what contributions of wide models make: columns, or values of a row's interactions.
const maxOutputColumns = 1 << 18

// Outputs implements algorithms.OutputSelector.
func (p *predictor) Outputs(names []string) (algorithms.MultiPredictor, error) {
	return selectOutputs(&outputModel{
		Predictor: p, layout: p.layout, task: taskOf(p.objective), groups: p.groups, width: p.link.Width(p.groups),
		trees: len(p.trees), explain: p.explainer,
	}, names)
}

// Outputs implements algorithms.OutputSelector.
func (p *lightPredictor) Outputs(names []string) (algorithms.MultiPredictor, error) {
	return selectOutputs(&outputModel{
		Predictor: p, layout: p.layout, task: taskOf(p.model.Objective.Name), groups: p.model.Outputs, width: p.model.Outputs,
		trees: len(p.model.Trees), explain: p.explainer,
	}, names)
}

// ResponseName is the container's.
func (p *lightPredictor) ResponseName(column string) string { return responseName(column) }

// makers are the outputs by name.
var makers = map[string]func(*outputModel) (output, error){
	algorithms.OutputPrediction: (*outputModel).prediction, algorithms.OutputMargin: (*outputModel).margin, algorithms.OutputLeaf: (*outputModel).leaf,
	algorithms.OutputContributions: (*outputModel).contributions, algorithms.OutputInteractions: (*outputModel).interactions,
	algorithms.OutputPredictedLabel: (*outputModel).predictedLabel, algorithms.OutputLabels: (*outputModel).labels,
	algorithms.OutputProbability: (*outputModel).probability, algorithms.OutputProbabilities: (*outputModel).probabilities,
	algorithms.OutputRawScore: (*outputModel).rawScore, algorithms.OutputRawScores: (*outputModel).rawScores,
	algorithms.OutputPredictedScore: (*outputModel).predictedScore,
}

func selectOutputs(m *outputModel, names []string) (algorithms.MultiPredictor, error) {
	s := &selection{Predictor: m.Predictor}
	taken := map[string]bool{}
	for i, name := range names {
		maker, known := makers[name]
		if !known {
			return nil, &algorithms.OutputError{Output: name, Reason: "is not known; known are " + strings.Join(outputNames(), ", ")}
		}
		if slices.Contains(names[:i], name) {
			return nil, &algorithms.OutputError{Output: name, Reason: "is asked for twice"}
		}
		o, err := maker(m)
		if err != nil {
			return nil, err
		}
		for _, f := range o.fields {
			if taken[f.Name] {
				return nil, &algorithms.OutputError{Output: name, Reason: fmt.Sprintf("two columns would be named %q", f.Name)}
			}
			taken[f.Name] = true
		}
		s.outputs, s.fields = append(s.outputs, o), append(s.fields, o.fields...)
	}
	return s, nil
}

func outputNames() []string {
	var names []string
	for name := range makers {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// selection gives several outputs of a model.
type selection struct {
	algorithms.Predictor
	outputs []output
	fields  []dataset.Field
}

func (s *selection) Fields() []dataset.Field { return s.fields }

// ResponseName is the container's.
func (s *selection) ResponseName(column string) string { return responseName(column) }

func (s *selection) Bind(schema *dataset.Schema, named bool) (algorithms.MultiScorer, error) {
	bound, err := s.Predictor.Bind(schema, named)
	if err != nil {
		return nil, err
	}
	return &multiScorer{s.outputs, bound.(valuer)}, nil
}

type multiScorer struct {
	outputs []output
	bound   valuer
}

func (s *multiScorer) Score(batch dataset.Batch) (columns []dataset.Column, err error) {
	err = s.bound.values(batch, func(rows *rowValues) {
		for _, o := range s.outputs {
			columns = append(columns, o.make(rows)...)
		}
	})
	return columns, err
}

// one makes an output of a single column.
func one(name string, t dataset.DataType, column func(*rowValues) dataset.Column) output {
	return output{
		fields: []dataset.Field{{Name: name, Type: t}},
		make:   func(rows *rowValues) []dataset.Column { return []dataset.Column{column(rows)} },
	}
}

// floats makes an output of a single column of width float32 values a row.
func floats(name string, width int, values func(*rowValues) []float32) output {
	o := one(name, nil, func(rows *rowValues) dataset.Column { return outputColumn(values(rows), width) })
	o.fields[0].Type = outputField(width).Type
	return o
}

func (m *outputModel) prediction() (output, error) {
	return floats(OutputName, m.width, (*rowValues).allPredictions), nil
}

func (m *outputModel) margin() (output, error) {
	return floats(algorithms.OutputMargin, m.groups, (*rowValues).allMargins), nil
}

func (m *outputModel) leaf() (output, error) {
	if m.trees == 0 {
		return output{}, &algorithms.OutputError{Output: algorithms.OutputLeaf, Reason: "the model has no trees"}
	}
	return one(algorithms.OutputLeaf, dataset.Int32ListType(m.trees), func(rows *rowValues) dataset.Column { return dataset.NewInt32List(rows.leaves(), m.trees) }), nil
}

// contributions come in a column per feature: users look for a feature's name, and Parquet reads some columns of many.
func (m *outputModel) contributions() (output, error) {
	e, err := m.prepared(algorithms.OutputContributions, m.groups*(len(m.layout.Features)+1))
	if err != nil {
		return output{}, err
	}
	var o output
	for g := range m.groups {
		prefix := "shap_"
		if m.groups > 1 {
			prefix += strconv.Itoa(g) + "_"
		}
		for _, f := range m.layout.Features {
			o.fields = append(o.fields, dataset.Field{Name: prefix + f.Name, Type: dataset.Float32Type})
		}
		o.fields = append(o.fields, dataset.Field{Name: prefix + "bias", Type: dataset.Float32Type})
	}
	o.make = func(rows *rowValues) []dataset.Column {
		width := len(o.fields)
		values := make([]float32, rows.n*width)
		e.contributions(rows, values)
		return columnsOfRows(values, rows.n, width)
	}
	return o, nil
}

// columnsOfRows turns values that lie row by row into columns.
func columnsOfRows(values []float32, n, width int) []dataset.Column {
	turned, columns := make([]float32, len(values)), make([]dataset.Column, width)
	for f := range columns {
		column := turned[f*n : (f+1)*n]
		for r := range column {
			column[r] = values[r*width+f]
		}
		columns[f] = dataset.NewFloat32(column)
	}
	return columns
}

func (m *outputModel) interactions() (output, error) {
	side := len(m.layout.Features) + 1
	width := m.groups * side * side
	e, err := m.prepared(algorithms.OutputInteractions, width)
	if err != nil {
		return output{}, err
	}
	return floats(algorithms.OutputInteractions, width, func(rows *rowValues) []float32 {
		values := make([]float32, rows.n*width)
		e.interactions(rows, values)
		return values
	}), nil
}

// prepared returns the explainer, made once.
func (m *outputModel) prepared(name string, width int) (explainer, error) {
	if width > maxOutputColumns {
		return nil, &algorithms.OutputError{Output: name, Reason: fmt.Sprintf("would be %d values a row for %d features; the limit is %d", width, len(m.layout.Features), maxOutputColumns)}
	}
	if m.explains == nil {
		e, err := m.explain()
		if err != nil {
			return nil, err
		}
		m.explains = e
	}
	return m.explains, nil
}
