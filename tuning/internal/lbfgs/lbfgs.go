// Package lbfgs minimises smooth functions inside a box.
package lbfgs

import (
	"math"

	"gonum.org/v1/gonum/floats"
)

// Func returns the function's value at x and writes its gradient. A value that is not finite counts as a wall.
type Func func(x, gradient []float64) float64

// Options say when to stop. The zero value is fine for smooth functions of few variables.
type Options struct {
	Evaluations int     // at most about so many; 0 is 100
	Gradient    float64 // stop when no free coordinate's slope is above this; 0 is 1e-5
	Gain        float64 // stop when a step gains less than this, relative to the value or 1; 0 is 1e-9
}

const (
	memory     = 8    // steps remembered
	sufficient = 1e-4 // Armijo's share of the gain that the slope promises
	shrink     = 0.5  // of a step that did not gain
	maxShrinks = 20
	maxFirst   = 0.1 // length of the first step, in coordinates
)

// Minimize moves x downhill inside [lo, hi] and returns the value there: limited-memory BFGS (Liu and Nocedal 1989) on the
// coordinates that no bound holds, with steps projected into the box (Bertsekas 1982, Projected Newton methods, SIAM J.
// Control Optim. 20). x must lie in the box; its value must be finite, else x stays.
func Minimize(f Func, x, lo, hi []float64, o Options) float64 {
	s := Start(f, x, lo, hi, o)
	s.Go(s.options.Evaluations - 1)
	return s.Value
}

// Descent is a minimisation that goes on when it is told to.
type Descent struct {
	X     []float64
	Value float64 // at X

	f                  Func
	lo, hi             []float64
	options            Options
	left               int // evaluations
	ended              bool
	gradient           []float64
	direction          []float64
	next, nextGradient []float64
	moves, changes     [][]float64 // of X and of the gradient, oldest first
}

// Start evaluates f at x, for a descent that Go makes as Minimize does. It moves x.
func Start(f Func, x, lo, hi []float64, o Options) *Descent {
	if o.Evaluations == 0 {
		o.Evaluations = 100
	}
	if o.Gradient == 0 {
		o.Gradient = 1e-5
	}
	if o.Gain == 0 {
		o.Gain = 1e-9
	}
	n := len(x)
	s := &Descent{f: f, lo: lo, hi: hi, options: o, X: x, gradient: make([]float64, n), direction: make([]float64, n), next: make([]float64, n), nextGradient: make([]float64, n)}
	s.Value = f(x, s.gradient)
	s.ended = math.IsNaN(s.Value) || math.IsInf(s.Value, 0)
	return s
}

// Go descends by about so many evaluations more, fewer where there is nothing left to gain.
func (s *Descent) Go(evaluations int) {
	if s.ended {
		return
	}
	s.left = evaluations
	for s.left > 0 && s.step() {
	}
	s.ended = s.left > 0
}

// step makes one step; false when there is none to make.
func (s *Descent) step() bool {
	if !s.aim() {
		return false
	}
	slope := floats.Dot(s.direction, s.gradient)
	if slope >= 0 && len(s.moves) > 0 { // curvature gone bad: forget it
		s.moves, s.changes = nil, nil
		s.aim()
		slope = floats.Dot(s.direction, s.gradient)
	}
	if slope >= 0 {
		return false
	}
	length := 1.0
	if len(s.moves) == 0 {
		length = min(1, maxFirst/floats.Norm(s.direction, math.Inf(1)))
	}
	for range maxShrinks {
		if s.left == 0 {
			return false
		}
		s.project(length)
		value := s.f(s.next, s.nextGradient)
		s.left--
		if value <= s.Value+sufficient*s.promise() {
			gain := s.Value - value
			s.accept(value)
			return gain > s.options.Gain*max(1, math.Abs(value))
		}
		length *= shrink
	}
	if len(s.moves) > 0 { // try once more straight downhill
		s.moves, s.changes = nil, nil
		return true
	}
	return false
}

// project is the point a step leads to, pulled back into the box.
func (s *Descent) project(length float64) {
	for i, d := range s.direction {
		s.next[i] = min(max(s.X[i]+length*d, s.lo[i]), s.hi[i])
	}
}

// promise is the gain the slope promises for the projected step.
func (s *Descent) promise() float64 {
	sum := 0.0
	for i, g := range s.gradient {
		sum += g * (s.next[i] - s.X[i])
	}
	return sum
}

// held tells whether a bound keeps coordinate i from moving downhill.
func (s *Descent) held(i int) bool {
	return s.X[i] <= s.lo[i] && s.gradient[i] >= 0 || s.X[i] >= s.hi[i] && s.gradient[i] <= 0
}

// aim sets the direction by the two-loop recursion; false where the slope is flat.
func (s *Descent) aim() bool {
	steepest := 0.0
	for i, g := range s.gradient {
		s.direction[i] = -g
		if s.held(i) {
			s.direction[i] = 0
		}
		steepest = max(steepest, math.Abs(s.direction[i]))
	}
	if steepest <= s.options.Gradient {
		return false
	}
	k := len(s.moves)
	weights := make([]float64, k)
	for j := k - 1; j >= 0; j-- {
		weights[j] = floats.Dot(s.moves[j], s.direction) / floats.Dot(s.moves[j], s.changes[j])
		floats.AddScaled(s.direction, -weights[j], s.changes[j])
	}
	if k > 0 {
		last := s.changes[k-1]
		floats.Scale(floats.Dot(s.moves[k-1], last)/floats.Dot(last, last), s.direction)
	}
	for j := range k {
		floats.AddScaled(s.direction, weights[j]-floats.Dot(s.changes[j], s.direction)/floats.Dot(s.moves[j], s.changes[j]), s.moves[j])
	}
	for i := range s.direction {
		if s.held(i) {
			s.direction[i] = 0
		}
	}
	return true
}

// accept moves to the next point and remembers the step where it shows positive curvature.
func (s *Descent) accept(value float64) {
	move, change := make([]float64, len(s.X)), make([]float64, len(s.X))
	floats.SubTo(move, s.next, s.X)
	floats.SubTo(change, s.nextGradient, s.gradient)
	copy(s.X, s.next)
	copy(s.gradient, s.nextGradient)
	s.Value = value
	if floats.Dot(move, change) <= 1e-10*floats.Dot(change, change) {
		return
	}
	if len(s.moves) == memory {
		s.moves, s.changes = s.moves[1:], s.changes[1:]
	}
	s.moves, s.changes = append(s.moves, move), append(s.changes, change)
}
