package tuning

import (
	"cmp"
	"slices"
)

// candidate is a point of the cube with its acquisition.
type candidate struct {
	x     []float64 // as the model sees it, integers and categories exact
	value float64
}

// ranking gives candidates in the order of their acquisition, the highest first. Most are never looked at: what bounds their
// acquisition is less than the best ones have.
type ranking struct {
	acquisition *acquisition
	bounded     []candidate // with bounds for values, the highest first
	valued      []candidate // likewise, with values
	given       []candidate
}

const valuedAtOnce = 16

func newRanking(a *acquisition, all []candidate) *ranking {
	for i := range all {
		all[i].value = a.bound(all[i].x)
	}
	sortCandidates(all)
	return &ranking{acquisition: a, bounded: all}
}

// next is the next candidate, false if there is none.
func (r *ranking) next() (candidate, bool) {
	for len(r.bounded) > 0 && (len(r.valued) == 0 || r.valued[0].value <= r.bounded[0].value) {
		some := r.bounded[:min(len(r.bounded), valuedAtOnce)]
		r.bounded = r.bounded[len(some):]
		r.valued = append(r.valued, r.acquisition.all(some)...)
		sortCandidates(r.valued)
	}
	if len(r.valued) == 0 {
		return candidate{}, false
	}
	c := r.valued[0]
	r.valued, r.given = r.valued[1:], append(r.given, c)
	return c, true
}

func sortCandidates(c []candidate) {
	slices.SortStableFunc(c, func(a, b candidate) int { return cmp.Compare(b.value, a.value) })
}
