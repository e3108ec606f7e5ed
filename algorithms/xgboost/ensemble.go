package xgboost

import (
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/batchmill/batchmill/algorithms"
	"github.com/batchmill/batchmill/algorithms/xgboost/internal/modelfile"
	"github.com/batchmill/batchmill/dataset"
)

// ensemble is the models of a cross validation, which predict together as SageMaker's XGBoost container has them do: by the
// mean of their predictions and, where those are classes, by the commonest.
type ensemble struct{ members []*predictor }

// foldModels returns the names of a cross validation's models, in order; nil where there are none, or one model for all.
func foldModels(names []string) []string {
	numbers, found := map[string]int{}, []string(nil)
	for _, name := range names {
		if name == modelFile {
			return nil
		}
		if number, is := strings.CutPrefix(path.Base(name), modelFile+"-"); is {
			if n, err := strconv.Atoi(number); err == nil {
				numbers[name], found = n, append(found, name)
			}
		}
	}
	slices.SortFunc(found, func(a, b string) int { return numbers[a] - numbers[b] })
	return found
}

// loadEnsemble reads the models of a cross validation.
func loadEnsemble(files fs.FS, names []string) (algorithms.Predictor, error) {
	e := &ensemble{}
	for _, name := range names {
		data, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, err
		}
		m, err := modelfile.Read(data)
		if err != nil {
			return nil, &algorithms.DataError{Reason: name + ": " + err.Error()}
		}
		l, err := layoutBeside(files, m)
		if err != nil {
			return nil, err
		}
		p, err := newPredictor(m, l)
		if err != nil {
			return nil, err
		}
		if len(e.members) > 0 && !p.like(e.members[0]) {
			return nil, &algorithms.DataError{Reason: fmt.Sprintf("%s and %s are models of different trainings", names[0], name)}
		}
		e.members = append(e.members, p)
	}
	return e, nil
}

// like tells whether two models predict the same thing from the same columns.
func (p *predictor) like(o *predictor) bool {
	return p.objective == o.objective && p.groups == o.groups && len(p.layout.Features) == len(o.layout.Features)
}

func (e *ensemble) Features() []algorithms.Feature { return e.members[0].Features() }

func (e *ensemble) Output() dataset.Field { return e.members[0].Output() }

// Outputs implements algorithms.OutputSelector. Margins and contributions are means, leaves are those of all models.
func (e *ensemble) Outputs(names []string) (algorithms.MultiPredictor, error) {
	p, trees := e.members[0], 0
	for _, m := range e.members {
		trees += len(m.trees)
	}
	return selectOutputs(&outputModel{
		Predictor: e, layout: p.layout, task: taskOf(p.objective), groups: p.groups, width: p.link.Width(p.groups),
		trees: trees, explain: e.explainer,
	}, names)
}

func (e *ensemble) Bind(schema *dataset.Schema, named bool) (algorithms.Scorer, error) {
	reader := *e.members[0]
	reader.uses = e.uses()
	b, err := bindSchema(reader.layout, schema, named)
	if err != nil {
		return nil, err
	}
	return &ensembleScorer{e, &scorer{predictor: &reader, binding: b}}, nil
}

// uses tells which features some model reads; nil: all.
func (e *ensemble) uses() []bool {
	all := make([]bool, len(e.members[0].layout.Features))
	for _, p := range e.members {
		if p.uses == nil {
			return nil
		}
		for f, u := range p.uses {
			all[f] = all[f] || u
		}
	}
	return all
}

type ensembleScorer struct {
	*ensemble
	rows *scorer
}

func (s *ensembleScorer) Score(batch dataset.Batch) (column dataset.Column, err error) {
	p := s.members[0]
	err = s.rows.with(batch, func(columns [][]float32, n int) {
		column = outputColumn(s.predict(columns, n), p.link.Width(p.groups))
	})
	return column, err
}

// values implements valuer.
func (s *ensembleScorer) values(batch dataset.Batch, use func(*rowValues)) error {
	return s.rows.with(batch, func(columns [][]float32, n int) {
		use(&rowValues{
			n: n, columns: columns,
			margin:  func() []float32 { return s.mean(func(p *predictor) []float32 { return p.margins(columns, n) }) },
			predict: func() []float32 { return s.predict(columns, n) },
			leaves:  func() []int32 { return s.leaves(columns, n) },
		})
	})
}

func (e *ensemble) predict(columns [][]float32, n int) []float32 {
	predict := func(p *predictor) []float32 { return p.link.Predict(p.margins(columns, n), p.groups) }
	if o := e.members[0].objective; o != "multi:softmax" && o != "binary:hinge" {
		return e.mean(predict)
	}
	votes := make([][]float32, len(e.members))
	for i, p := range e.members {
		votes[i] = predict(p)
	}
	out, row := votes[0], make([]float32, len(votes))
	for r := range out {
		for i := range votes {
			row[i] = votes[i][r]
		}
		out[r] = commonest(row)
	}
	return out
}

func (e *ensemble) mean(of func(*predictor) []float32) []float32 {
	var sums []float64
	for _, p := range e.members {
		values := of(p)
		if sums == nil {
			sums = make([]float64, len(values))
		}
		for i, v := range values {
			sums[i] += float64(v)
		}
	}
	out := make([]float32, len(sums))
	for i, s := range sums {
		out[i] = float32(s / float64(len(e.members)))
	}
	return out
}

// leaves puts a row's leaves in the models' trees one after the other.
func (e *ensemble) leaves(columns [][]float32, n int) []int32 {
	parts, width := make([][]int32, len(e.members)), 0
	for i, p := range e.members {
		parts[i] = p.leaves(columns, n)
		width += len(p.trees)
	}
	out := make([]int32, 0, n*width)
	for r := range n {
		for i, p := range e.members {
			out = append(out, parts[i][r*len(p.trees):(r+1)*len(p.trees)]...)
		}
	}
	return out
}

// explainer explains the mean of the models' margins by the mean of their explanations.
func (e *ensemble) explainer() (explainer, error) {
	out := ensembleExplainer{ensemble: e}
	for _, p := range e.members {
		one, err := p.explainer()
		if err != nil {
			return nil, err
		}
		out.explainers = append(out.explainers, one)
	}
	return out, nil
}

type ensembleExplainer struct {
	*ensemble
	explainers []explainer
}

func (e ensembleExplainer) contributions(rows *rowValues, out []float32) {
	e.add(rows, out, explainer.contributions)
}

func (e ensembleExplainer) interactions(rows *rowValues, out []float32) {
	e.add(rows, out, explainer.interactions)
}

func (e ensembleExplainer) add(rows *rowValues, out []float32, explain func(explainer, *rowValues, []float32)) {
	sums, one := make([]float64, len(out)), make([]float32, len(out))
	for i, p := range e.members {
		own := *rows
		own.decide = p.decide(rows.columns)
		explain(e.explainers[i], &own, one)
		for j, v := range one {
			sums[j] += float64(v)
		}
	}
	for j, s := range sums {
		out[j] = float32(s / float64(len(e.members)))
	}
}
