package xgboost

import "github.com/batchmill/batchmill/dataset"

// sparseCells bounds the block that sparse rows are spread into to be scored: the features that the model asks for times some
// rows, which together stay in the cache.
const sparseCells = 1 << 19

// scoreSparse returns the margins of a sparse batch.
func (s *scorer) scoreSparse(batch dataset.Batch) ([]float32, error) {
	rows, err := dataset.SparseColumns(batch)
	if err != nil {
		return nil, err
	}
	block, _ := s.blocks.Get().(*[][]float32)
	if block == nil {
		block = new([][]float32)
	}
	defer s.blocks.Put(block)
	return s.predictor.sparseMargins(rows, int(batch.NumRows()), block), nil
}

// sparseMargins adds up the model for n sparse rows, spread into block a few at a time. Between calls block holds nothing
// but NaN, so that only what is stored is ever written.
func (p *predictor) sparseMargins(rows *dataset.SparseRows, n int, block *[][]float32) []float32 {
	if *block == nil {
		*block = p.sparseBlock()
	}
	columns, out := *block, p.start(n)
	step := p.sparseStep()
	for from := 0; from < n; from += step {
		to := min(n, from+step)
		for r := from; r < to; r++ {
			features, values := rows.Row(r)
			for k, f := range features {
				if f >= 0 && int(f) < len(columns) && columns[f] != nil {
					columns[f][r-from] = values[k]
				}
			}
		}
		p.engine.Score(columns, to-from, out[from*p.groups:to*p.groups])
		for r := from; r < to; r++ {
			features, _ := rows.Row(r)
			for _, f := range features {
				if f >= 0 && int(f) < len(columns) && columns[f] != nil {
					columns[f][r-from] = nan
				}
			}
		}
	}
	return out
}

// sparseStep is how many rows a block holds.
func (p *predictor) sparseStep() int {
	used := 0
	for f := range p.layout.Features {
		if p.uses == nil || p.uses[f] {
			used++
		}
	}
	return max(1, sparseCells/max(1, used))
}

func (p *predictor) sparseBlock() [][]float32 {
	columns := blank(nil, len(p.layout.Features), p.uses, p.sparseStep())
	for _, c := range columns {
		for i := range c {
			c[i] = nan
		}
	}
	return columns
}
