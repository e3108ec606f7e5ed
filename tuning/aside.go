package tuning

import (
	"math"
	"math/rand/v2"
)

// besideBest looks for improvement on a good point away from the best one, in a box around it: the next best, or if its valley
// is explored one after that. False if all are.
func (s *Search) besideBest(e evidence, rng *rand.Rand) (point, bool) {
	best := s.box(s.expectedBest(e, nil), sideStart, e.pending())
	known := []region{best}
	for range asidesMost {
		center := s.expectedBest(e, known)
		if center == nil {
			return nil, false
		}
		box := s.box(center, sideStart, e.pending())
		box.aside = true
		if p, gain, ok := s.maximize(e, box, rng); ok && gain >= math.Log(asideLeast) {
			return p, true
		}
		known = append(known, box)
	}
	return nil, false
}
