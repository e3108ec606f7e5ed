package tuning

import (
	"math"
	"slices"
)

// meaningful is the least relative improvement of the best value that counts as one.
const meaningful = 0.01

// Plateau counts how many results in a row brought no improvement of the best by at least 1 %. The zero value minimises;
// its fields are its state and marshal to JSON.
type Plateau struct {
	Goal         Goal    `json:"goal"`
	Best         float64 `json:"best"`         // what the next results are held against
	Seen         bool    `json:"seen"`         // there is a Best
	NotImproving int     `json:"notImproving"` // results since Best
}

// Tell notes a result and returns NotImproving. A failed one improves nothing.
func (p *Plateau) Tell(r Result) int {
	switch gain := p.Goal.sign() * (p.Best - r.Value); {
	case r.failed():
		p.NotImproving++
	case !p.Seen, gain > 0 && gain >= meaningful*math.Abs(p.Best):
		p.Best, p.Seen, p.NotImproving = r.Value, true, 0
	default:
		p.NotImproving++
	}
	return p.NotImproving
}

const (
	patienceBase      = 20    // trials without progress it takes at least
	patiencePerAxis   = 5     // and for each parameter more
	convergedFraction = 0.001 // of the spread of the better half; less is no progress
)

// Convergence detects that a search no longer gets anywhere: over the last 20 trials and 5 more for each parameter, the
// best value moved by less than a thousandth of the spread between the best and the median trial. Its fields are its
// state and marshal to JSON.
type Convergence struct {
	Goal       Goal      `json:"goal"`
	Parameters int       `json:"parameters"`
	Values     []float64 `json:"values,omitempty"` // of the trials that did not fail, in the order told
}

// Tell notes a result and tells whether the search has converged. Failed results say nothing.
func (c *Convergence) Tell(r Result) bool {
	if r.failed() {
		return false
	}
	c.Values = append(c.Values, r.Value)
	before := len(c.Values) - c.patience()
	if before < c.patience() {
		return false
	}
	then, now := c.best(c.Values[:before]), c.best(c.Values)
	spread := math.Abs(median(slices.Clone(c.Values)) - now)
	return math.Abs(then-now) <= convergedFraction*spread
}

func (c *Convergence) patience() int { return patienceBase + patiencePerAxis*c.Parameters }

func (c *Convergence) best(v []float64) float64 {
	if c.Goal == Maximize {
		return slices.Max(v)
	}
	return slices.Min(v)
}

// median of the values, which it sorts.
func median(v []float64) float64 {
	slices.Sort(v)
	n := len(v)
	return (v[(n-1)/2] + v[n/2]) / 2
}
