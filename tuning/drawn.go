package tuning

import (
	"math"
	"math/rand/v2"
)

// fromDraw is the point of the least value of a function drawn from the model, among candidates in a region, of which half are
// near the best points (Thompson 1933, On the likelihood that one unknown probability exceeds another, Biometrika 25). The
// model forgets the pending points, whose results are open in every draw.
func (s *Search) fromDraw(e evidence, r region, rng *rand.Rand) (point, bool) {
	b := &s.belief
	b.model.Truncate(len(e.values))
	b.model.Learn(e.values)
	b.seen = e.x[:len(e.values)]
	all := s.candidates(e, r, rng)
	anywhere, near := all[:globalCandidates], all[globalCandidates:]
	at := make([][]float64, drawnCandidates)
	for i := range at {
		from := anywhere
		if i%2 == 0 {
			from = near
		}
		at[i] = from[rng.IntN(len(from))].x
	}
	var least point
	value := math.Inf(1)
	for i, v := range b.model.Draw(at, rng) {
		if p := s.pointOf(at[i]); v < value && !s.isTaken(p) {
			least, value = p, v
		}
	}
	return least, least != nil
}
