package tuning

import (
	"math/rand/v2"
	"slices"

	"github.com/batchmill/batchmill/tuning/internal/gp"
)

// belief is what Bayesian keeps beside the trials: for each of its priors the hyperparameters of a model, from when they
// were fitted last, and the model that was used last, which can be made anew from them.
type belief struct {
	Fits [len(priors)]fitted `json:"fits"`
	Open *openRefit          `json:"open,omitempty"`

	turn  int // whose model it is
	model *gp.Model
	seen  [][]float64 // what the model was shown
}

// fitted are hyperparameters, how many observations they were fitted to, and on which scale.
type fitted struct {
	Hyper        *gp.Hyper `json:"hyper,omitempty"`
	Observations int       `json:"observations,omitempty"`
	Declustered  bool      `json:"declustered,omitempty"`
}

// fromModel chooses the point of the most expected improvement, or one of a Sobol sequence while little is known.
func (s *Search) fromModel(id int) (record, bool) {
	if n := s.observations(); id > s.startTrials() && n >= leastObserved {
		rng := rand.New(rand.NewPCG(s.options.Seed, uint64(id)|modelStream))
		turn := s.turn(id, n)
		e := s.evidence(s.declusters(turn, n))
		s.fit(e, turn, rng)
		s.condition(&e)
		if r, ok := s.chooseBy(s.look(id, e.pending()), e, rng); ok {
			return r, true
		}
	}
	p, ok := s.fromSobol(id)
	return record{point: p}, ok
}

// chooseBy looks for a point in one way; false if it finds none.
func (s *Search) chooseBy(by look, e evidence, rng *rand.Rand) (record, bool) {
	if by == aside {
		if p, ok := s.besideBest(e, rng); ok {
			return record{point: p}, true
		}
		by = local
	}
	if by == everywhere {
		p, _, ok := s.maximize(e, s.cube(), rng)
		return record{point: p}, ok
	}
	box := s.box(s.expectedBest(e, nil), s.side(e.pending()), e.pending())
	p, _, ok := s.maximize(e, box, rng)
	return record{point: p, local: true}, ok
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
	return max(startLeast, min(startMost, startPerAxis*len(s.axes))) - len(s.warm)
}

// turn is the prior whose model chooses a trial. They take turns, because no prior suits all functions and a model that
// has got stuck is helped by what another tries. Beyond fitMost observations the first one goes on alone.
func (s *Search) turn(id, observations int) int {
	if observations > fitMost {
		return 0
	}
	return turns[id%len(turns)]
}

// fit makes the model of a prior the current one, its hyperparameters fitted anew where enough was observed since the last
// time.
func (s *Search) fit(e evidence, turn int, rng *rand.Rand) {
	n := len(e.values)
	b := &s.belief
	f := &b.Fits[turn]
	if f.Hyper != nil && !f.Hyper.Fits(len(e.categorical)) { // a warm start came with other tasks
		f.Hyper = nil
	}
	if s.keeps(turn, n) {
		if turn != b.turn {
			b.turn, b.model, b.seen = turn, nil, nil
		}
		return
	}
	h := gp.Fit(e.categorical, e.sample(fitMost), priors[turn], f.Hyper, budgetFor(n), rng)
	*f = fitted{&h, n, e.declustered}
	b.turn, b.model, b.seen = turn, nil, nil
}

// keeps tells whether a prior's hyperparameters are used as they are.
func (s *Search) keeps(prior, observations int) bool {
	f := s.belief.Fits[prior]
	return f.Hyper != nil && (!f.due(observations) || s.options.Ahead && observations >= aheadFrom)
}

// due tells whether enough was observed since the fit.
func (f fitted) due(observations int) bool {
	return observations < f.Observations || observations >= f.Observations+max(1, observations/refitShare)
}

// budgetFor bounds the work of a fit to so many observations.
func budgetFor(observations int) gp.Budget {
	if observations > fitMost {
		return gp.Budget{Starts: 1, Evaluations: fitRefinements}
	}
	return gp.Budget{Starts: fitStarts, Evaluations: fitEvaluations}
}

// condition shows the model all observed points, and the pending ones with the values it expects there itself (the
// kriging believer of Ginsbourger, Le Riche and Carraro 2010), and fills in what it expects at all of them.
func (s *Search) condition(e *evidence) {
	b := &s.belief
	if b.model == nil {
		b.model = gp.NewModel(e.categorical, *b.Fits[b.turn].Hyper)
	}
	same := 0
	for same < len(b.seen) && same < len(e.values) && slices.Equal(b.seen[same], e.x[same]) {
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
	b.seen = e.x
	s.expect(e)
}
