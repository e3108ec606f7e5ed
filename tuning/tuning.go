// Package tuning searches hyperparameter spaces: ask for trials, tell what became of them. It is pure computation and
// knows no jobs: no clock, no goroutine that outlives a call, nothing random but what a seed gives. A search is a function
// of its options and of the calls made on it; marshalled to JSON and back, it goes on as if nothing had happened.
//
// Beside the search there are rules that need no model of the objective: Brackets (which trials get more resource),
// Stopper (which running trial is hopeless), and when to end: Plateau and Convergence.
package tuning

import "fmt"

// Strategy is how points are chosen. Hyperband draws its points as Random does; see Brackets for the rest of it.
type Strategy string

// The strategies.
const (
	Bayesian Strategy = "Bayesian" // where a Gaussian process expects the most improvement; the default
	Random   Strategy = "Random"   // independent uniform draws on the scaled axes
	Grid     Strategy = "Grid"     // all points of a finite space, the last parameter changing fastest
	Sobol    Strategy = "Sobol"    // a scrambled Sobol sequence: like Random, without its gaps and clusters
)

// Goal is which way the objective improves.
type Goal string

// The goals.
const (
	Minimize Goal = "Minimize" // the default
	Maximize Goal = "Maximize"
)

// sign turns an objective into one to minimise.
func (g Goal) sign() float64 {
	if g == Maximize {
		return -1
	}
	return 1
}

// Better tells whether a is better than b.
func (g Goal) Better(a, b float64) bool { return g.sign()*a < g.sign()*b }

// Options say how to search. The zero value minimises by Bayesian optimisation, with seed 0.
type Options struct {
	Strategy Strategy `json:"strategy,omitempty"`
	Goal     Goal     `json:"goal,omitempty"`
	// Seed decides every random choice: the same seed and the same results in the same order give the same trials.
	Seed uint64 `json:"seed,omitempty"`
	// Start is how many trials Bayesian takes from a Sobol sequence before it trusts its model. 0: by the number of
	// parameters; fewer after a warm start.
	Start int `json:"start,omitempty"`
	// Ahead leaves Bayesian's larger fits to Refit and Adopt, which may take their time while trials run: Ask then chooses by
	// the hyperparameters adopted last, and by all results.
	Ahead bool `json:"ahead,omitempty"`
}

// OptionError says which option is wrong, and how.
type OptionError struct {
	Option string
	Reason string
}

func (e *OptionError) Error() string { return fmt.Sprintf("tuning: option %s: %s", e.Option, e.Reason) }

func (o Options) withDefaults() Options {
	if o.Strategy == "" {
		o.Strategy = Bayesian
	}
	if o.Goal == "" {
		o.Goal = Minimize
	}
	return o
}

func (o Options) check(s Space) error {
	switch o.Strategy {
	case Bayesian, Random, Sobol:
	case Grid:
		if n := s.Size(); n > maxInteger {
			return &OptionError{"Strategy", fmt.Sprintf("Grid needs a space of at most 2^53 points, this one has %g", n)}
		}
	default:
		return &OptionError{"Strategy", fmt.Sprintf("unknown strategy %q", o.Strategy)}
	}
	if o.Goal != Minimize && o.Goal != Maximize {
		return &OptionError{"Goal", fmt.Sprintf("unknown goal %q", o.Goal)}
	}
	if o.Start < 0 {
		return &OptionError{"Start", fmt.Sprintf("%d is negative", o.Start)}
	}
	return nil
}
