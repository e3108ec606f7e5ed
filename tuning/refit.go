package tuning

import (
	"math/rand/v2"
	"slices"

	"github.com/batchmill/batchmill/tuning/internal/gp"
)

// Refit is a fit of the model's hyperparameters, taken out of the search (Options.Ahead). It depends on the search as it was
// when the refit was opened alone, so it gives the same whenever and wherever it runs.
type Refit struct {
	prior        int
	observations int
	declustered  bool
	fit          func() gp.Hyper
	hyper        *gp.Hyper
}

// Run does the work. The search may be used meanwhile.
func (r *Refit) Run() {
	if r.hyper == nil {
		h := r.fit()
		r.hyper = &h
	}
}

// openRefit says what an open refit is fitted to: the trials asked until then, of which some were pending, and on which scale.
type openRefit struct {
	Prior       int   `json:"prior"`
	Asked       int   `json:"asked"`
	Pending     []int `json:"pending,omitempty"` // trials, by ID
	Declustered bool  `json:"declustered,omitempty"`
}

const (
	refitStream = 3 << 61 // keeps a refit's random numbers apart from others
	aheadFrom   = 40      // observations; a fit to fewer takes some milliseconds, and each matters more
)

// Refit opens the fit that is due, or makes the one that is open anew, after a resume; nil if there is none. A search has one
// at most, until it is adopted.
func (s *Search) Refit() *Refit {
	b := &s.belief
	if b.Open == nil {
		prior, due := s.priorDue()
		if !due {
			return nil
		}
		b.Open = &openRefit{Prior: prior, Asked: len(s.records), Declustered: s.declustersNext(prior)}
		for i, r := range s.records {
			if r.status == pending {
				b.Open.Pending = append(b.Open.Pending, i+1)
			}
		}
	}
	e := s.evidenceOf(b.Open.records(s.records), b.Open.Declustered)
	rng := rand.New(rand.NewPCG(s.options.Seed, uint64(b.Open.Asked)|refitStream))
	prior, last, budget := b.Open.Prior, b.Fits[b.Open.Prior].Hyper, budgetFor(len(e.values))
	return &Refit{prior: prior, observations: len(e.values), declustered: e.declustered, fit: func() gp.Hyper {
		return gp.Fit(e.categorical, e.sample(fitMost), priors[prior], last, budget, rng)
	}}
}

// Adopt lets trials be chosen by what a refit has found. It runs the refit if that was not done.
func (s *Search) Adopt(r *Refit) {
	r.Run()
	b := &s.belief
	b.Fits[r.prior], b.Open = fitted{r.hyper, r.observations, r.declustered}, nil
	if b.turn == r.prior {
		b.model, b.seen = nil, nil
	}
}

// priorDue is the prior to fit anew for the next trials, the one whose turn comes first.
func (s *Search) priorDue() (prior int, due bool) {
	if !s.options.Ahead || s.options.Strategy != Bayesian {
		return 0, false
	}
	n := s.observations()
	for ahead := range turns {
		prior := s.turn(len(s.records)+1+ahead, n)
		if f := s.belief.Fits[prior]; f.Hyper != nil && n >= aheadFrom && f.due(n) {
			return prior, true
		}
	}
	return 0, false
}

// records are the records as they were when the refit was opened.
func (o *openRefit) records(all []record) []record {
	then := slices.Clone(all[:o.Asked])
	for _, id := range o.Pending {
		then[id-1].status = pending
	}
	return then
}

// check tells whether the open refit can be one of a search with so many trials.
func (o *openRefit) check(trials int) bool {
	return o.Prior >= 0 && o.Prior < len(priors) && o.Asked >= 0 && o.Asked <= trials &&
		!slices.ContainsFunc(o.Pending, func(id int) bool { return id < 1 || id > o.Asked })
}
