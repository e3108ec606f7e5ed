// Package poison makes an algorithm whose models cannot score some rows, for tests of what becomes of such rows. It imports what it
// wraps and nothing of what it tests.
package poison

import (
	"io/fs"
	"slices"

	"github.com/batchmill/batchmill/algorithms"
	"github.com/batchmill/batchmill/dataset"
)

// Algorithm is another algorithm, but that its models do Do when they are to score a row in whose first column one of Values stands.
type Algorithm struct {
	algorithms.Algorithm
	Values []float32
	Do     func()
}

// Load loads a model.
func (a Algorithm) Load(files fs.FS) (algorithms.Predictor, error) {
	p, err := a.Algorithm.Load(files)
	return predictor{p, a}, err
}

type predictor struct {
	algorithms.Predictor
	a Algorithm
}

func (p predictor) Bind(schema *dataset.Schema, named bool) (algorithms.Scorer, error) {
	s, err := p.Predictor.Bind(schema, named)
	return scorer{s, p.a}, err
}

type scorer struct {
	algorithms.Scorer
	a Algorithm
}

func (s scorer) Score(batch dataset.Batch) (dataset.Column, error) {
	values := make([]float32, batch.NumRows())
	if err := dataset.Floats(batch.Column(0), values); err != nil {
		return nil, err
	}
	for _, v := range values {
		if slices.Contains(s.a.Values, v) {
			s.a.Do()
		}
	}
	return s.Scorer.Score(batch)
}
