package xgboost

import (
	"sync"

	"github.com/batchmill/batchmill/algorithms"
	"github.com/batchmill/batchmill/algorithms/xgboost/internal/lightgbm"
	"github.com/batchmill/batchmill/dataset"
)

// lightPredictor scores with a model that LightGBM trained.
type lightPredictor struct {
	layout  *layout
	model   *lightgbm.Model
	engine  *lightgbm.Engine
	uses    []bool
	numbers []map[float64]float64 // by feature: code of each category, where categories are numbers
}

func loadLightGBM(m *lightgbm.Model, err error) (algorithms.Predictor, error) {
	if err != nil {
		return nil, &algorithms.DataError{Reason: err.Error()}
	}
	p := &lightPredictor{model: m, engine: lightgbm.NewEngine(m), numbers: make([]map[float64]float64, len(m.Features))}
	p.uses = p.engine.Uses()
	p.layout = &layout{Version: layoutVersion, Named: m.Named, Features: make([]feature, len(m.Features))}
	categorical := m.Categorical()
	for i, name := range m.Features {
		f := feature{Name: name, Kind: kindNumber}
		if categorical[i] {
			f.Kind = kindCode
		}
		if m.Categories != nil && m.Categories[i] != nil {
			p.setCategories(i, &f, m.Categories[i])
		}
		p.layout.Features[i] = f
	}
	return p, nil
}

// setCategories says what the codes of a feature stand for: texts, or numbers in a column of numbers.
func (p *lightPredictor) setCategories(i int, f *feature, categories []lightgbm.Category) {
	f.Kind = kindText
	for code, c := range categories {
		if !c.IsText {
			if p.numbers[i] == nil {
				p.numbers[i] = map[float64]float64{}
			}
			p.numbers[i][c.Number] = float64(code)
			f.Kind = kindCode
		}
		f.Categories = append(f.Categories, c.Text)
	}
	if f.Kind == kindCode {
		f.Categories = nil
	}
}

// Features are numbers in double precision, which LightGBM's thresholds are.
func (p *lightPredictor) Features() []algorithms.Feature {
	features := p.layout.describe()
	for i := range features {
		features[i].Double = true
	}
	return features
}

func (p *lightPredictor) Output() dataset.Field { return outputField(p.model.Outputs) }

func (p *lightPredictor) Bind(schema *dataset.Schema, named bool) (algorithms.Scorer, error) {
	b, err := bindSchema(p.layout, schema, named)
	if err != nil {
		return nil, err
	}
	return &lightScorer{predictor: p, binding: b}, nil
}

// margins adds up the model for n rows of columns.
func (p *lightPredictor) margins(columns [][]float64, n int) []float32 {
	return p.run(p.engine.Margins, columns, n)
}

func (p *lightPredictor) run(score func([][]float64, int, []float64), columns [][]float64, n int) []float32 {
	double := make([]float64, n*p.model.Outputs)
	score(columns, n, double)
	out := make([]float32, len(double))
	for i, v := range double {
		out[i] = float32(v)
	}
	return out
}

type lightScorer struct {
	predictor *lightPredictor
	binding   *binding
	columns   sync.Pool // *[][]float64
}

// with fills columns from a batch and lends them to use.
func (s *lightScorer) with(batch dataset.Batch, use func(columns [][]float64, n int)) error {
	p, n := s.predictor, int(batch.NumRows())
	columns, _ := s.columns.Get().(*[][]float64)
	if columns == nil {
		columns = new([][]float64)
	}
	defer s.columns.Put(columns)
	*columns = blankOf(*columns, len(p.layout.Features), p.uses, n)
	if err := s.fill(batch, *columns, n); err != nil {
		return err
	}
	use(*columns, n)
	return nil
}

func (s *lightScorer) Score(batch dataset.Batch) (dataset.Column, error) {
	var out []float32
	err := s.with(batch, func(columns [][]float64, n int) { out = s.predictor.run(s.predictor.engine.Predict, columns, n) })
	if err != nil {
		return nil, err
	}
	return outputColumn(out, s.predictor.model.Outputs), nil
}

func (s *lightScorer) marginBatch(batch dataset.Batch) (values []float32, width int, err error) {
	err = s.with(batch, func(columns [][]float64, n int) { values = s.predictor.margins(columns, n) })
	return values, s.predictor.model.Outputs, err
}

func (s *lightScorer) leafBatch(batch dataset.Batch) (leaves []int32, width int, err error) {
	width = len(s.predictor.model.Trees)
	err = s.with(batch, func(columns [][]float64, n int) {
		leaves = make([]int32, n*width)
		s.predictor.engine.Leaves(columns, n, leaves)
	})
	return leaves, width, err
}

// fill is binding.fill in double precision: LightGBM's thresholds tell apart values that float32 does not.
func (s *lightScorer) fill(batch dataset.Batch, columns [][]float64, n int) error {
	b := s.binding
	if b.columns == nil {
		return s.fillSparse(batch, columns, n)
	}
	for f, at := range b.columns {
		if columns[f] == nil {
			continue
		}
		col, err := batch.Column(at), error(nil)
		dst := columns[f][:n]
		if b.codes[f] != nil {
			err = fillCodes(col, b.codes[f], dst)
		} else {
			err = dataset.Float64s(col, dst)
		}
		if err != nil {
			return &algorithms.DataError{Column: b.layout.Features[f].Name, Reason: err.Error()}
		}
		s.recode(f, dst)
	}
	return nil
}

func fillCodes(col dataset.Column, codes *dataset.TextIndex, dst []float64) error {
	single := make([]float32, len(dst))
	if err := codes.Numbers(col, single, nil); err != nil {
		return err
	}
	for i, c := range single {
		dst[i] = float64(c)
	}
	return nil
}

// recode turns numbers that are categories into their codes, unknown ones into missing values.
func (s *lightScorer) recode(f int, values []float64) {
	codes := s.predictor.numbers[f]
	if codes == nil {
		return
	}
	for i, v := range values {
		c, known := codes[v]
		if !known {
			c = float64(nan)
		}
		values[i] = c
	}
}

// fillSparse spreads sparse rows. To LightGBM, what a row leaves out is 0, not missing.
func (s *lightScorer) fillSparse(batch dataset.Batch, columns [][]float64, n int) error {
	rows, err := dataset.SparseColumns(batch)
	if err != nil {
		return err
	}
	for _, c := range columns {
		clear(c[:min(n, len(c))])
	}
	for r := range n {
		indices, values := rows.Row(r)
		for k, i := range indices {
			if i >= 0 && int(i) < len(columns) && columns[i] != nil {
				columns[i][r] = float64(values[k])
			}
		}
	}
	for f, c := range columns {
		if c != nil {
			s.recode(f, c[:n])
		}
	}
	return nil
}
