package hist

import "sync"

// Roots are the root histograms of the trees of several outputs. The rows and their bins are the same for all of them, so one
// look at a bin adds up the derivatives of eight outputs, side by side in a vector register: with 23 outputs that is some ten
// times faster than root after root, and on trees of few levels the root is most of the work.
type Roots struct {
	matrix  *Matrix
	g, h    [][]float32
	quanta  []quantiser // by output
	sums    []*rootSums // one for each piece of work at a time; the first, once all are done, holds what they add up to
	mutex   sync.Mutex
	waiting []*rootSums
}

// rootLanes is how many outputs are added up at once.
const rootLanes = 8

const (
	rootRows  = 512     // of one piece of work
	rootBins  = 1 << 13 // the most bins of features that are added up together: half a megabyte, for the second-level cache
	rootRoom  = 1 << 22 // the most lanes of bins kept, for each core
	rootFewer = 3       // outputs, times the share of columns, below which that is no faster than a root each
)

// rootSums are a part of the rows added up: of each group of rootLanes outputs, every bin of every feature.
type rootSums struct {
	bins   [][][rootLanes]uint64
	lanes  [rootRows][rootLanes]uint64 // derivatives by row
	packed [rootRows]uint64
}

// NewRoots prepares for trees on matrix, or returns nil where roots are better built one by one.
func NewRoots(m *Matrix, params Params, outputs int) *Roots {
	if m.sparse != nil || m.Cuts.wide || params.Subsample < 1 || params.Precision.Exact {
		return nil
	}
	if float64(outputs)*params.ColumnsByTree < rootFewer {
		return nil
	}
	if bins := m.Cuts.offsets[len(m.Cuts.Features)]; bins*rootLanes*rootGroups(outputs) > rootRoom {
		return nil
	}
	return &Roots{matrix: m, quanta: make([]quantiser, outputs)}
}

func rootGroups(outputs int) int { return (outputs + rootLanes - 1) / rootLanes }

// Build adds up derivatives by output, which must stay as they are until the last Quantise.
func (r *Roots) Build(g, h [][]float32, seeds []uint64, precision Precision, pool *Pool) {
	r.g, r.h = g, h
	pool.Each(len(g), func(o int) { r.quanta[o], _ = newQuantiser(g[o], h[o], seeds[o], precision, NewPool(1)) })
	for _, s := range r.sums {
		for _, group := range s.bins {
			clear(group)
		}
	}
	r.waiting = append(r.waiting[:0], r.sums...)
	pool.ranges(r.matrix.rows, rootRows, func(from, to int) {
		s := r.take()
		r.add(s, from, to)
		r.giveBack(s)
	})
	pool.Each(len(r.sums[0].bins), func(group int) {
		to := r.sums[0].bins[group]
		for _, s := range r.sums[1:] {
			for b, lanes := range s.bins[group] {
				for l, v := range lanes {
					to[b][l] += v
				}
			}
		}
	})
}

// take returns sums that no other piece of work adds to.
func (r *Roots) take() *rootSums {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if n := len(r.waiting); n > 0 {
		s := r.waiting[n-1]
		r.waiting = r.waiting[:n-1]
		return s
	}
	s := &rootSums{bins: make([][][rootLanes]uint64, rootGroups(len(r.quanta)))}
	for i := range s.bins {
		s.bins[i] = make([][rootLanes]uint64, r.matrix.Cuts.offsets[len(r.matrix.Cuts.Features)])
	}
	r.sums = append(r.sums, s)
	return s
}

func (r *Roots) giveBack(s *rootSums) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.waiting = append(r.waiting, s)
}

// add adds rows, at most rootRows.
func (r *Roots) add(s *rootSums, from, to int) {
	stride, offsets := len(r.matrix.Cuts.Features), r.matrix.Cuts.offsets
	for group, bins := range s.bins {
		r.side(s, group, from, to)
		for first := 0; first < stride; {
			last := first + 1
			for last < stride && offsets[last+1]-offsets[first] <= rootBins {
				last++
			}
			addLanes(bins, offsets[first:last], r.matrix.narrow[from*stride+first:], stride, s.lanes[:to-from])
			first = last
		}
	}
}

// side puts a group's derivatives of rows side by side.
func (r *Roots) side(s *rootSums, group, from, to int) {
	clear(s.lanes[:])
	first := group * rootLanes
	for lane := range min(rootLanes, len(r.quanta)-first) {
		o := first + lane
		r.quanta[o].rows(s.packed[:to-from], r.g[o][from:to], r.h[o][from:to], uint32(from))
		for i, v := range s.packed[:to-from] {
			s.lanes[i][lane] = v
		}
	}
}

// addLanesGo adds to each feature's bins, from offsets[feature] on, the lanes of consecutive rows.
func addLanesGo(bins [][rootLanes]uint64, offsets []int, matrix []uint8, stride int, lanes [][rootLanes]uint64) {
	for i := range lanes {
		v := &lanes[i]
		for f, b := range matrix[i*stride:][:len(offsets)] {
			to := &bins[offsets[f]+int(b)]
			for l := range to {
				to[l] += v[l]
			}
		}
	}
}

// Quantise packs an output's derivatives as Quantise does, for trees whose root is built.
func (r *Roots) Quantise(output int, pool *Pool, reuse *Gradients) *Gradients {
	quanta := r.quanta[output].all(r.g[output], r.h[output], pool, reuse)
	quanta.roots, quanta.output = r, output
	return quanta
}

// copyTo copies an output's root.
func (r *Roots) copyTo(h histogram, output int) {
	lane := output % rootLanes
	for b := range r.sums[0].bins[output/rootLanes] {
		h[b] = r.sums[0].bins[output/rootLanes][b][lane]
	}
}
