package tuning

import (
	"math"

	"gonum.org/v1/gonum/floats"
)

// Trials crowd where the search has found something, and a scale made for their values is made for the crowd: small
// differences within it count, larger ones elsewhere hardly. That is what polishing a smooth function takes. Where the
// differences are noise it buries the function, and the search stays with its crowd. So once the first model takes them for
// noise, the second one sees values on a scale for which each neighbourhood counts about once (declustering: Deutsch and
// Journel 1998, GSLIB: Geostatistical Software Library and User's Guide).

// declusters tells whether a prior's next model sees values on such a scale. A model that is kept stays with the one its
// hyperparameters were fitted on.
func (s *Search) declusters(prior, observations int) bool {
	if s.keeps(prior, observations) {
		return s.belief.Fits[prior].Declustered
	}
	return s.declustersNext(prior)
}

// declustersNext is what holds for the next fit of a prior.
func (s *Search) declustersNext(prior int) bool {
	first := s.belief.Fits[0].Hyper
	return prior != 0 && first != nil && first.Noise > realNoise
}

// declusteringWeights are 1 for an observation by itself, and less the more others are near it.
func (e *evidence) declusteringWeights(task []seen) []float64 {
	neighbours := equalWeights(len(task)) // each one's own
	for i, a := range task {
		for j, b := range task[:i] {
			near := math.Exp(-e.meanSquare(a.x, b.x) / (2 * neighbourhood * neighbourhood))
			neighbours[i] += near
			neighbours[j] += near
		}
	}
	weights := equalWeights(len(task))
	floats.Div(weights, neighbours)
	return weights
}

// meanSquare is the squared distance of two points by coordinate, on average; another category is as far as the other end.
func (e *evidence) meanSquare(x, y []float64) float64 {
	sum := 0.0
	for i := range x {
		switch {
		case !e.categorical[i]:
			sum += (x[i] - y[i]) * (x[i] - y[i])
		case x[i] != y[i]:
			sum++
		}
	}
	return sum / float64(len(x))
}

// equalWeights let so many values count once each.
func equalWeights(n int) []float64 {
	weights := make([]float64, n)
	floats.AddConst(1, weights)
	return weights
}
