package xgboost

import (
	"github.com/batchmill/batchmill/algorithms/xgboost/internal/shap"
	"github.com/batchmill/batchmill/dataset"
)

// rowValues is what outputs are made of, for the rows of one batch. Each part is worked out when it is first asked for.
type rowValues struct {
	n       int
	columns [][]float32 // nil for LightGBM's models
	decide  shap.Decide
	margin  func() []float32 // each call a slice of its own
	predict func() []float32
	leaves  func() []int32

	margins, predictions []float32
}

// allMargins returns the margins, which stay the rowValues'.
func (v *rowValues) allMargins() []float32 {
	if v.margins == nil {
		v.margins = v.margin()
	}
	return v.margins
}

func (v *rowValues) allPredictions() []float32 {
	if v.predictions == nil {
		v.predictions = v.predict()
	}
	return v.predictions
}

// valuer is a bound scorer that gives the parts of outputs.
type valuer interface {
	values(batch dataset.Batch, use func(*rowValues)) error
}

var (
	_ valuer = (*scorer)(nil)
	_ valuer = (*lightScorer)(nil)
)

func (s *scorer) values(batch dataset.Batch, use func(*rowValues)) error {
	p := s.predictor
	return s.with(batch, func(columns [][]float32, n int) {
		use(&rowValues{
			n: n, columns: columns, decide: p.decide(columns),
			margin:  func() []float32 { return p.margins(columns, n) },
			predict: func() []float32 { return p.link.Predict(p.margins(columns, n), p.groups) },
			leaves:  func() []int32 { return p.leaves(columns, n) },
		})
	})
}

func (s *lightScorer) values(batch dataset.Batch, use func(*rowValues)) error {
	p := s.predictor
	return s.with(batch, func(columns [][]float64, n int) {
		use(&rowValues{
			n: n, decide: p.decide(columns),
			margin:  func() []float32 { return p.margins(columns, n) },
			predict: func() []float32 { return p.run(p.engine.Predict, columns, n) },
			leaves: func() []int32 {
				leaves := make([]int32, n*len(p.model.Trees))
				p.engine.Leaves(columns, n, leaves)
				return leaves
			},
		})
	})
}
