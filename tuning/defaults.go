package tuning

import "github.com/batchmill/batchmill/tuning/internal/gp"

// priors of the models that take turns, and the order in which they do. Wide ones find rugged and additive functions,
// narrow ones, of long lengths, see the bowl through the ripples.
var (
	priors = [...]gp.Prior{
		{Lengths: 3, Variance: 4, Warp: true},
		{Lengths: 1, Variance: 1.5},
	}
	turns = [...]int{0, 1, 0}
)

// What Bayesian's search was tuned to, on the works of bench/tuning.
const (
	startLeast   = 5 // trials from the Sobol sequence: startPerAxis for each parameter within these bounds
	startMost    = 10
	startPerAxis = 2

	refitShare     = 30 // hyperparameters are fitted anew when observations grew by one in so many
	fitStarts      = 3
	fitMost        = 200 // observations to fit to; beyond, a sample of them, and less work
	fitEvaluations = 50  // of the likelihood, for each start of a fit
	fitRefinements = 10  // of the likelihood beyond fitMost, where there is one start, from the last fit

	realNoise     = 1e-3 // variance of values; what a model calls noise below it is that fits have no zero
	neighbourhood = 0.1  // distance by coordinate at which trials count together by 0.6

	asidesMost     = 4    // other good points to look around
	asideLeast     = 1e-3 // improvement there, in deviations of all values, that is worth a trial
	sideStart      = 0.4
	sideMost       = 1.6
	sideLeast      = 1.0 / 128
	sideBeside     = 0.5 // beside pending trials a side is so many times as long
	patienceBeside = 0.3 // and for each trial that is out it bears so many times as many failures
	improvements   = 2   // in a row, that make a box longer
	failuresLeast  = 3   // in a row, that make it shorter; one for every axesPerFailure parameters if that is more
	axesPerFailure = 2
	keptCategories = 0.7  // share of the centre's categories that a local candidate keeps where it need not
	stretchLeast   = 0.05 // the model's lengths count between these bounds
	stretchMost    = 2.0

	globalCandidates = 512 // all over the space
	localCenters     = 4   // best observed points with candidates around them
	localCandidates  = 128 // around the best, half as many around each next one
	movedAxes        = 20  // about so many parameters change at most to make a candidate near another
	climbs           = 6   // candidates from which the acquisition is climbed
	climbRounds      = 3   // at most, of numbers and choices in turn
	slideEvaluations = 40  // of the acquisition, for each climb over numbers
	smoothLevels     = 12  // an integer of so many steps is climbed as a number, then rounded
)
