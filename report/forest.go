package report

import (
	"math"
	"math/rand/v2"
	"slices"
)

// Importance by functional ANOVA: the variance of a regression forest's prediction over the unit cube, split into what each
// hyperparameter explains by itself and what it has a part in (Hutter, Hoos, Leyton-Brown 2014, An Efficient Approach for
// Assessing Hyperparameter Importance, ICML). A tree is constant on boxes, so its integrals are sums over boxes: exact for
// the tree, no sampling.

const (
	forestTrees = 32
	treePoints  = 1000 // a tree sees at most: more make its boxes finer than what they tell
	leafPoints  = 4    // a leaf with fewer than twice as many points is not split
	forestDepth = 12   // bounds the boxes of a tree
)

// share is what a hyperparameter explains of the variance: by itself, and with every interaction it has a part in.
type share struct{ main, total float64 }

// box is a leaf of a tree: a part of the unit cube with one prediction.
type box struct {
	low, high []float64
	value     float64
}

// importances are the shares of all axes, averaged over the forest. They are 0 where nothing varies.
func importances(s *search) []share {
	n := len(s.axes)
	shares := make([]share, n)
	x, y := s.samples()
	if n == 0 || len(y) < 2*leafPoints {
		return shares
	}
	counted := 0
	for t := range forestTrees {
		rng := rand.New(rand.NewPCG(1, uint64(t)))
		rows := make([]int, min(len(y), treePoints)) // drawn with replacement: a bootstrap sample
		for i := range rows {
			rows[i] = rng.IntN(len(y))
		}
		g := &grower{x: x, y: y, rng: rng}
		low, high := make([]float64, n), make([]float64, n)
		for i := range high {
			high[i] = 1
		}
		g.grow(rows, low, high, 0)
		one, ok := decompose(g.boxes, n)
		if !ok {
			continue
		}
		counted++
		for i := range shares {
			shares[i].main += one[i].main
			shares[i].total += one[i].total
		}
	}
	for i := range shares {
		if counted > 0 {
			shares[i].main /= float64(counted)
			shares[i].total /= float64(counted)
		}
	}
	return shares
}

// samples are the trials that have a value on every axis. Values enter by rank, so that a few very bad trials do not drown
// the differences among the good ones.
func (s *search) samples() (x [][]float64, y []float64) {
	var values []float64
	for _, p := range s.points {
		if slices.ContainsFunc(p.at, func(v float64) bool { return math.IsNaN(v) || v < 0 || v > 1 }) {
			continue
		}
		x, values = append(x, p.at), append(values, p.value)
	}
	sorted := slices.Sorted(slices.Values(values))
	for _, v := range values {
		i, _ := slices.BinarySearch(sorted, v)
		y = append(y, float64(i))
	}
	return x, y
}

// grower grows one tree.
type grower struct {
	x     [][]float64
	y     []float64
	rng   *rand.Rand
	boxes []box
}

func (g *grower) grow(rows []int, low, high []float64, depth int) {
	axis, at, ok := 0, 0.0, false
	if len(rows) >= 2*leafPoints && depth < forestDepth {
		axis, at, ok = g.split(rows)
	}
	if !ok {
		g.boxes = append(g.boxes, box{slices.Clone(low), slices.Clone(high), mean(g.y, rows)})
		return
	}
	var left, right []int
	for _, r := range rows {
		if g.x[r][axis] <= at {
			left = append(left, r)
		} else {
			right = append(right, r)
		}
	}
	upper := high[axis]
	high[axis] = at
	g.grow(left, low, high, depth+1)
	high[axis] = upper
	lower := low[axis]
	low[axis] = at
	g.grow(right, low, high, depth+1)
	low[axis] = lower
}

// split finds the cut that leaves the least squared error, over five in six of the axes by chance. With fewer, trees would
// have to cut where nothing is to be explained, and that would count.
func (g *grower) split(rows []int) (axis int, at float64, ok bool) {
	axes := g.rng.Perm(len(g.x[0]))
	least := math.Inf(1)
	for _, a := range axes[:(5*len(axes)+5)/6] {
		order := slices.Clone(rows)
		slices.SortFunc(order, func(i, j int) int {
			switch {
			case g.x[i][a] < g.x[j][a]:
				return -1
			case g.x[i][a] > g.x[j][a]:
				return 1
			}
			return i - j
		})
		var sum, total float64
		for _, r := range order {
			total += g.y[r]
		}
		for k := 1; k < len(order); k++ {
			sum += g.y[order[k-1]]
			before, after := g.x[order[k-1]][a], g.x[order[k]][a]
			if before == after || k < leafPoints || len(order)-k < leafPoints {
				continue
			}
			// The squared error is the sum of squares, which no cut changes, less this.
			explained := sum*sum/float64(k) + (total-sum)*(total-sum)/float64(len(order)-k)
			if -explained < least {
				least, axis, at, ok = -explained, a, (before+after)/2, true
			}
		}
	}
	return axis, at, ok
}

func mean(y []float64, rows []int) float64 {
	sum := 0.0
	for _, r := range rows {
		sum += y[r]
	}
	return sum / float64(len(rows))
}

func (b *box) width(axis int) float64 { return b.high[axis] - b.low[axis] }

// decompose splits the variance of a tree's prediction; false for a tree that predicts one value.
func decompose(boxes []box, n int) ([]share, bool) {
	whole, square := 0.0, 0.0
	for i := range boxes {
		v := boxes[i].volume(-1)
		whole += v * boxes[i].value
		square += v * boxes[i].value * boxes[i].value
	}
	variance := square - whole*whole
	if variance <= 1e-12*max(1, square) {
		return nil, false
	}
	shares := make([]share, n)
	for axis := range n {
		shares[axis] = share{marginal(boxes, axis, whole) / variance, 1 - closed(boxes, axis, whole)/variance}
		shares[axis].total = max(shares[axis].total, shares[axis].main) // but for rounding it never is below
	}
	return shares, true
}

// volume is a box's, leaving out one axis.
func (b *box) volume(except int) float64 {
	v := 1.0
	for a := range b.low {
		if a != except {
			v *= b.width(a)
		}
	}
	return v
}

// marginal is the variance of the prediction averaged over all axes but one.
func marginal(boxes []box, axis int, whole float64) float64 {
	var cuts []float64
	for i := range boxes {
		cuts = append(cuts, boxes[i].low[axis], boxes[i].high[axis])
	}
	slices.Sort(cuts)
	cuts = slices.Compact(cuts)
	variance := 0.0
	for k := 1; k < len(cuts); k++ {
		middle, average := (cuts[k-1]+cuts[k])/2, 0.0
		for i := range boxes {
			if boxes[i].low[axis] <= middle && middle < boxes[i].high[axis] {
				average += boxes[i].volume(axis) * boxes[i].value
			}
		}
		variance += (cuts[k] - cuts[k-1]) * (average - whole) * (average - whole)
	}
	return variance
}

// closed is the variance of the prediction averaged over one axis: what the others explain without it. It is an integral of
// a product of two sums over boxes, so a sum over pairs of them.
func closed(boxes []box, axis int, whole float64) float64 {
	square := 0.0
	for i := range boxes {
		for j := range boxes {
			overlap := boxes[i].width(axis) * boxes[j].width(axis)
			for a := range boxes[i].low {
				if a != axis {
					overlap *= max(0, min(boxes[i].high[a], boxes[j].high[a])-max(boxes[i].low[a], boxes[j].low[a]))
				}
			}
			square += overlap * boxes[i].value * boxes[j].value
		}
	}
	return square - whole*whole
}
