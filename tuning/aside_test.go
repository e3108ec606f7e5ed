package tuning

import (
	"math"
	"math/rand/v2"
	"testing"
)

// An aside lies in the box around the best point outside the best one's box, and where nothing is to be gained there is none.
func TestAsides(t *testing.T) {
	t.Parallel()
	s := mustNew(t, plane, Options{Seed: 1, Start: 20})
	s.search(t, 20, func(trial Trial) float64 { return math.Sin(7*trial.Float("x")) + math.Cos(5*trial.Float("y")) })
	e := s.evidence(false)
	rng := rand.New(rand.NewPCG(1, 1))
	s.fit(e, 0, rng)
	s.condition(&e)
	best := s.box(s.expectedBest(e, nil), sideStart, 0)
	box := s.box(s.expectedBest(e, []region{best}), sideStart, 0)
	p, ok := s.besideBest(e, rng)
	if !ok || !s.within(s.coordinates(p), box) {
		t.Errorf("%v, %v is no point beside the best, %v, in the box of the next, %v", p, ok, best.center, box.center)
	}
	if mean, center := s.belief.model.Mean(s.coordinates(p)), s.belief.model.Mean(box.center); mean >= center {
		t.Errorf("the model expects %v at %v, and %v at the centre", mean, p, center)
	}
	one := evidence{categorical: e.categorical, x: e.x[:1], values: e.values[:1], own: e.own[:1], expected: e.expected[:1]}
	if p, ok := s.besideBest(one, rng); ok {
		t.Errorf("%v is beside the only point", p)
	}
}

// The next best point is looked for outside the boxes, and categories of their own count as outside.
func TestExpectedBestOutside(t *testing.T) {
	t.Parallel()
	space := append(Space{{Name: "c", Kind: Categorical, Values: []string{"a", "b"}}}, plane...)
	s := mustNew(t, space, Options{Seed: 3, Start: 12})
	s.search(t, 12, func(trial Trial) float64 { return bowl(trial, 0.7) })
	e := s.evidence(false)
	rng := rand.New(rand.NewPCG(1, 1))
	s.fit(e, 0, rng)
	s.condition(&e)
	var known []region
	last := math.Inf(-1)
	for {
		center := s.expectedBest(e, known)
		if center == nil {
			break
		}
		for _, box := range known {
			if s.within(center, box) {
				t.Fatalf("%v lies in the box of %v", center, box.center)
			}
		}
		mean := s.belief.model.Mean(center)
		if mean < last {
			t.Errorf("%v comes later than a worse point", center)
		}
		last = mean
		known = append(known, s.box(center, sideStart, 0))
	}
	if len(known) < 3 {
		t.Errorf("%d boxes hold all points", len(known))
	}
}
