package main

import (
	"math"

	"github.com/batchmill/batchmill/tuning"
)

// work is one thing to tune: a space, and what a point of it costs. Costs are minimised.
type work struct {
	name  string
	space tuning.Space
	cost  func(tuning.Trial) float64
	best  float64 // the least cost there is
	unit  float64 // what regret is divided by: 1, or for a table the median's distance from the best
}

// box is n continuous parameters x0, x1, ... of one range.
func box(n int, lo, hi float64) tuning.Space {
	s := make(tuning.Space, n)
	for i := range s {
		s[i] = tuning.Parameter{Name: axisName(i), Kind: tuning.Continuous, Min: lo, Max: hi, Scale: tuning.Linear}
	}
	return s
}

func axisName(i int) string { return "x" + string(rune('0'+i)) }

// ofVector makes a cost of one on vectors.
func ofVector(n int, f func([]float64) float64) func(tuning.Trial) float64 {
	return func(t tuning.Trial) float64 {
		x := make([]float64, n)
		for i := range x {
			x[i] = t.Float(axisName(i))
		}
		return f(x)
	}
}

// continuous are the test functions of the optimisation literature; see Surjanovic and Bingham, Virtual Library of
// Simulation Experiments.
func continuous() []work {
	branin := tuning.Space{
		{Name: "x0", Kind: tuning.Continuous, Min: -5, Max: 10, Scale: tuning.Linear},
		{Name: "x1", Kind: tuning.Continuous, Min: 0, Max: 15, Scale: tuning.Linear},
	}
	return []work{
		{"Branin", branin, ofVector(2, braninOf), 0.39788735772973816, 1},
		{"Hartmann6", box(6, 0, 1), ofVector(6, hartmann6), -3.322368011415511, 1},
		{"Ackley5", box(5, -32.768, 32.768), ofVector(5, ackley), 0, 1},
		{"Rosenbrock4", box(4, -2.048, 2.048), ofVector(4, rosenbrock), 0, 1},
		{"Levy8", box(8, -10, 10), ofVector(8, levy), 0, 1},
		{"StyblinskiTang10", box(10, -5, 5), ofVector(10, styblinskiTang), -391.6616570377142, 1},
	}
}

// wide are functions of more parameters than most trainings have.
func wide() []work {
	return []work{
		{"Ackley20", box(20, -32.768, 32.768), ofVector(20, ackley), 0, 1},
		{"Levy20", box(20, -10, 10), ofVector(20, levy), 0, 1},
		{"StyblinskiTang20", box(20, -5, 5), ofVector(20, styblinskiTang), 20 * -39.16616570377142, 1},
	}
}

func braninOf(x []float64) float64 {
	a := x[1] - 5.1/(4*math.Pi*math.Pi)*x[0]*x[0] + 5/math.Pi*x[0] - 6
	return a*a + 10*(1-1/(8*math.Pi))*math.Cos(x[0]) + 10
}

func hartmann6(x []float64) float64 {
	weights := [4]float64{1, 1.2, 3, 3.2}
	a := [4][6]float64{{10, 3, 17, 3.5, 1.7, 8}, {0.05, 10, 17, 0.1, 8, 14}, {3, 3.5, 1.7, 10, 17, 8}, {17, 8, 0.05, 10, 0.1, 14}}
	p := [4][6]float64{
		{0.1312, 0.1696, 0.5569, 0.0124, 0.8283, 0.5886}, {0.2329, 0.4135, 0.8307, 0.3736, 0.1004, 0.9991},
		{0.2348, 0.1451, 0.3522, 0.2883, 0.3047, 0.6650}, {0.4047, 0.8828, 0.8732, 0.5743, 0.1091, 0.0381},
	}
	sum := 0.0
	for i, w := range weights {
		inner := 0.0
		for j, v := range x {
			inner += a[i][j] * (v - p[i][j]) * (v - p[i][j])
		}
		sum -= w * math.Exp(-inner)
	}
	return sum
}

func ackley(x []float64) float64 {
	n := float64(len(x))
	squares, cosines := 0.0, 0.0
	for _, v := range x {
		squares += v * v
		cosines += math.Cos(2 * math.Pi * v)
	}
	return 20 + math.E - 20*math.Exp(-0.2*math.Sqrt(squares/n)) - math.Exp(cosines/n)
}

func rosenbrock(x []float64) float64 {
	sum := 0.0
	for i := range len(x) - 1 {
		a, b := x[i+1]-x[i]*x[i], x[i]-1
		sum += 100*a*a + b*b
	}
	return sum
}

func levy(x []float64) float64 {
	w := make([]float64, len(x))
	for i, v := range x {
		w[i] = 1 + (v-1)/4
	}
	n := len(w) - 1
	sum := math.Pow(math.Sin(math.Pi*w[0]), 2) + (w[n]-1)*(w[n]-1)*(1+math.Pow(math.Sin(2*math.Pi*w[n]), 2))
	for _, v := range w[:n] {
		sum += (v - 1) * (v - 1) * (1 + 10*math.Pow(math.Sin(math.Pi*v+1), 2))
	}
	return sum
}

func styblinskiTang(x []float64) float64 {
	sum := 0.0
	for _, v := range x {
		sum += v*v*v*v - 16*v*v + 5*v
	}
	return sum / 2
}
