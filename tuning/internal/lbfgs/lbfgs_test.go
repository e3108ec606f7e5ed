package lbfgs

import (
	"math"
	"testing"
)

// rosenbrock of any number of coordinates: its minimum, 0, is at ones.
func rosenbrock(x, g []float64) float64 {
	clear(g)
	sum := 0.0
	for i := range len(x) - 1 {
		a, b := x[i+1]-x[i]*x[i], 1-x[i]
		sum += 100*a*a + b*b
		g[i] -= 400*a*x[i] + 2*b
		g[i+1] += 200 * a
	}
	return sum
}

func fill(n int, v float64) []float64 {
	x := make([]float64, n)
	for i := range x {
		x[i] = v
	}
	return x
}

func TestFindsTheMinimum(t *testing.T) {
	t.Parallel()
	for _, n := range []int{2, 5, 20} {
		x := fill(n, -0.7)
		value := Minimize(rosenbrock, x, fill(n, -2), fill(n, 2), Options{Evaluations: 500, Gain: 1e-16})
		if value > 1e-8 {
			t.Errorf("%d coordinates: %v at %v", n, value, x)
		}
	}
}

// With x below 0.5 the minimum of two coordinates is at (0.5, 0.25).
func TestStaysInTheBox(t *testing.T) {
	t.Parallel()
	x := []float64{-1, 1}
	value := Minimize(func(x, g []float64) float64 {
		if x[0] > 0.5 || x[0] < -2 || math.Abs(x[1]) > 2 {
			t.Errorf("evaluated outside the box, at %v", x)
		}
		return rosenbrock(x, g)
	}, x, []float64{-2, -2}, []float64{0.5, 2}, Options{Evaluations: 300, Gain: 1e-16})
	if math.Abs(x[0]-0.5) > 1e-6 || math.Abs(x[1]-0.25) > 1e-5 || math.Abs(value-0.25) > 1e-9 {
		t.Errorf("%v at %v, want 0.25 at (0.5, 0.25)", value, x)
	}
}

// Beyond a wall the value is infinite: the search turns back.
func TestWalls(t *testing.T) {
	t.Parallel()
	x := []float64{1}
	value := Minimize(func(x, g []float64) float64 {
		g[0] = 1
		if x[0] < 0.5 {
			return math.Inf(1)
		}
		return x[0]
	}, x, []float64{-10}, []float64{10}, Options{})
	if math.Abs(value-0.5) > 1e-3 {
		t.Errorf("%v at %v, want 0.5", value, x)
	}
}

// A descent in parts arrives where one in a single go does, and rests once nothing is left to gain.
func TestDescendsInParts(t *testing.T) {
	t.Parallel()
	evaluations := 0
	counted := func(x, g []float64) float64 {
		evaluations++
		return rosenbrock(x, g)
	}
	d := Start(counted, fill(5, -0.7), fill(5, -2), fill(5, 2), Options{Gain: 1e-16})
	for range 100 {
		was := d.Value
		if d.Go(7); d.Value > was {
			t.Fatalf("up from %v to %v", was, d.Value)
		}
	}
	if d.Value > 1e-8 {
		t.Errorf("%v at %v", d.Value, d.X)
	}
	before := evaluations
	if d.Go(100); evaluations != before {
		t.Errorf("%d evaluations at the minimum", evaluations-before)
	}
}
