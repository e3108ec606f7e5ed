package tables

import (
	"github.com/batchmill/batchmill/algorithms"
	"github.com/batchmill/batchmill/dataset"
)

// Predict scores the table's rows; the answer is a column per output.
func (t *Table) Predict(p algorithms.Predictor) (outputs [][]float32, err error) {
	return predict(p, t.Batches())
}

// Predict scores the rows; the answer is a column per output.
func (s *Sparse) Predict(p algorithms.Predictor) (outputs [][]float32, err error) {
	return predict(p, s.Batches())
}

func predict(p algorithms.Predictor, batches []dataset.Batch) (outputs [][]float32, err error) {
	for _, b := range batches {
		scorer, err := p.Bind(b.Schema(), true)
		if err != nil {
			return nil, err
		}
		col, err := scorer.Score(b)
		if err != nil {
			return nil, err
		}
		if outputs, err = appendScores(outputs, col); err != nil {
			return nil, err
		}
	}
	return outputs, nil
}

// appendScores appends a batch's predictions to the columns so far.
func appendScores(outputs [][]float32, col dataset.Column) ([][]float32, error) {
	values, width, ok := dataset.Vectors(col)
	if !ok {
		values, width = make([]float32, col.Len()), 1
		if err := dataset.Floats(col, values); err != nil {
			return nil, err
		}
	}
	if outputs == nil {
		outputs = make([][]float32, width)
	}
	for i, v := range values {
		outputs[i%width] = append(outputs[i%width], v)
	}
	return outputs, nil
}
