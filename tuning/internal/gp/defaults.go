package gp

// The priors, of the logarithms: what bench/tuning was found to like.
const (
	noiseMean      = -10
	noiseDeviation = 3
	warpDeviation  = 0.4
	warpBound      = 1.5
	warpMargin     = 2    // log posterior that warping must gain for each number
	warpLeast      = 15   // observations before it is tried
	startShare     = 4    // a start has one in so many evaluations to show its worth
	shortStart     = -0.7 // of lengths, in a fit's second start: about 0.5
)
