package hist

import (
	"math"
	"slices"
	"sync"

	"github.com/batchmill/batchmill/algorithms/xgboost/internal/order"
)

// split is a way to cut a node in two.
type split struct {
	gain        float64 // by how much it lowers twice the loss; 0: none found
	feature     int32
	bin         int32 // numeric: bins up to this one go left
	defaultLeft bool
	rightSet    []uint32 // categorical: codes that go right
	categorical bool
	left, right sum
}

// better tells whether a beats b. Of equal gains the lower feature wins, as in XGBoost, so the order of search is free.
func (a *split) better(b *split) bool {
	return a.gain > b.gain || a.gain == b.gain && a.gain > 0 && a.feature < b.feature
}

// finder looks for the best split of one node.
type finder struct {
	params *Params
	units  pairUnits
	total  sum
	parent float64 // gain of the node unsplit
	plain  bool    // no L1 penalty, no bound on the step, no monotone constraint: the quick formula holds
	tested bool    // cuts that test lets pass are all that need be looked at
	best   split

	test cutTest // where tested: what is the same for all cuts of the node

	monotone  bool
	bounds    bounds
	direction int8 // of the feature at hand

	rows           int
	rowsPerHessian float64 // of the node: rows of a category are told by its second derivatives

	*finderScratch
}

// finderScratch is memory that finders leave to others.
type finderScratch struct {
	sums    []sum
	filled  []uint64
	weighed []uint64
	codes   []uint32
}

var finderScratches = sync.Pool{New: func() any { return new(finderScratch) }}

// newFinder prepares to search a node of so many rows. The caller leaves what it finds with end.
func newFinder(p *Params, units pairUnits, total sum, limits bounds, rows int) finder {
	g, h := units.of(total)
	f := finder{params: p, units: units, total: total, parent: p.gain(g, h), plain: p.Alpha == 0 && p.MaxDeltaStep == 0, bounds: limits, rows: rows, rowsPerHessian: float64(rows) / h}
	f.finderScratch = finderScratches.Get().(*finderScratch)
	if p.monotone() {
		f.monotone, f.plain = true, false
		f.parent = p.gainAt(g, h, limits.clamp(p.weight(g, h)))
	}
	// With an L1 penalty the gain of a bounded leaf is a small difference of large terms, and rounding could lift it above the bound.
	f.tested = p.Alpha == 0 || p.MaxDeltaStep == 0 && !f.monotone
	f.test = cutTest{unitG: units.g, unitH: units.h, lambda: p.Lambda, alpha: p.Alpha, totalG: g, totalH: h}
	// Second derivatives only add up, so a right side that is too light stays so.
	f.test.light = max(1, int64(math.Ceil(min(p.MinChildWeight/units.h, 1<<40))))
	f.test.heavy = total.h - f.test.light
	return f
}

// end returns the best split and gives back the finder's memory.
func (s *finder) end() split {
	finderScratches.Put(s.finderScratch)
	return s.best
}

// gain returns the gain of cutting the node into left and the rest, negative where a side is too light.
func (s *finder) gain(left sum) float64 {
	gl, hl := s.units.of(left)
	gr, hr := s.units.of(s.total.minus(left))
	if hl < s.params.MinChildWeight || hr < s.params.MinChildWeight || hl <= 0 || hr <= 0 {
		return -1
	}
	if s.plain {
		a, b := hl+s.params.Lambda, hr+s.params.Lambda
		return (gl*gl*b+gr*gr*a)/(a*b) - s.parent
	}
	if s.monotone {
		wl, wr := s.bounds.clamp(s.params.weight(gl, hl)), s.bounds.clamp(s.params.weight(gr, hr))
		if float64(s.direction)*(wr-wl) < 0 {
			return -1
		}
		return s.params.gainAt(gl, hl, wl) + s.params.gainAt(gr, hr, wr) - s.parent
	}
	return s.params.gain(gl, hl) + s.params.gain(gr, hr) - s.parent
}

// offer keeps a split if it is the best so far.
func (s *finder) offer(gain float64, candidate split) {
	if gain <= minGain || gain < s.params.stopLoss() || gain < s.best.gain {
		return
	}
	candidate.gain = gain
	candidate.right = s.total.minus(candidate.left)
	if candidate.better(&s.best) {
		if candidate.categorical {
			candidate.rightSet = slices.Clone(candidate.rightSet)
			slices.Sort(candidate.rightSet)
		}
		s.best = candidate
	}
}

// numeric tries every cut of a numeric feature, with missing values on either side. bins holds the feature's part of the
// histogram, the bin of missing values last.
func (s *finder) numeric(feature int32, bins []uint64) {
	if !s.tested {
		s.numericSums(feature, s.unpacked(bins))
		return
	}
	last := len(bins) - 1
	bins, missing := bins[:last], unpack(bins[last])
	if s.rows >= len(bins)/2 {
		s.tryNumeric(feature, missing, func(left sum, bar float64) (float64, int, sum) { return s.scanTested(bins, left, bar) })
		return
	}
	// Most bins of a node of few rows are empty: the others are put together first.
	s.filled = grow(s.filled[:0], len(bins)+cutLanes)
	filled := s.filled[:gatherFilled(s.filled, bins)]
	s.tryNumeric(feature, missing, func(left sum, bar float64) (float64, int, sum) {
		gain, bin, at := s.scanTested(filled, left, bar)
		return gain, placeOf(bins, bin), at
	})
}

func (s *finder) numericSums(feature int32, bins []sum) {
	last := len(bins) - 1
	s.tryNumeric(feature, bins[last], func(left sum, bar float64) (float64, int, sum) { return s.scan(bins[:last], left, bar) })
}

// unpacked returns bins as sums, until the next call.
func (s *finder) unpacked(bins []uint64) []sum {
	s.sums = s.sums[:0]
	for _, packed := range bins {
		s.sums = append(s.sums, unpack(packed))
	}
	return s.sums
}

func (s *finder) tryNumeric(feature int32, missing sum, scan func(left sum, bar float64) (float64, int, sum)) {
	s.direction = s.params.direction(feature)
	bar, best := s.bar(), split{feature: feature, bin: -1}
	gain, bin, left := scan(sum{}, bar)
	if bin >= 0 {
		bar = gain
		best.bin, best.left = int32(bin), left
	}
	if missing != (sum{}) {
		if gain, bin, left = scan(missing, bar); bin >= 0 {
			bar = gain
			best.bin, best.left, best.defaultLeft = int32(bin), left, true
		}
	}
	if best.bin >= 0 {
		s.offer(bar, best)
	}
}

// scan returns the first cut whose gain is the largest above bar, bin -1 if there is none. left is the sum of the rows that
// go left before any bin does. A bin without rows makes no cut of its own.
func (s *finder) scan(bins []sum, left sum, bar float64) (gain float64, bin int, at sum) {
	bin = -1
	for b, of := range bins {
		if of == (sum{}) {
			continue
		}
		left = left.plus(of)
		if gain := s.gain(left); gain > bar {
			bar, bin, at = gain, b, left
		}
	}
	return bar, bin, at
}

// mayGain tells whether a feature of one bin, as flags on sparse rows are, has a split that numeric would offer. There is only one: rows of
// the bin to the left, and those that miss the value to the right. Of thousands of such features few pass.
func (s *finder) mayGain(bin uint64) bool {
	left := unpack(bin)
	if left.h < s.test.light || left.h > s.test.heavy {
		return false
	}
	top, bottom := s.test.of(left)
	return top > s.goal(s.bar())*bottom
}

// bar is what a split has to gain to be offered.
func (s *finder) bar() float64 { return max(minGain, s.params.stopLoss(), s.best.gain) }

// categorical tries sets of categories.
func (s *finder) categorical(feature int32, bins []sum) {
	last := len(bins) - 1
	s.direction = 0
	missing := bins[last]
	if last <= maxOneHot {
		codes := s.codes[:0]
		for c := range bins[:last] {
			codes = append(codes, uint32(c))
		}
		s.codes = codes
		s.oneHot(feature, bins, codes, missing)
		return
	}
	codes := s.byWeight(bins[:last], s.codes[:0])
	s.codes = codes
	s.runs(feature, bins, codes, missing)
	slices.Reverse(codes)
	s.runs(feature, bins, codes, missing)
}

// byWeight lists categories in the order of the weights they would have as leaves; of equal weights the lower code comes first. As in
// XGBoost, categories that the node has not seen, or too little of for a leaf, weigh 0: they stand in the middle, go with their
// neighbours and count towards maxSetSize, so that rare categories are not picked one by one for their noise.
func (s *finder) byWeight(bins []sum, codes []uint32) []uint32 {
	s.weighed = s.weighed[:0]
	below := 0
	for c, of := range bins {
		w := float32(0)
		if of != (sum{}) {
			w = s.standing(of)
		}
		if w == 0 {
			codes = append(codes, uint32(c))
			continue
		}
		if w < 0 {
			below++
		}
		s.weighed = append(s.weighed, uint64(order.Key(w))<<32|uint64(c))
	}
	slices.Sort(s.weighed)
	zeros := len(codes)
	for _, w := range s.weighed {
		codes = append(codes, uint32(w))
	}
	rotate(codes[:zeros+below], zeros)
	return codes
}

// standing is the weight that a category is put in order by.
func (s *finder) standing(of sum) float32 {
	g, h := s.units.of(of)
	smooth := s.params.CategorySmooth
	switch {
	case smooth == 0:
		return float32(s.params.weight(g, h))
	case h*s.rowsPerHessian < smooth:
		return 0
	}
	return float32(-g / (h + smooth))
}

// rotate moves the first n elements behind the others.
func rotate(s []uint32, n int) {
	slices.Reverse(s[:n])
	slices.Reverse(s[n:])
	slices.Reverse(s)
}

// runs sends the first codes of an order right, one more each time.
func (s *finder) runs(feature int32, bins []sum, codes []uint32, missing sum) {
	var right sum
	for i, c := range codes[:min(len(codes), maxSetSize)] {
		if bins[c] == (sum{}) && (right != (sum{}) || i+1 < len(codes) && bins[codes[i+1]] == (sum{})) {
			continue // the gain is the last one's, or that of the next
		}
		right = right.plus(bins[c])
		s.offerSet(feature, codes[:i+1], right, missing)
	}
}

// oneHot sends one code right each time. As in XGBoost, one that the node has not seen can go there with the missing values: it is how they
// are parted from all others.
func (s *finder) oneHot(feature int32, bins []sum, codes []uint32, missing sum) {
	for i, c := range codes {
		s.offerSet(feature, codes[i:i+1], bins[c], missing)
	}
}

func (s *finder) offerSet(feature int32, set []uint32, right, missing sum) {
	left := s.total.minus(right)
	c := split{feature: feature, categorical: true, rightSet: set, left: left, defaultLeft: true}
	s.offer(s.gain(left), c)
	if missing != (sum{}) {
		c.left, c.defaultLeft = left.minus(missing), false
		s.offer(s.gain(c.left), c)
	}
}
