package split

import "slices"

// sketch holds keys with bounded memory and knows how wrong it may be. Keys at level l stand for 2^l keys each. While
// nothing was thinned it is exact.
//
// Thinning a level sorts it and keeps the lower key of each pair one level up, so a rank read from the sketch is never too
// low, and too high by at most the sum of the thinned levels' weights (after Munro and Paterson: Selection and sorting with
// limited storage, 1980). The error is known, not estimated, which is what makes a second, narrower pass exact.
type sketch struct {
	levels [][]Key
	excess int64 // ranks are too high by at most this
}

func (s *sketch) add(k Key) {
	if len(s.levels) == 0 {
		s.levels = append(s.levels, nil)
	}
	s.levels[0] = append(s.levels[0], k)
}

func (s *sketch) merge(other *sketch) {
	for l, keys := range other.levels {
		if l == len(s.levels) {
			s.levels = append(s.levels, nil)
		}
		s.levels[l] = append(s.levels[l], keys...)
	}
	s.excess += other.excess
}

func (s *sketch) kept() int {
	n := 0
	for _, keys := range s.levels {
		n += len(keys)
	}
	return n
}

// thin halves every level that holds at least limit keys.
func (s *sketch) thin(limit int) {
	for l := 0; l < len(s.levels); l++ {
		keys := s.levels[l]
		if len(keys) < limit || len(keys) < 2 {
			continue
		}
		slices.SortFunc(keys, compareKeys)
		if l+1 == len(s.levels) {
			s.levels = append(s.levels, nil)
		}
		pairs := len(keys) / 2
		for i := range pairs {
			s.levels[l+1] = append(s.levels[l+1], keys[2*i])
		}
		s.levels[l] = append([]Key(nil), keys[2*pairs:]...)
		s.excess += 1 << l
	}
}

type weighted struct {
	key    Key
	weight int64
}

func (s *sketch) sorted() []weighted {
	all := make([]weighted, 0, s.kept())
	for l, keys := range s.levels {
		for _, k := range keys {
			all = append(all, weighted{k, 1 << l})
		}
	}
	slices.SortFunc(all, func(a, b weighted) int { return compareKeys(a.key, b.key) })
	return all
}

// bracket finds lo <= k < hi around the key k that has exactly rank keys of the observed ones below it. lo is k itself if
// exact. all is s.sorted(); within are the bounds the observed keys lie in.
func (s *sketch) bracket(all []weighted, rank int64, within Cut) (lo, hi Key, exact bool) {
	lo, hi = within.Lo, within.Hi
	below := int64(0)
	for _, w := range all {
		if below <= rank {
			lo = w.key
		}
		if below-s.excess > rank {
			hi = w.key
			break
		}
		below += w.weight
	}
	return lo, hi, s.excess == 0
}
