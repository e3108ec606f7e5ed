package tuning

// What Bayesian's search was tuned to, on the works of bench/tuning.
const (
	startLeast   = 5 // trials from the Sobol sequence: startPerAxis for each parameter within these bounds
	startMost    = 10
	startPerAxis = 2

	refitShare     = 15 // hyperparameters are fitted anew when observations grew by one in so many
	fitStarts      = 2
	fitEvaluations = 50 // of the likelihood, for each start of a fit

	globalCandidates = 512 // all over the space
	localCenters     = 4   // best observed points with candidates around them
	localCandidates  = 128 // around the best, half as many around each next one
	climbs           = 6   // candidates from which the acquisition is climbed
	climbRounds      = 3   // at most, of numbers and choices in turn
	slideEvaluations = 40  // of the acquisition, for each climb over numbers
	smoothLevels     = 12  // an integer of so many steps is climbed as a number, then rounded
)
