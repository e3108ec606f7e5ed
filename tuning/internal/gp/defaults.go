package gp

// The priors, of the logarithms: what bench/tuning was found to like.
const (
	lengthDeviation   = 1.7320508075688772 // √3, Hvarfner's
	varianceDeviation = 1.5
	noiseMean         = -10
	noiseDeviation    = 3
	warpDeviation     = 0.4
	warpBound         = 1.5
	shortStart        = -0.7 // of lengths, in a fit's second start: about 0.5
)
