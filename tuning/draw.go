package tuning

import (
	"math"
	"math/rand/v2"

	"github.com/batchmill/batchmill/tuning/internal/sobol"
)

// draws is how often a point is drawn anew because it was given out before, until a small space is searched in order.
const draws = 200

// fromRandom draws trial number id: a function of the seed and the number, but for points that were taken before.
func (s *Search) fromRandom(id int) (point, bool) {
	rng := rand.New(rand.NewPCG(s.options.Seed, uint64(id)))
	u := make([]float64, len(s.axes))
	for range draws {
		for i := range u {
			u[i] = rng.Float64()
		}
		if p := pointAt(s.axes, u); !s.isTaken(p) {
			return p, true
		}
	}
	return s.free(rng)
}

// fromSobol takes the next point of the sequence that was not taken before.
func (s *Search) fromSobol(id int) (point, bool) {
	u := make([]float64, len(s.axes))
	for range draws {
		sobol.Point(u, uint32(s.drawn), s.options.Seed)
		s.drawn++
		if p := pointAt(s.axes, u); !s.isTaken(p) {
			return p, true
		}
	}
	return s.free(rand.New(rand.NewPCG(s.options.Seed, uint64(id))))
}

// fromGrid takes the points in order.
func (s *Search) fromGrid(id int) (point, bool) {
	if float64(id) > points(s.axes) {
		return nil, false
	}
	return pointOf(s.axes, float64(id-1)), true
}

// free finds a point that was not given out, in a space so small that draws keep hitting those that were. It looks in
// order from a random one on.
func (s *Search) free(rng *rand.Rand) (point, bool) {
	n := points(s.axes)
	if n > maxInteger {
		return nil, false // draws cannot have hit this many
	}
	rank := math.Floor(rng.Float64() * n)
	for range len(s.taken) + 1 {
		if p := pointOf(s.axes, rank); !s.isTaken(p) {
			return p, true
		}
		if rank++; rank >= n {
			rank = 0
		}
	}
	return nil, false
}
