package tuning

import (
	"bufio"
	"encoding/json"
	"math"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"
)

func TestEpochsLookedAt(t *testing.T) {
	t.Parallel()
	last, n := 0, 0
	for epoch := 1; epoch <= 5000; epoch++ {
		i, ok := indexOf(epoch)
		if !ok {
			continue
		}
		if i != n || epochAt(i) != epoch {
			t.Fatalf("epoch %d has index %d, which is epoch %d; want index %d", epoch, i, epochAt(i), n)
		}
		if epoch > 64 && float64(epoch-last) > float64(epoch)/16 {
			t.Fatalf("no epoch looked at between %d and %d", last, epoch)
		}
		last, n = epoch, n+1
	}
	if i, _ := indexOf(1024); i != 191 {
		t.Errorf("1024 epochs take %d numbers, want 192", i+1)
	}
}

// falling is a loss that comes down to a floor as 1/epoch.
func falling(floor float64) func(epoch int) float64 {
	return func(epoch int) float64 { return floor + 1/float64(epoch) }
}

// train reports a trial's losses until it is stopped, or to its end; it returns the epochs it had.
func (s *Stopper) train(trial, total int, loss func(epoch int) float64) int {
	for epoch := 1; epoch <= total; epoch++ {
		if s.Report(trial, total, s.Goal.sign()*loss(epoch)) {
			return epoch
		}
	}
	s.Finish(trial)
	return total
}

// Over n epochs, floor + 1/epoch has 1 - epoch/n of what it moved in the last half of the epochs left to go, as the five before had: it ends at
// floor + 1/64, and the best so far at 1/64. The nearer that is, the later it is sure.
func TestStopper(t *testing.T) {
	t.Parallel()
	for _, goal := range []Goal{Minimize, Maximize} {
		s := &Stopper{Goal: goal}
		for trial := 1; trial <= 5; trial++ {
			if n := s.train(trial, 64, falling(float64(trial-1))); n != 64 {
				t.Fatalf("%s: trial %d is stopped with %d finished", goal, trial, trial-1)
			}
		}
		b, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct {
			name        string
			total       int
			loss        func(int) float64
			least, most int // epochs
		}{
			{"hopeless", 64, falling(0.5), 4, 4},
			{"hopeless later", 64, falling(0.02), 5, 32},
			{"the best", 64, falling(-0.01), 64, 64},
			{"longer than any before: nothing to go by", 65, falling(0.5), 65, 65},
			{"shorter", 32, falling(0.5), 4, 4},
			{"no number", 64, func(int) float64 { return math.NaN() }, 4, 4},
			{"no number any more", 64, func(epoch int) float64 { return math.Sqrt(float64(9-epoch)) / 100 }, 10, 10},
		} {
			s = new(Stopper)
			if err := json.Unmarshal(b, s); err != nil {
				t.Fatal(err)
			}
			if n := s.train(6, c.total, c.loss); n < c.least || n > c.most {
				t.Errorf("%s: %s: %d epochs, want %d to %d", goal, c.name, n, c.least, c.most)
			}
		}
		delete(s.Curves, 6)
		s.train(6, 64, falling(0.5))
		if value, ok := s.Forecast(6); !ok || math.Abs(goal.sign()*value-(0.5+1.0/64)) > 1e-3 {
			t.Errorf("%s: forecast %v, %v, want %v", goal, value, ok, 0.5+1.0/64)
		}
	}
}

// A trial that learns slowly is held against such as do: the median rule stops it, far behind all others as it is half-way.
func TestStopperWaitsForSlowLearners(t *testing.T) {
	t.Parallel()
	s := &Stopper{}
	slow := func(by float64) func(int) float64 {
		return func(epoch int) float64 { return 2 - by*float64(epoch)/100 }
	}
	for trial := 1; trial <= 3; trial++ {
		s.train(trial, 100, slow(1.5+float64(trial)/20)) // 0.35 at best
	}
	for trial := 4; trial <= 9; trial++ {
		s.train(trial, 100, falling(0.3+float64(trial)/100))
	}
	if n := s.train(10, 100, slow(1.75)); n < 100 {
		t.Errorf("the one that becomes the best, 0.25, is stopped after %d epochs", n)
	}
	if n := s.train(11, 100, slow(0.8)); n > 50 {
		t.Errorf("one that ends at 1.2 is stopped after %d epochs", n)
	}
}

// What is stopped teaches nothing: after eight trials stopped in a row one goes on, and then the next is stopped again.
func TestStopperLetsOneGoOn(t *testing.T) {
	t.Parallel()
	s := &Stopper{}
	for trial := 1; trial <= 5; trial++ {
		s.train(trial, 64, falling(float64(trial-1)))
	}
	for trial := 6; trial <= 15; trial++ {
		if n := s.train(trial, 64, falling(0.5)); (n == 64) != (trial == 14) {
			t.Errorf("trial %d is stopped after %d epochs of 64", trial, n)
		}
	}
}

// Trials that stand still are held against such as did.
func TestStopperOfStepwiseMetrics(t *testing.T) {
	t.Parallel()
	step := func(at int, to float64) func(int) float64 {
		return func(epoch int) float64 {
			if epoch < at {
				return 0.5
			}
			return to
		}
	}
	s := &Stopper{}
	for trial, at := range []int{1, 1, 20, 30, 40} {
		s.train(trial, 256, step(at, 0.1+0.01*float64(trial)))
	}
	if n := s.train(10, 256, step(24, 0.05)); n < 256 {
		t.Errorf("one that gets better after 24 epochs is stopped after %d, though others were as late", n)
	}
	if n := s.train(11, 256, step(100, 0)); n == 256 {
		t.Error("one that stood still longer than any other is not stopped")
	}
}

// What is forecast is what scikit-learn forecasts (testdata/outlook.py).
func TestOutlookAsScikitLearn(t *testing.T) {
	t.Parallel()
	b, err := os.ReadFile("testdata/outlook.json")
	if err != nil {
		t.Fatal(err)
	}
	var record struct {
		Cases []struct {
			Trial, Finished, Epoch int
			Best, Expected, AtBest float64
		}
	}
	if err := json.Unmarshal(b, &record); err != nil || len(record.Cases) == 0 {
		t.Fatalf("%d cases: %v", len(record.Cases), err)
	}
	curves := recorded(t)
	for _, c := range record.Cases {
		s := &Stopper{MinTrials: math.MaxInt}
		for trial := range c.Finished {
			s.train(trial, epochsRecorded, func(epoch int) float64 { return curves[trial][epoch-1] })
		}
		for _, v := range curves[c.Trial][:c.Epoch] {
			s.Report(-1, epochsRecorded, v)
		}
		o, ok := s.outlook(s.Curves[-1], s.finished(-1))
		if !ok || o.best != c.Best || math.Abs(o.expected()-c.Expected) > 1e-9 || math.Abs(o.atBest(hopeless)-c.AtBest) > 1e-9 {
			t.Errorf("trial %d after %d epochs: %v, at best %v of %v, %v; want %+v", c.Trial, c.Epoch, o.expected(), o.atBest(hopeless), o.best, ok, c)
		}
	}
}

// The courses of 60 trainings of XGBoost 3.2.0 on California housing, with hyperparameters that Optuna 5.0.0 chose
// (bench/realtuning, seed 0): in whatever order they come, more than a third of the work is saved, and the best is found.
func TestStopperOnRecordedTrainings(t *testing.T) {
	t.Parallel()
	curves := recorded(t)
	for seed := range uint64(8) {
		order := rand.New(rand.NewPCG(seed, 0)).Perm(len(curves))
		s := &Stopper{}
		work, best, found := 0, math.Inf(1), math.Inf(1)
		for trial, i := range order {
			c := curves[i]
			work += s.train(trial, epochsRecorded, func(epoch int) float64 { return c[epoch-1] })
			best, found = min(best, c[epochsRecorded-1]), min(found, s.Curves[trial].Last)
		}
		if saved := 1 - float64(work)/float64(epochsRecorded*len(curves)); saved < 0.35 {
			t.Errorf("order %d: %.0f %% of the work saved", seed, 100*saved)
		}
		if found > 1.002*best {
			t.Errorf("order %d: the best found is %v, not %v", seed, found, best)
		}
	}
}

// epochsRecorded are those of every training recorded.
const epochsRecorded = 200

// recorded reads curves of which only the epochs looked at are kept; between them they stand still.
func recorded(t *testing.T) (curves [][]float64) {
	t.Helper()
	file, err := os.Open("testdata/california_curves.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		var curve []float64
		for i, text := range strings.Fields(lines.Text()) {
			v, err := strconv.ParseFloat(text, 64)
			if err != nil {
				t.Fatal(err)
			}
			for len(curve) < epochAt(i)-1 {
				curve = append(curve, curve[len(curve)-1])
			}
			curve = append(curve, v)
		}
		curves = append(curves, curve)
	}
	if err := lines.Err(); err != nil || len(curves) != 60 {
		t.Fatalf("%d curves: %v", len(curves), err)
	}
	return curves
}
