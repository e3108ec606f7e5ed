package xgboost

import (
	"math/rand/v2"
	"slices"
	"sort"

	"github.com/batchmill/batchmill/algorithms/xgboost/internal/hist"
)

// seedFolds keeps the dealing of folds apart from other draws.
const seedFolds = -4

// dealFolds gives each of n units a fold from 0 to k-1: shuffled, class by class where classes are given, and dealt in turn.
// So the sizes of folds differ by one at most, and so do the shares of each class in them.
func dealFolds(n, k int, classes []float32, seed uint64) []int {
	order := rand.New(rand.NewPCG(seed, uint64(k))).Perm(n)
	if classes != nil {
		slices.SortStableFunc(order, func(a, b int) int { return compareFloats(classes[a], classes[b]) })
	}
	folds := make([]int, n)
	for place, unit := range order {
		folds[unit] = place % k
	}
	return folds
}

func compareFloats(a, b float32) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// foldsOf gives each row its fold in one repetition. Classes are shared out evenly; a query stays whole.
func (t *table) foldsOf(set *settings, repeat int) []int {
	seed := hist.Seed(set.seed, repeat, 0, seedFolds)
	if t.queries == nil {
		var classes []float32
		if set.classification() {
			classes = t.labels
		}
		return dealFolds(t.rows(), set.folds, classes, seed)
	}
	folds := make([]int, t.rows())
	for q, fold := range dealFolds(len(t.queries)-1, set.folds, nil, seed) {
		for r := t.queries[q]; r < t.queries[q+1]; r++ {
			folds[r] = fold
		}
	}
	return folds
}

// pick returns a table of some rows, which ascend; of a query either all or none.
func (t *table) pick(rows []int) *table {
	out := &table{matrix: t.matrix.Pick(rows), labels: pickOf(t.labels, rows, 1), weights: pickOf(t.weights, rows, 1), upper: pickOf(t.upper, rows, 1)}
	if t.start != nil {
		out.start = pickOf(t.start, rows, len(t.start)/t.rows())
	}
	for _, c := range t.columns {
		out.columns = append(out.columns, pickOf(c, rows, 1))
	}
	if t.raw != nil {
		out.raw = pickEntries(t.raw, t.rows(), rows)
	}
	if t.queries != nil {
		out.queries = pickQueries(t.queries, rows)
	}
	return out
}

// pickOf picks rows of width values each; nil stays nil.
func pickOf(values []float32, rows []int, width int) []float32 {
	if values == nil {
		return nil
	}
	out := make([]float32, 0, len(rows)*width)
	for _, r := range rows {
		out = append(out, values[r*width:(r+1)*width]...)
	}
	return out
}

func pickEntries(raw [][]entry, n int, rows []int) [][]entry {
	place := make([]int, n)
	for i, r := range rows {
		place[r] = i + 1
	}
	out := make([][]entry, len(raw))
	for f, values := range raw {
		for _, e := range values {
			if p := place[e.row]; p > 0 {
				out[f] = append(out[f], entry{uint32(p - 1), e.value})
			}
		}
	}
	return out
}

// pickQueries returns where queries start among picked rows, and the end.
func pickQueries(queries, rows []int) []int {
	out, last := []int(nil), -1
	for i, r := range rows {
		if q := sort.SearchInts(queries, r+1) - 1; q != last {
			out, last = append(out, i), q
		}
	}
	return append(out, len(rows))
}

// sides splits rows into those outside a fold and those in it.
func sides(folds []int, fold int) (outside, inside []int) {
	for r, f := range folds {
		if f == fold {
			inside = append(inside, r)
		} else {
			outside = append(outside, r)
		}
	}
	return outside, inside
}
