package tuning

import (
	"math"
	"math/rand/v2"
	"slices"

	"github.com/batchmill/batchmill/tuning/internal/gp"
)

// belief is what Bayesian keeps beside the trials: the hyperparameters of its model, from when they were fitted last, and
// the model itself, which can be made anew from them.
type belief struct {
	hyper  *gp.Hyper
	fitted int // observations at that time

	model *gp.Model
	seen  []point // what the model was shown
}

// evidence is all that is known when a trial is chosen.
type evidence struct {
	points []point     // observed ones, then pending ones
	x      [][]float64 // the same as the model sees them
	values []float64   // of the observed ones, ready for the model
}

// fromModel chooses the point of the most expected improvement, or one of a Sobol sequence while little is known.
func (s *Search) fromModel(id int) (point, bool) {
	e := s.evidence()
	if id <= s.startTrials() || len(e.values) < leastObserved {
		return s.fromSobol(id)
	}
	rng := rand.New(rand.NewPCG(s.options.Seed, uint64(id)|modelStream))
	s.fit(e, rng)
	s.condition(e)
	if p, ok := s.maximize(e, rng); ok {
		return p, true
	}
	return s.fromSobol(id)
}

const (
	leastObserved = 3       // it takes at least so many observations to fit a model
	modelStream   = 1 << 62 // keeps the model's random numbers apart from the Sobol start's
)

// startTrials is how many trials come from the Sobol sequence.
func (s *Search) startTrials() int {
	if s.options.Start > 0 {
		return s.options.Start
	}
	return max(startLeast, min(startMost, startPerAxis*len(s.axes))) - min(len(s.warm), startLeast)
}

// evidence collects observed and pending points. A failed trial counts as the worst seen, so that the model keeps away.
func (s *Search) evidence() evidence {
	var e evidence
	var raw, known []float64
	sign := s.options.Goal.sign()
	for _, r := range s.records {
		if r.status != pending {
			e.points = append(e.points, r.point)
			raw = append(raw, sign*r.value)
		}
		if r.status == told {
			known = append(known, sign*r.value)
		}
	}
	if len(known) > 0 {
		worst := slices.Max(known)
		i := 0
		for _, r := range s.records {
			if r.status == failed {
				raw[i] = worst
			}
			if r.status != pending {
				i++
			}
		}
		e.values = newOutputs(raw).apply(raw)
	}
	for _, r := range s.records {
		if r.status == pending {
			e.points = append(e.points, r.point)
		}
	}
	for _, p := range e.points {
		e.x = append(e.x, s.coordinates(p))
	}
	return e
}

// coordinates is a point as the model sees it: values rounded first, then mapped to the unit cube (Garrido-Merchán and
// Hernández-Lobato 2020, Dealing with categorical and integer-valued variables in Bayesian Optimization with Gaussian
// processes, Neurocomputing 380), categories as codes.
func (s *Search) coordinates(p point) []float64 {
	x := make([]float64, len(p))
	for i, a := range s.axes {
		x[i] = p[i]
		if a.Kind != Categorical {
			x[i] = a.unit(p[i])
		}
	}
	return x
}

func (s *Search) shape() gp.Shape {
	shape := gp.Shape{Warped: false}
	for _, a := range s.axes {
		shape.Categorical = append(shape.Categorical, a.Kind == Categorical)
	}
	return shape
}

// fit fits the hyperparameters anew where enough was observed since the last time.
func (s *Search) fit(e evidence, rng *rand.Rand) {
	n := len(e.values)
	b := &s.belief
	if b.hyper != nil && n < b.fitted+max(1, n/refitShare) {
		return
	}
	h, _ := gp.Fit(s.shape(), gp.Data{X: e.x[:n], Y: e.values}, b.hyper, fitStarts, fitEvaluations, rng)
	b.hyper, b.fitted = &h, n
	b.model, b.seen = nil, nil
}

// condition shows the model all observed points, and the pending ones with the values it expects there itself (the
// kriging believer of Ginsbourger, Le Riche and Carraro 2010).
func (s *Search) condition(e evidence) {
	b := &s.belief
	if b.model == nil {
		b.model = gp.NewModel(s.shape(), *b.hyper)
	}
	same := 0
	for same < len(b.seen) && same < len(e.values) && b.seen[same].key() == e.points[same].key() {
		same++
	}
	b.model.Truncate(same)
	for _, x := range e.x[same:len(e.values)] {
		b.model.Add(x)
	}
	values := slices.Clone(e.values)
	b.model.Learn(values)
	for _, x := range e.x[len(e.values):] {
		values = append(values, b.model.Mean(x))
		b.model.Add(x)
		b.model.Learn(values)
	}
	b.seen = e.points
}

// acquisition is the log of the expected improvement over the best value the model expects at an observed point.
type acquisition struct {
	model               *gp.Model
	best                float64
	byMean, byDeviation []float64
}

func newAcquisition(m *gp.Model, x [][]float64) *acquisition {
	a := &acquisition{model: m, best: math.Inf(1), byMean: make([]float64, len(x[0])), byDeviation: make([]float64, len(x[0]))}
	for _, at := range x {
		a.best = min(a.best, m.Mean(at))
	}
	return a
}

func (a *acquisition) at(x []float64) float64 {
	mean, deviation := a.model.Predict(x)
	value, _ := logImprovement((a.best - mean) / deviation)
	return value + math.Log(deviation)
}

// slope is at with its gradient.
func (a *acquisition) slope(x, gradient []float64) float64 {
	mean, deviation := a.model.PredictGradient(x, a.byMean, a.byDeviation)
	z := (a.best - mean) / deviation
	value, slope := logImprovement(z)
	for i := range gradient {
		gradient[i] = (-slope*a.byMean[i] + (1-slope*z)*a.byDeviation[i]) / deviation
	}
	return value + math.Log(deviation)
}
