package tuning

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"reflect"
	"testing"
)

func TestPlateau(t *testing.T) {
	t.Parallel()
	p := Plateau{Goal: Maximize}
	var got []int
	for _, r := range []Result{{Failed: true}, {Value: 100}, {Value: 100.9}, {Value: 101}, {Value: 50}, {Value: math.NaN()}, {Value: 103}} {
		got = append(got, p.Tell(r))
	}
	if want := []int{1, 0, 1, 0, 1, 2, 0}; !reflect.DeepEqual(got, want) {
		t.Errorf("not improving: %v, want %v", got, want)
	}
}

func TestConvergence(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 2))
	stuck := Convergence{Goal: Minimize, Parameters: 2}
	gaining := Convergence{Goal: Maximize, Parameters: 2}
	at := 0
	for i := range 200 {
		floor := math.Max(0, 1-float64(i)/30)
		if stuck.Tell(Result{Value: floor + rng.Float64()*0.2*floor}) && at == 0 {
			at = i
		}
		if gaining.Tell(Result{Value: float64(i) + rng.Float64()}) {
			t.Fatalf("converged at trial %d of a search that gains with each", i)
		}
	}
	if at < 60 || at > 63 { // the best is 0 from trial 30 on, and patience is 30
		t.Errorf("stuck since trial 30, converged at trial %d", at)
	}
}

func TestBracketsPlan(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		options BracketOptions
		rungs   [][]int
		shares  []int
	}{
		// Table 1 of Li et al. (2018), R = 81 and factor 3.
		{BracketOptions{Min: 1, Max: 81}, [][]int{{1, 3, 9, 27, 81}, {3, 9, 27, 81}, {9, 27, 81}, {27, 81}, {81}}, []int{81, 34, 15, 8, 5}},
		{BracketOptions{Min: 5, Max: 100}, [][]int{{11, 33, 100}, {33, 100}, {100}}, []int{9, 5, 3}},
		{BracketOptions{Min: 1, Max: 1}, [][]int{{1}}, []int{1}},
		{BracketOptions{Min: 1, Max: 8, Factor: 2}, [][]int{{1, 2, 4, 8}, {2, 4, 8}, {4, 8}, {8}}, []int{8, 6, 4, 4}},
	} {
		b, err := NewBrackets(c.options)
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(b.rungs, c.rungs) || !reflect.DeepEqual(b.shares, c.shares) {
			t.Errorf("%+v: rungs %v shares %v, want %v %v", c.options, b.rungs, b.shares, c.rungs, c.shares)
		}
	}
	for _, o := range []BracketOptions{{Max: 9}, {Min: 3, Max: 2}, {Min: 1, Max: 9, Factor: 1}, {Min: 1, Max: 9, Trials: -1}, {Min: 1, Max: 9, Goal: "Up"}} {
		if _, err := NewBrackets(o); err == nil {
			t.Errorf("%+v is accepted", o)
		}
	}
}

// Whatever the order of reports, over JSON at every step: all trials start, every bracket promotes its best third rung by
// rung, nothing runs twice, and far less is trained than all trials in full.
func TestBracketsRunToTheEnd(t *testing.T) {
	t.Parallel()
	const trials, slots = 100, 7
	b, err := NewBrackets(BracketOptions{Goal: Maximize, Min: 1, Max: 27, Trials: trials})
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(4, 4))
	score := func(trial int) float64 { return float64(trial * 37 % 101) }
	had := map[int]int{} // resource by trial
	var running []Step
	spent := 0
	for !b.Finished() {
		for len(running) < slots {
			step, ok := b.Next()
			if !ok {
				break
			}
			if step.From != had[step.Trial] || step.To <= step.From {
				t.Fatalf("step %+v of a trial that had %d", step, had[step.Trial])
			}
			running = append(running, step)
		}
		if len(running) == 0 {
			t.Fatal("nothing runs, and the schedule is not finished")
		}
		i := rng.IntN(len(running))
		step := running[i]
		verdict, err := b.Report(step.Trial, step.To, Result{Value: score(step.Trial), Failed: step.Trial%10 == 0})
		if err != nil {
			t.Fatal(err)
		}
		spent += step.To - step.From
		had[step.Trial] = step.To
		running = append(running[:i], running[i+1:]...)
		if verdict == Continue {
			running = append(running, Step{Trial: step.Trial, From: step.To, To: b.Rung(step.Trial)})
		}
		data, err := json.Marshal(b)
		if err != nil {
			t.Fatal(err)
		}
		b = new(Brackets)
		if err := json.Unmarshal(data, b); err != nil {
			t.Fatal(err)
		}
	}
	if len(had) != trials {
		t.Errorf("%d trials were started, want %d", len(had), trials)
	}
	if spent > trials*27/2 {
		t.Errorf("%d epochs spent, more than half of %d", spent, trials*27)
	}
	for s := range b.rungs {
		best, bestScore := 0, -1.0
		for i, tr := range b.trials {
			if v := score(i + 1); tr.Bracket == s && (i+1)%10 != 0 && v > bestScore {
				best, bestScore = i+1, v
			}
		}
		if best != 0 && len(b.rungs[s]) <= 3 && had[best] != 27 {
			t.Errorf("bracket %d: its best trial %d had %d epochs, not 27", s, best, had[best])
		}
	}
	if _, err := b.Report(1, 1, Result{}); err == nil {
		t.Error("a trial that does not run is reported without an error")
	}
}

func TestBracketsEnd(t *testing.T) {
	t.Parallel()
	b, err := NewBrackets(BracketOptions{Min: 1, Max: 9, Trials: 1})
	if err != nil {
		t.Fatal(err)
	}
	step, _ := b.Next()
	if err := b.End(step.Trial, Result{Value: 1}); err != nil {
		t.Fatal(err)
	}
	if _, ok := b.Next(); ok || !b.Finished() {
		t.Error("a trial that ended by itself goes on")
	}
	if err := b.End(step.Trial, Result{Value: 1}); err == nil {
		t.Error("a trial ends twice")
	}
}

func TestBadBracketStates(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		`[]`, `{}`,
		`{"options":{"min":1,"max":9},"trials":[{"bracket":9}]}`,
		`{"options":{"min":1,"max":9},"trials":[{"bracket":0,"rung":3}]}`,
		`{"options":{"min":1,"max":9},"trials":[{"bracket":0,"rung":0,"paused":true}]}`,
		`{"options":{"min":1,"max":9},"trials":[{"bracket":0,"rung":0,"values":[1,2]}]}`,
	} {
		if err := json.Unmarshal([]byte(text), new(Brackets)); err == nil {
			t.Errorf("%s is accepted", text)
		}
	}
}
