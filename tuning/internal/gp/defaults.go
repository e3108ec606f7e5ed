package gp

// The priors, of the logarithms: what bench/tuning was found to like.
const (
	noiseMean      = -10
	noiseDeviation = 3
	warpDeviation  = 0.4
	warpBound      = 1.5
	warpMargin     = 2    // log posterior that warping must gain for each number
	warpLeast      = 15   // observations before it is tried
	startMargin    = 10   // log posterior that a start may lie behind when it has had a share of the evaluations
	shortStart     = -0.7 // of lengths, in a fit's second start: about 0.5
)

// startShares are the parts of all evaluations after which starts that lie behind are given up, as one in so many.
var startShares = [...]int{8, 4}
