package lightgbm

import "github.com/batchmill/batchmill/algorithms/xgboost/internal/lanes"

// sides is what one goroutine needs to score some blocks of rows side by side.
type sides struct {
	batch  *lanes.Batch
	single [lanes.Rows]float32
	sums   [lanes.Blocks][][lanes.Rows]float64 // by output
}

func newSides(k *lanes.Kernels, parts []part, outputs int) *sides {
	var needs lanes.Needs
	for i := range parts {
		needs = needs.Also(parts[i].needs)
	}
	s := &sides{batch: lanes.NewBatch(k, needs)}
	for i := range s.sums {
		s.sums[i] = make([][lanes.Rows]float64, outputs)
	}
	return s
}

// side writes the margins of some blocks of rows.
func (e *Engine) side(s *sides, columns [][]float64, rows lanes.Span, out []float64) {
	for i := range rows.Blocks() {
		clear(s.sums[i])
	}
	for i := range e.parts {
		if p := &e.parts[i]; p.trees == nil {
			e.walkPart(p, s, columns, rows)
		} else {
			p.add(s, columns, rows)
		}
	}
	outputs := e.model.Outputs
	for i, block := range rows.Blocks() {
		for g := range s.sums[i] {
			for r, sum := range s.sums[i][g][:block.Len()] {
				out[(block.From+r)*outputs+g] = sum
			}
		}
	}
}

// add adds the part's leaf values of some blocks to the sums.
func (p *part) add(s *sides, columns [][]float64, rows lanes.Span) {
	blocks := 0
	for i, block := range rows.Blocks() {
		blocks++
		for at := range p.keys {
			k := &p.keys[at]
			k.encode(s.batch, i, at, columns[k.feature][block.From:block.To], &s.single)
		}
	}
	for t := range p.trees {
		tree := &p.trees[t]
		for i := range blocks {
			leaves, sums := s.batch.Run(i, tree.program), &s.sums[i][(p.from+t)%len(s.sums[i])]
			for r, leaf := range leaves {
				sums[r] += tree.values[leaf]
			}
		}
	}
}

// walkPart is add for trees that walk.
func (e *Engine) walkPart(p *part, s *sides, columns [][]float64, rows lanes.Span) {
	for i, block := range rows.Blocks() {
		e.walk(columns, block.From, block.To, p.from, p.to, func(from, n, tree int, leaf *[blockRows]int32) {
			values, sums := e.model.Trees[tree].Leaves, s.sums[i][tree%len(s.sums[i])][from-block.From:]
			for r := range n {
				sums[r] += values[leaf[r]]
			}
		})
	}
}
