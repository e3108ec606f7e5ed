package hist

import "math"

// Params steer the growth of a tree. Names and meanings are XGBoost's.
type Params struct {
	LearningRate   float64
	MaxDepth       int // 0: no bound
	MaxLeaves      int // 0: no bound
	LossGuide      bool
	MinChildWeight float64
	MinSplitLoss   float64 // gamma
	Prune          bool    // splits that gain less than MinSplitLoss are taken back once the tree is grown, where none below gains enough
	Lambda, Alpha  float64
	MaxDeltaStep   float64 // 0: no bound
	Subsample      float64
	ColumnsByTree  float64
	ColumnsByLevel float64
	ColumnsByNode  float64
	// CategorySmooth, if not 0, orders categories as LightGBM does: it is added to their second derivatives, and categories of
	// fewer rows of a node have no order (FindBestThresholdCategoricalInner in src/treelearner/feature_histogram.cpp).
	CategorySmooth float64
	Monotone       []int8    // by feature: 1 up, -1 down, 0 or absent: free
	Interactions   [][]int32 // groups of features that may meet on a path; none: all may
	Precision      Precision
}

// Categorical splits follow XGBoost's defaults: up to maxOneHot categories each is tried against the rest; beyond, they are
// sorted by weight and cut in two, with at most maxSetSize of them on the right side.
const (
	maxOneHot  = 3 // fewer than XGBoost's max_cat_to_onehot
	maxSetSize = 64
)

// minGain is the least gain of a split, as in XGBoost.
const minGain = 1e-6

// weight is the best value of a leaf with gradient sum g and hessian sum h.
func (p *Params) weight(g, h float64) float64 {
	if h < p.MinChildWeight || h <= 0 {
		return 0
	}
	w := -p.shrink(g) / (h + p.Lambda)
	if p.MaxDeltaStep > 0 && math.Abs(w) > p.MaxDeltaStep {
		w = math.Copysign(p.MaxDeltaStep, w)
	}
	return w
}

// stopLoss is the gain below which growth stops.
func (p *Params) stopLoss() float64 {
	if p.Prune {
		return 0
	}
	return p.MinSplitLoss
}

// shrink applies the L1 penalty.
func (p *Params) shrink(g float64) float64 {
	switch {
	case g > p.Alpha:
		return g - p.Alpha
	case g < -p.Alpha:
		return g + p.Alpha
	}
	return 0
}

// gain is twice the loss a leaf takes away.
func (p *Params) gain(g, h float64) float64 {
	if h < p.MinChildWeight || h <= 0 {
		return 0
	}
	if p.MaxDeltaStep == 0 {
		s := p.shrink(g)
		return s * s / (h + p.Lambda)
	}
	w := p.weight(g, h)
	return -(2*g*w + (h+p.Lambda)*w*w) - 2*p.Alpha*math.Abs(w)
}
