package tuning

import (
	"encoding/json"
	"maps"
	"math/rand/v2"
	"testing"
)

// ahead runs trials, always some of them pending, and adopts each refit some trials after it was opened. Where resumes, the
// search goes through JSON before each trial.
func ahead(t *testing.T, trials, lag int, resumes bool, objective func(Trial) float64) (*Search, []map[string]string) {
	t.Helper()
	const pendingAtOnce = 3
	s := mustNew(t, plane, Options{Seed: 5, Ahead: true})
	var given []map[string]string
	var running []Trial
	var open *Refit
	adopted, adoptAt := 0, 0
	for i := range trials {
		if resumes {
			text, err := json.Marshal(s)
			if err != nil {
				t.Fatal(err)
			}
			if s, err = Resume(text); err != nil {
				t.Fatal(err)
			}
			if open != nil {
				open = s.Refit()
			}
		}
		if open != nil && i >= adoptAt {
			s.Adopt(open)
			open = nil
			adopted++
		}
		trial := mustAsk(t, s, 1)[0]
		given, running = append(given, trial.Values), append(running, trial)
		if len(running) == pendingAtOnce {
			mustTell(t, s, running[0].ID, Result{Value: objective(running[0])})
			running = running[1:]
		}
		if open == nil {
			if open = s.Refit(); open != nil {
				adoptAt = i + lag
				if !resumes {
					open.Run()
				}
			}
		}
	}
	if adopted == 0 {
		t.Error("no refit was due")
	}
	return s, given
}

// TestRefitWheneverItRuns: a refit gives the same whether it runs at once, or late, from a search that was resumed meanwhile;
// and the search still finds the optimum.
func TestRefitWheneverItRuns(t *testing.T) {
	t.Parallel()
	for _, lag := range []int{1, 4} {
		smooth := func(trial Trial) float64 { return bowl(trial, 0.7) }
		s, want := ahead(t, 60, lag, false, smooth)
		_, got := ahead(t, 60, lag, true, smooth)
		for i := range want {
			if !maps.Equal(want[i], got[i]) {
				t.Fatalf("lag %d: trial %d is %v, resumed %v", lag, i+1, want[i], got[i])
			}
		}
		if _, best, _ := s.Best(); best > 1e-4 {
			t.Errorf("lag %d: best of 60 trials is %v", lag, best)
		}
	}
}

// TestRefitOfNoise: the same where noise makes the second model see values on a scale of its own.
func TestRefitOfNoise(t *testing.T) {
	t.Parallel()
	noisy := func(trial Trial) float64 {
		rng := rand.New(rand.NewPCG(uint64(trial.ID), 1))
		return bowl(trial, 0.7) + 0.1*rng.NormFloat64()
	}
	s, want := ahead(t, 60, 4, false, noisy)
	_, got := ahead(t, 60, 4, true, noisy)
	if !s.belief.Fits[1].Declustered || s.belief.Fits[0].Declustered {
		t.Errorf("fits %+v: not the second one's scale is declustered", s.belief.Fits)
	}
	for i := range want {
		if !maps.Equal(want[i], got[i]) {
			t.Fatalf("trial %d is %v, resumed %v", i+1, want[i], got[i])
		}
	}
}

// TestRefitOnlyAhead: a search that fits when it is asked has none to run.
func TestRefitOnlyAhead(t *testing.T) {
	t.Parallel()
	s := mustNew(t, plane, Options{Seed: 5})
	s.search(t, aheadFrom+5, func(trial Trial) float64 { return bowl(trial, 0.7) })
	if s.Refit() != nil {
		t.Error("a refit although Ask fits")
	}
}

// TestObservations: the count is that of the evidence, with and without a warm start, failures and pending trials.
func TestObservations(t *testing.T) {
	t.Parallel()
	values := map[string]string{"x": "0.5", "y": "0.25"}
	for i, warm := range [][]Observation{
		nil,
		{{Values: values, Value: 1}, {Values: values, Failed: true}},
		{{Values: values, Task: "other", Value: 1}, {Values: values, Task: "lost", Failed: true}},
	} {
		s := mustNew(t, plane, Options{Seed: 5})
		if err := s.Warm(warm); err != nil {
			t.Fatal(err)
		}
		for j, trial := range mustAsk(t, s, 6) {
			if got, want := s.observations(), len(s.evidence(false).values); got != want {
				t.Errorf("warm start %d, %d told: %d observations, want %d", i, j, got, want)
			}
			mustTell(t, s, trial.ID, Result{Value: float64(j), Failed: j < 2})
		}
	}
}
