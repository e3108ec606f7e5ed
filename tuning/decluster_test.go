package tuning

import (
	"encoding/json"
	"math/rand/v2"
	"os"
	"testing"
)

// A crowd counts about as much as a point by itself, and one that is alone counts in full.
func TestDeclusteringWeights(t *testing.T) {
	t.Parallel()
	e := evidence{categorical: []bool{false, false, true}}
	var task []seen
	for range 20 {
		task = append(task, seen{x: []float64{0.9, 0.1, 1}})
	}
	task = append(task, seen{x: []float64{0.1, 0.9, 1}}, seen{x: []float64{0.9, 0.1, 2}})
	w := e.declusteringWeights(task)
	for i := range 20 {
		if got, want := w[i], 1.0/20; got < want*0.99 || got > want*1.01 {
			t.Errorf("one of 20 that lie together weighs %v, not %v", got, want)
		}
	}
	for _, i := range []int{20, 21} {
		if w[i] < 0.99 || w[i] > 1 {
			t.Errorf("point %d, by itself, weighs %v", i, w[i])
		}
	}
}

// crowded is a real search that had stayed in its second-best valley, trees of depth 3 with much regularisation, since its 13th
// trial: XGBoost's eight parameters on California housing, validation RMSE after 200 rounds.
func crowded(t *testing.T) (Space, []Observation) {
	t.Helper()
	text, err := os.ReadFile("testdata/crowded.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Space  Space
		Trials []Observation
	}
	if err := json.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	return file.Space, file.Trials
}

// After 40 trials, 25 of them within the noise of one another, the second model must see past them.
func TestLeavesCrowd(t *testing.T) {
	t.Parallel()
	space, trials := crowded(t)
	deeper := [2]int{}
	for seed := range uint64(8) {
		for i, crowd := range []bool{true, false} {
			s, err := New(space, Options{Seed: seed})
			if err != nil {
				t.Fatal(err)
			}
			if err := s.Warm(trials); err != nil {
				t.Fatal(err)
			}
			rng := rand.New(rand.NewPCG(seed, 1))
			s.fit(s.evidence(false), 0, rng)
			if !s.declusters(1, len(trials)) || s.declusters(0, len(trials)) {
				t.Fatalf("noise %v: not the second model's scale is declustered", s.belief.Fits[0].Hyper.Noise)
			}
			e := s.evidence(!crowd)
			s.fit(e, 1, rng)
			s.condition(&e)
			p, _, ok := s.maximize(e, s.cube(), rng)
			if !ok {
				t.Fatal("no point was found")
			}
			if p[1] > 3 { // max_depth
				deeper[i]++
			}
		}
	}
	t.Logf("of 8 next trials %d go deeper by all values alike, %d by neighbourhoods", deeper[0], deeper[1])
	if deeper[1] < 6 || deeper[1] <= deeper[0] {
		t.Errorf("of 8 next trials %d go deeper by all values alike, %d by neighbourhoods", deeper[0], deeper[1])
	}
}
