package hist

// Pick returns a matrix of some rows, which ascend.
func (m *Matrix) Pick(rows []int) *Matrix {
	if m.sparse != nil {
		return &Matrix{Cuts: m.Cuts, rows: len(rows), sparse: m.sparse.pick(m.rows, rows)}
	}
	picked, stride := NewMatrix(m.Cuts, len(rows)), len(m.Cuts.Features)
	picked.rows = len(rows)
	for _, r := range rows {
		if m.Cuts.wide {
			picked.wide = append(picked.wide, m.wide[r*stride:(r+1)*stride]...)
		} else {
			picked.narrow = append(picked.narrow, m.narrow[r*stride:(r+1)*stride]...)
		}
	}
	return picked
}

// pick keeps the order of a column's values: rows that ascend still do when they are numbered anew.
func (s *sparse) pick(n int, rows []int) *sparse {
	place := make([]int32, n)
	for i := range place {
		place[i] = -1
	}
	for i, r := range rows {
		place[r] = int32(i)
	}
	out := &sparse{starts: make([]int, len(s.starts)), columnar: s.columnar}
	for f := range len(s.starts) - 1 {
		column, bins := s.column(int32(f))
		for i, r := range column {
			if place[r] >= 0 {
				out.rows, out.bins = append(out.rows, uint32(place[r])), append(out.bins, bins[i])
			}
		}
		out.starts[f+1] = len(out.rows)
	}
	return out
}
