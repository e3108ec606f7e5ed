package tuning

import (
	"math"
	"math/rand/v2"
	"reflect"
	"testing"
)

// plane is two numbers in [0, 1].
var plane = Space{{Name: "x", Max: 1, Scale: Linear}, {Name: "y", Max: 1, Scale: Linear}}

// bowl is least, 0, at (at, 0.3).
func bowl(t Trial, at float64) float64 {
	dx, dy := t.Float("x")-at, t.Float("y")-0.3
	return dx*dx + 2*dy*dy
}

// search runs trials one after another and returns the best value.
func (s *Search) search(t testing.TB, n int, cost func(Trial) float64) float64 {
	t.Helper()
	for range n {
		for _, trial := range mustAsk(t, s, 1) {
			mustTell(t, s, trial.ID, Result{Value: cost(trial)})
		}
	}
	_, best, _ := s.Best()
	return best
}

func TestBayesianFindsKnownOptima(t *testing.T) {
	t.Parallel()
	branin := Space{{Name: "x", Min: -5, Max: 10, Scale: Linear}, {Name: "y", Max: 15, Scale: Linear}}
	for _, c := range []struct {
		name   string
		space  Space
		goal   Goal
		cost   func(Trial) float64
		best   float64
		within float64
	}{
		{"bowl", plane, Minimize, func(t Trial) float64 { return bowl(t, 0.7) }, 0, 1e-4},
		{"hill", plane, Maximize, func(t Trial) float64 { return -bowl(t, 0.7) }, 0, 1e-4},
		{"Branin", branin, Minimize, func(t Trial) float64 {
			x, y := t.Float("x"), t.Float("y")
			a := y - 5.1/(4*math.Pi*math.Pi)*x*x + 5/math.Pi*x - 6
			return a*a + 10*(1-1/(8*math.Pi))*math.Cos(x) + 10
		}, 0.397887, 1e-2},
		{"mixed", mixed, Minimize, func(t Trial) float64 {
			off := math.Abs(t.Float("integer")-3) + math.Abs(math.Log10(t.Float("log"))+2) + math.Abs(t.Float("linear")-1)
			if t.Values["category"] != "b" {
				off += 2
			}
			return off
		}, 0, 0.3},
	} {
		s := mustNew(t, c.space, Options{Goal: c.goal, Seed: 1})
		if got := s.search(t, 45, c.cost); math.Abs(got-c.best) > c.within {
			t.Errorf("%s: best of 45 trials is %v, the optimum %v", c.name, got, c.best)
		}
	}
}

// Noise, failures and values of any size neither break the model nor lead it astray.
func TestBayesianBearsBadResults(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(2, 2))
	for name, spoil := range map[string]func(float64) Result{
		"noisy":    func(v float64) Result { return Result{Value: v + 0.02*rng.NormFloat64()} },
		"failing":  func(v float64) Result { return Result{Value: v, Failed: v > 0.3} },
		"NaN":      func(v float64) Result { return Result{Value: math.Sqrt(0.3 - v)} },
		"huge":     func(v float64) Result { return Result{Value: v * 1e300} },
		"tiny":     func(v float64) Result { return Result{Value: v * 1e-300} },
		"diverges": func(v float64) Result { return Result{Value: math.Exp(1000 * v * v)} },
		"constant": func(float64) Result { return Result{Value: 7} },
		"all fail": func(float64) Result { return Result{Failed: true} },
	} {
		s := mustNew(t, plane, Options{Seed: 4})
		best := math.Inf(1)
		for range 30 {
			for _, trial := range mustAsk(t, s, 1) {
				checkInside(t, plane, trial)
				v := bowl(trial, 0.7)
				best = min(best, v)
				r := spoil(v)
				if name == "NaN" {
					r.Value = -r.Value
				}
				mustTell(t, s, trial.ID, r)
			}
		}
		if name != "constant" && name != "all fail" && best > 0.03 {
			t.Errorf("%s: the best of 30 trials is %v off", name, best)
		}
	}
}

// Eight pending trials are eight different places, and results may come in any order.
func TestPendingTrialsKeepApart(t *testing.T) {
	t.Parallel()
	s := mustNew(t, plane, Options{Seed: 6})
	open := mustAsk(t, s, 8)
	rng := rand.New(rand.NewPCG(1, 1))
	for range 30 {
		i := rng.IntN(len(open))
		mustTell(t, s, open[i].ID, Result{Value: bowl(open[i], 0.7)})
		open[i] = mustAsk(t, s, 1)[0]
	}
	for i, a := range open {
		for _, b := range open[:i] {
			if math.Hypot(a.Float("x")-b.Float("x"), a.Float("y")-b.Float("y")) < 1e-6 {
				t.Errorf("trials %d and %d are at the same place: %v", a.ID, b.ID, a.Values)
			}
		}
	}
	if _, best, _ := s.Best(); best > 0.01 {
		t.Errorf("best of 38 trials, 8 at a time, is %v", best)
	}
}

// Asking for three at once is asking three times.
func TestAskOneByOne(t *testing.T) {
	t.Parallel()
	a, b := mustNew(t, plane, Options{Seed: 8}), mustNew(t, plane, Options{Seed: 8})
	a.search(t, 8, func(t Trial) float64 { return bowl(t, 0.5) })
	b.search(t, 8, func(t Trial) float64 { return bowl(t, 0.5) })
	at := mustAsk(t, a, 3)
	var one []Trial
	for range 3 {
		one = append(one, mustAsk(t, b, 1)...)
	}
	if !reflect.DeepEqual(at, one) {
		t.Errorf("at once %v, one by one %v", at, one)
	}
}

// observed runs a search and returns what it saw.
func observed(t *testing.T, space Space, cost func(Trial) float64, task string) []Observation {
	t.Helper()
	s := mustNew(t, space, Options{Seed: 3})
	s.search(t, 25, cost)
	out := s.Observed()
	for i := range out {
		out[i].Task = task
	}
	return out
}

func TestWarmStart(t *testing.T) {
	t.Parallel()
	same := observed(t, plane, func(t Trial) float64 { return bowl(t, 0.7) }, "")
	like := observed(t, plane, func(t Trial) float64 { return 100 + 5*bowl(t, 0.65) }, "last year")
	wide := Space{{Name: "x", Min: -1, Max: 2, Scale: Linear}, {Name: "y", Max: 1, Scale: Linear}}
	around := observed(t, wide, func(t Trial) float64 { return bowl(t, 0.7) }, "")
	for _, c := range []struct {
		name   string
		warm   []Observation
		within float64
	}{
		{"same task", same, 0.001}, {"like task", like, 0.01}, {"wider range", around, 0.01},
	} {
		s := mustNew(t, plane, Options{Seed: 5})
		if err := s.Warm(c.warm); err != nil {
			t.Fatal(err)
		}
		if best := s.search(t, 6, func(t Trial) float64 { return bowl(t, 0.7) }); best > c.within {
			t.Errorf("%s: the best of the first six trials is %v", c.name, best)
		}
		b, err := s.MarshalJSON()
		if err != nil {
			t.Fatal(err)
		}
		r, err := Resume(b)
		if err != nil {
			t.Fatal(err)
		}
		if x, y := mustAsk(t, s, 2), mustAsk(t, r, 2); !reflect.DeepEqual(x, y) {
			t.Errorf("%s: %v in one go, %v resumed", c.name, x, y)
		}
	}
}

// A space of whatever numbers: refused, or all trials inside it and different, by any strategy.
func FuzzSpaces(f *testing.F) {
	f.Add(0.0, 1.0, 1.0, 10.0, uint8(3), uint8(0))
	f.Add(1e-300, 1e300, -5.0, 5.0, uint8(1), uint8(2))
	f.Add(-1e308, 1e307, -9007199254740992.0, 9007199254740992.0, uint8(2), uint8(1))
	f.Add(0.0, 5e-324, 1.0, 1.0, uint8(1), uint8(3))
	f.Add(0.5, 0.999999, 3.0, 4.0, uint8(2), uint8(3))
	f.Fuzz(func(t *testing.T, lo, hi, from, to float64, categories, scale uint8) {
		space := Space{
			{Name: "number", Min: lo, Max: hi, Scale: Scale(scale % 4)},
			{Name: "integer", Kind: Integer, Min: math.Trunc(from), Max: math.Trunc(to), Scale: Scale(scale % 3)},
			{Name: "category", Kind: Categorical, Values: []string{"a", "b", "c", "d"}[:categories%4+1]},
		}
		for _, strategy := range strategies {
			s, err := New(space, Options{Strategy: strategy, Seed: uint64(scale)})
			if err != nil {
				return
			}
			given := map[string]bool{}
			for range 12 {
				trials := mustAsk(t, s, 1)
				if len(trials) == 0 && float64(len(given)) < points(s.axes) {
					t.Fatalf("%s: %d trials of %v points", strategy, len(given), points(s.axes))
				}
				for _, trial := range trials {
					checkInside(t, space, trial)
					key := s.records[trial.ID-1].point.key()
					if given[key] {
						t.Fatalf("%s: %v comes twice", strategy, trial.Values)
					}
					given[key] = true
					mustTell(t, s, trial.ID, Result{Value: trial.Float("number")})
				}
			}
		}
	})
}
