package hist

// histogram holds packed sums per bin: those of feature f from Cuts.offsets[f].
type histogram []uint64

// window is as long as the bins of a byte-wide feature can get. Seen through a pointer to such an array, a byte needs no
// bounds check; windows of neighbouring features overlap, which does not matter.
const window = 256

// newHistogram returns a cleared histogram, a used one if there is one.
func (g *Grower) newHistogram() histogram {
	if h := g.usedHistogram(); h != nil {
		clear(h)
		return h
	}
	return make(histogram, g.matrix.Cuts.offsets[len(g.matrix.Cuts.Features)]+window)
}

// usedHistogram returns a histogram that nobody needs any more, nil if there is none.
func (g *Grower) usedHistogram() histogram {
	g.mutex.Lock()
	defer g.mutex.Unlock()
	n := len(g.free)
	if n == 0 {
		return nil
	}
	h := g.free[n-1]
	g.free = g.free[:n-1]
	return h
}

func (g *Grower) release(h histogram) {
	if h == nil {
		return
	}
	g.mutex.Lock()
	g.free = append(g.free, h)
	g.mutex.Unlock()
}

// windows returns the bins of the features in use.
func (g *Grower) windows(h histogram) []*[window]uint64 {
	w := make([]*[window]uint64, len(g.columns))
	for i, f := range g.columns {
		w[i] = (*[window]uint64)(h[g.matrix.Cuts.offsets[f]:])
	}
	return w
}

// accumulate adds rows to a histogram.
func (g *Grower) accumulate(h histogram, rows []uint32) {
	m, stride := g.matrix, len(g.matrix.Cuts.Features)
	switch {
	case m.sparse != nil:
		accumulateSparse(h, m.sparse.byRow, rows, g.gradients.packed)
	case m.Cuts.wide:
		accumulateWide(h, m.wide, stride, g.columns, m.Cuts.offsets, rows, g.gradients.packed)
	case m.Cuts.even && len(g.columns) == stride:
		addEven(h, m.narrow, stride, rows, g.gradients.packed)
	default:
		addPicked(g.windows(h), g.columns, m.narrow, stride, rows, g.gradients.packed)
	}
}

// addEvenGo is for features whose bins lie a window apart: where they are then follows from the feature's number, and need
// not be looked up for every update.
func addEvenGo(h histogram, matrix []uint8, stride int, rows []uint32, packed []uint64) {
	for _, r := range rows {
		v := packed[r]
		row := matrix[int(r)*stride:]
		row = row[:stride]
		rest := h
		for len(row) >= 4 && len(rest) >= 4*window {
			b, w := (*[4]uint8)(row), (*[4 * window]uint64)(rest)
			w[b[0]] += v
			w[window+int(b[1])] += v
			w[2*window+int(b[2])] += v
			w[3*window+int(b[3])] += v
			row, rest = row[4:], rest[4*window:]
		}
		for f, b := range row {
			rest[f*window+int(b)] += v
		}
	}
}

// addPickedGo adds up some features, wherever their bins lie.
func addPickedGo(bins []*[window]uint64, columns []int32, matrix []uint8, stride int, rows []uint32, packed []uint64) {
	bins = bins[:len(columns)]
	for _, r := range rows {
		v := packed[r]
		row := matrix[int(r)*stride : (int(r)+1)*stride]
		for i, f := range columns {
			bins[i][row[f]] += v
		}
	}
}

func accumulateWide(h histogram, matrix []uint16, stride int, columns []int32, offsets []int, rows []uint32, packed []uint64) {
	for _, r := range rows {
		v := packed[r]
		row := matrix[int(r)*stride : (int(r)+1)*stride]
		for _, f := range columns {
			h[offsets[f]+int(row[f])] += v
		}
	}
}

// add adds o to h.
func (h histogram) add(o histogram) {
	o = o[:len(h)]
	for i := range h {
		h[i] += o[i]
	}
}

// subtractGo takes o from h: what is left of a parent is the other child.
func (h histogram) subtractGo(o histogram) {
	o = o[:len(h)]
	for i := range h {
		h[i] -= o[i]
	}
}
