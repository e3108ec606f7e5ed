package tuning

import (
	"encoding/json"
	"errors"
	"math"
	"reflect"
	"strconv"
	"testing"
)

// mixed has a parameter of every kind and scale.
var mixed = Space{
	{Name: "linear", Kind: Continuous, Min: -3, Max: 5, Scale: Linear},
	{Name: "log", Kind: Continuous, Min: 1e-6, Max: 10, Scale: Logarithmic},
	{Name: "reverse", Kind: Continuous, Min: 0.9, Max: 0.9999, Scale: ReverseLogarithmic},
	{Name: "auto", Kind: Continuous, Min: 1e-4, Max: 1},
	{Name: "integer", Kind: Integer, Min: -2, Max: 7},
	{Name: "logInteger", Kind: Integer, Min: 1, Max: 4096, Scale: Logarithmic},
	{Name: "category", Kind: Categorical, Values: []string{"a", "b", "c"}},
}

var strategies = []Strategy{Random, Sobol, Bayesian}

func mustNew(t testing.TB, s Space, o Options) *Search {
	t.Helper()
	search, err := New(s, o)
	if err != nil {
		t.Fatal(err)
	}
	return search
}

func mustAsk(t testing.TB, s *Search, n int) []Trial {
	t.Helper()
	trials, err := s.Ask(n)
	if err != nil {
		t.Fatal(err)
	}
	return trials
}

func mustTell(t testing.TB, s *Search, id int, r Result) {
	t.Helper()
	if err := s.Tell(id, r); err != nil {
		t.Fatal(err)
	}
}

// checkInside fails the test for a trial outside its space, or whose text is not as documents have it.
func checkInside(t testing.TB, space Space, trial Trial) {
	t.Helper()
	if len(trial.Values) != len(space) {
		t.Fatalf("trial %d has %d values for %d parameters", trial.ID, len(trial.Values), len(space))
	}
	for _, p := range space {
		text := trial.Values[p.Name]
		if p.Kind == Categorical {
			if v, _ := newAxis(p).parse(text); v < 0 {
				t.Fatalf("%s: %q is none of %v", p.Name, text, p.Values)
			}
			continue
		}
		v, err := strconv.ParseFloat(text, 64)
		if err != nil || !(v >= p.Min && v <= p.Max) {
			t.Fatalf("%s: %q is not in [%v, %v]", p.Name, text, p.Min, p.Max)
		}
		if p.Kind == Integer {
			if _, err := strconv.ParseInt(text, 10, 64); err != nil {
				t.Fatalf("%s: %q is no integer", p.Name, text)
			}
		} else if shortest := strconv.FormatFloat(v, 'g', -1, 64); shortest != text {
			t.Fatalf("%s: %q is not the shortest form, %q", p.Name, text, shortest)
		}
	}
}

func TestTrialsLieInsideAndDiffer(t *testing.T) {
	t.Parallel()
	for _, strategy := range strategies {
		s := mustNew(t, mixed, Options{Strategy: strategy, Seed: 3})
		seen := map[string]bool{}
		for _, trial := range mustAsk(t, s, 300) {
			checkInside(t, mixed, trial)
			key := s.records[trial.ID-1].point.key()
			if seen[key] {
				t.Fatalf("%s: trial %d comes twice: %v", strategy, trial.ID, trial.Values)
			}
			seen[key] = true
		}
	}
}

// Uniform on the scaled axis: a tenth of the draws falls into each tenth of it, the end values of integers included.
func TestDrawsAreUniformOnTheScaledAxis(t *testing.T) {
	t.Parallel()
	const n, cells = 4000, 10
	for _, strategy := range []Strategy{Random, Sobol} {
		s := mustNew(t, mixed[:5], Options{Strategy: strategy, Seed: 9})
		trials := mustAsk(t, s, n)
		for _, p := range mixed[:5] {
			counts := [cells]int{}
			for _, trial := range trials {
				v := trial.Float(p.Name)
				u := 0.0
				switch p.Name {
				case "linear":
					u = (v - p.Min) / (p.Max - p.Min)
				case "log", "auto":
					u = math.Log(v/p.Min) / math.Log(p.Max/p.Min)
				case "reverse":
					u = math.Log((1-v)/(1-p.Min)) / math.Log((1-p.Max)/(1-p.Min))
				case "integer":
					u = (v - p.Min + 0.5) / (p.Max - p.Min + 1)
				}
				counts[min(int(u*cells), cells-1)]++
			}
			chi := 0.0
			for _, c := range counts {
				chi += math.Pow(float64(c)-n/cells, 2) / (n / cells)
			}
			if chi > 27.9 { // the 99.9 % quantile at 9 degrees of freedom
				t.Errorf("%s, %s: draws in tenths %v are not uniform", strategy, p.Name, counts)
			}
		}
	}
}

func TestSmallSpacesAreExhausted(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		space Space
		size  int
	}{
		"one point":      {Space{{Name: "x", Kind: Continuous, Min: 2, Max: 2}}, 1},
		"one category":   {Space{{Name: "x", Kind: Categorical, Values: []string{"only"}}}, 1},
		"integers":       {Space{{Name: "x", Kind: Integer, Min: 1, Max: 7, Scale: Logarithmic}, {Name: "y", Kind: Integer, Min: -1, Max: 1}}, 21},
		"mixed":          {Space{{Name: "x", Kind: Integer, Min: 0, Max: 1}, {Name: "y", Kind: Categorical, Values: []string{"a", "b", "c"}}}, 6},
		"two float64s":   {Space{{Name: "x", Kind: Continuous, Min: 1, Max: math.Nextafter(1, 2)}}, 2},
		"around zero":    {Space{{Name: "x", Kind: Continuous, Min: -5e-324, Max: 5e-324}}, 3},
		"lopsided axis":  {Space{{Name: "x", Kind: Integer, Min: 1, Max: 1000, Scale: Logarithmic}}, 1000},
		"thirty doubles": {Space{{Name: "x", Kind: Categorical, Values: []string{"", " "}}, {Name: "y", Kind: Integer, Min: 1 << 53, Max: 1 << 53}}, 2},
	} {
		for _, strategy := range []Strategy{Random, Sobol, Bayesian, Grid} {
			if strategy == Grid && c.space.Size() > 1e6 {
				continue
			}
			s := mustNew(t, c.space, Options{Strategy: strategy})
			got := mustAsk(t, s, c.size+3)
			if len(got) != c.size {
				t.Errorf("%s, %s: %d trials of %d points", name, strategy, len(got), c.size)
			}
			seen := map[string]bool{}
			for _, trial := range got {
				checkInside(t, c.space, trial)
				seen[s.records[trial.ID-1].point.key()] = true
			}
			if len(seen) != len(got) {
				t.Errorf("%s, %s: %d trials are only %d points", name, strategy, len(got), len(seen))
			}
		}
	}
}

func TestGridGoesInOrder(t *testing.T) {
	t.Parallel()
	s := mustNew(t, Space{
		{Name: "x", Kind: Categorical, Values: []string{"b", "a"}},
		{Name: "y", Kind: Categorical, Values: []string{"1", "2", "3"}},
	}, Options{Strategy: Grid})
	var got string
	for _, trial := range mustAsk(t, s, 10) {
		got += trial.Values["x"] + trial.Values["y"] + " "
	}
	if want := "b1 b2 b3 a1 a2 a3 "; got != want {
		t.Errorf("grid: %s, want %s", got, want)
	}
}

func TestTellAndBest(t *testing.T) {
	t.Parallel()
	for goal, want := range map[Goal]int{Minimize: 5, Maximize: 2} {
		s := mustNew(t, mixed, Options{Strategy: Random, Goal: goal})
		mustAsk(t, s, 6)
		if _, _, ok := s.Best(); ok {
			t.Error("a best trial before any result")
		}
		for id, r := range map[int]Result{
			1: {Value: math.NaN()}, 2: {Value: 9}, 3: {Value: math.Inf(-1)}, 4: {Value: -100, Failed: true}, 5: {Value: 1},
		} {
			mustTell(t, s, id, r)
		}
		if best, _, ok := s.Best(); !ok || best.ID != want {
			t.Errorf("%s: best is trial %d, want %d", goal, best.ID, want)
		}
		if p := s.Pending(); len(p) != 1 || p[0].ID != 6 {
			t.Errorf("pending: %v, want trial 6", p)
		}
		if o := s.Observed(); len(o) != 5 || !o[0].Failed || o[1].Failed || !o[2].Failed || !o[3].Failed || o[4].Value != 1 {
			t.Errorf("observed: %v", o)
		}
		var trialErr *TrialError
		if err := s.Tell(2, Result{}); !errors.As(err, &trialErr) || !trialErr.Told {
			t.Errorf("told twice: %v", err)
		}
		for _, id := range []int{0, -1, 7} {
			if err := s.Tell(id, Result{}); !errors.As(err, &trialErr) || trialErr.Told {
				t.Errorf("trial %d: %v", id, err)
			}
		}
	}
}

func TestResumeGoesOnTheSame(t *testing.T) {
	t.Parallel()
	small := Space{{Name: "x", Kind: Integer, Min: 1, Max: 30}, {Name: "y", Kind: Categorical, Values: []string{"a", "b"}}}
	for _, strategy := range []Strategy{Random, Sobol, Bayesian, Grid} {
		whole := mustNew(t, small, Options{Strategy: strategy, Goal: Maximize, Seed: 11})
		resumed := mustNew(t, small, Options{Strategy: strategy, Goal: Maximize, Seed: 11})
		for i := range 40 {
			b, err := json.Marshal(resumed)
			if err != nil {
				t.Fatal(err)
			}
			if resumed, err = Resume(b); err != nil {
				t.Fatal(err)
			}
			x, y := mustAsk(t, whole, 1), mustAsk(t, resumed, 1)
			if !reflect.DeepEqual(x, y) {
				t.Fatalf("%s: trial %d is %v in one go, %v resumed", strategy, i+1, x, y)
			}
			if i%5 == 4 {
				continue // stays pending
			}
			r := Result{Value: math.Sin(x[0].Float("x")), Failed: i%7 == 3}
			mustTell(t, whole, x[0].ID, r)
			mustTell(t, resumed, x[0].ID, r)
		}
	}
}

func TestTenThousandRandomTrialsStaySmall(t *testing.T) {
	t.Parallel()
	s := mustNew(t, mixed, Options{Strategy: Random, Seed: 1})
	for _, trial := range mustAsk(t, s, 10_000) {
		mustTell(t, s, trial.ID, Result{Value: float64(float32(trial.Float("linear")))})
	}
	b, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	if len(b) > 250_000 {
		t.Errorf("state of 10,000 trials takes %d bytes", len(b))
	}
	r, err := Resume(b)
	if err != nil {
		t.Fatal(err)
	}
	if x, y := mustAsk(t, s, 1), mustAsk(t, r, 1); !reflect.DeepEqual(x, y) {
		t.Errorf("resumed search gives %v, not %v", y, x)
	}
}

func TestBadSpacesAndOptions(t *testing.T) {
	t.Parallel()
	x := Parameter{Name: "x", Min: 0, Max: 1}
	for _, c := range []struct {
		space   Space
		options Options
		want    string
	}{
		{nil, Options{}, "tuning: space: no parameter to search"},
		{Space{{Min: 0, Max: 1}}, Options{}, "tuning: space: a parameter has no name"},
		{Space{x, x}, Options{}, `tuning: parameter "x": given twice`},
		{Space{{Name: "x", Min: 2, Max: 1}}, Options{}, `tuning: parameter "x": minimum 2 is above maximum 1`},
		{Space{{Name: "x", Min: math.NaN(), Max: 1}}, Options{}, `tuning: parameter "x": bound NaN is not a finite number`},
		{Space{{Name: "x", Min: -math.MaxFloat64, Max: math.MaxFloat64}}, Options{}, `tuning: parameter "x": range from -1.7976931348623157e+308 to 1.7976931348623157e+308 is wider than a float64 can express`},
		{Space{{Name: "x", Kind: Integer, Min: 0.5, Max: 1}}, Options{}, `tuning: parameter "x": bound 0.5 is not a whole number within ±2^53`},
		{Space{{Name: "x", Kind: Categorical}}, Options{}, `tuning: parameter "x": no values`},
		{Space{{Name: "x", Kind: Categorical, Values: []string{"a", "a"}}}, Options{}, `tuning: parameter "x": value "a" given twice`},
		{Space{{Name: "x", Kind: 7}}, Options{}, `tuning: parameter "x": unknown kind 7`},
		{Space{{Name: "x", Max: 1, Scale: 9}}, Options{}, `tuning: parameter "x": unknown scale 9`},
		{Space{{Name: "x", Max: 1, Scale: Logarithmic}}, Options{}, `tuning: parameter "x": scale Logarithmic needs a minimum above 0, not 0`},
		{Space{{Name: "x", Max: 1, Scale: ReverseLogarithmic}}, Options{}, `tuning: parameter "x": scale ReverseLogarithmic needs a continuous range inside [0, 1), not continuous [0, 1]`},
		{Space{x}, Options{Strategy: "Best"}, `tuning: option Strategy: unknown strategy "Best"`},
		{Space{x}, Options{Strategy: Grid}, `tuning: option Strategy: Grid needs a space of at most 2^53 points, this one has +Inf`},
		{Space{x}, Options{Goal: "Up"}, `tuning: option Goal: unknown goal "Up"`},
		{Space{x}, Options{Start: -1}, `tuning: option Start: -1 is negative`},
	} {
		if _, err := New(c.space, c.options); err == nil || err.Error() != c.want {
			t.Errorf("%v %v: %v, want %s", c.space, c.options, err, c.want)
		}
	}
}

func TestWarmRefusesWhatIsNoObservation(t *testing.T) {
	t.Parallel()
	s := mustNew(t, Space{{Name: "x", Max: 1}, {Name: "c", Kind: Categorical, Values: []string{"a"}}}, Options{})
	for _, c := range []struct {
		values map[string]string
		want   string
	}{
		{map[string]string{"x": "0.5"}, `tuning: warm start: observation 0, parameter "c": no value`},
		{map[string]string{"x": "fast", "c": "a"}, `tuning: warm start: observation 0, parameter "x": "fast" is not a finite number`},
		{map[string]string{"x": "NaN", "c": "a"}, `tuning: warm start: observation 0, parameter "x": "NaN" is not a finite number`},
	} {
		if err := s.Warm([]Observation{{Values: c.values}}); err == nil || err.Error() != c.want {
			t.Errorf("%v: %v, want %s", c.values, err, c.want)
		}
	}
	if err := s.Warm([]Observation{{Values: map[string]string{"x": "3", "c": "unknown"}}}); err != nil {
		t.Errorf("outside the range: %v", err)
	}
}

func TestBadStates(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		`{`, `{}`, `[]`, `{"version":1}`,
		`{"version":3,"space":[{"name":"x","max":1}],"options":{},"results":[1]}`,
		`{"version":3,"space":[{"name":"x","max":1}],"options":{},"results":[1],"points":[[2]]}`,
		`{"version":3,"space":[{"name":"x","max":1}],"options":{},"results":[1],"points":[[]]}`,
		`{"version":3,"space":[{"name":"x","max":1}],"options":{},"results":[1],"points":[[1]],"local":[2]}`,
		`{"version":3,"space":[{"name":"x"}],"options":{"strategy":"Random"},"results":[1,2]}`,
		`{"version":3,"space":[{"name":"x","max":1}],"options":{"strategy":"Random"},"results":["a"]}`,
	} {
		var stateErr *StateError
		if _, err := Resume([]byte(text)); !errors.As(err, &stateErr) && json.Valid([]byte(text)) {
			t.Errorf("%s: %v, want a *StateError", text, err)
		}
	}
}
