// Package hist grows regression trees on binned features: quantile cuts, the binned matrix, histograms of quantised
// gradients, split search and row partition. It knows arrays only: no files, no objectives, no channels.
//
// Everything here yields the same result at any number of threads: histograms are integer sums, whose order does not
// matter, and whatever is summed in floating point is summed in a fixed order.
package hist

import "math"

// Feature says how one feature is cut into bins. Bins of values come first; the last bin, number Bins, holds missing values.
type Feature struct {
	// Bounds of a numeric feature ascend; bin b holds Bounds[b-1] <= x < Bounds[b].
	Bounds []float32
	// Categories is the number of codes of a categorical feature, whose bins are the codes; 0 for a numeric one.
	Categories int
}

// Bins is the number of bins of values.
func (f *Feature) Bins() int {
	if f.Categories > 0 {
		return f.Categories
	}
	return len(f.Bounds) + 1
}

// Threshold is the value that splits bins up to b from those above: x < Threshold(b). For the last bin it lies above every
// value, which splits present from missing.
func (f *Feature) Threshold(b int) float32 {
	if b < len(f.Bounds) {
		return f.Bounds[b]
	}
	return math.MaxFloat32
}

// find returns the bin that a threshold was made from.
func (f *Feature) find(threshold float32) int { return f.bin(threshold) - 1 }

// bin returns the bin of a value: the number of bounds at or below it.
func (f *Feature) bin(x float32) int {
	if x >= math.MaxFloat32 {
		return len(f.Bounds) + 1
	}
	low, n := 0, len(f.Bounds)
	for n > 0 {
		half := n / 2
		if f.Bounds[low+half] <= x {
			low += half + 1
			n -= half + 1
		} else {
			n = half
		}
	}
	return low
}

// MaxBins is the largest number of value bins of one feature.
const MaxBins = 65534

// bytesBins is the largest number of value bins that fits a byte beside the bin of missing values.
const bytesBins = 255

// Cuts are the bins of every feature.
type Cuts struct {
	Features []Feature
	offsets  []int  // where each feature's bins start in a histogram; one more for the end
	wide     bool   // some bin number does not fit a byte
	even     bool   // every feature's bins start a window after the last one's
	single   []bool // of each feature: numeric, with one bin beside that of missing values
}

// evenFeatures is up to how many features a histogram spends a whole window on each.
const evenFeatures = 256

// NewCuts lays out features.
func NewCuts(features []Feature) *Cuts {
	c := &Cuts{Features: features, offsets: make([]int, len(features)+1), single: make([]bool, len(features))}
	for i := range features {
		c.wide = c.wide || features[i].Bins() > bytesBins
		c.single[i] = features[i].Categories == 0 && features[i].Bins() == 1
	}
	bins := 0
	for i := range features {
		bins += features[i].Bins() + 1
	}
	// Not where most of the windows would be empty: histograms are cleared, subtracted and kept in the cache whole.
	c.even = !c.wide && len(features) <= evenFeatures && 4*bins >= 3*window*len(features)
	for i := range features {
		c.offsets[i+1] = c.offsets[i] + features[i].Bins() + 1
		if c.even {
			c.offsets[i+1] = c.offsets[i] + window
		}
	}
	return c
}

// numericCuts makes the bounds of a feature from its distinct values, ascending, and their weights: at most bins bins of
// about equal weight. Values heavier than a bin's share get a bin of their own. Bounds lie midway between neighbours.
func numericCuts(values []float32, weights []float64, bins int) []float32 {
	if len(values) <= bins {
		var bounds []float32
		for i := 1; i < len(values); i++ {
			bounds = append(bounds, midway(values[i-1], values[i]))
		}
		return bounds
	}
	total := 0.0
	for _, w := range weights {
		total += w
	}
	share, rest, free := total/float64(bins), total, bins
	for _, w := range weights {
		if w >= share {
			rest -= w
			free--
		}
	}
	heavy := share
	share = rest / float64(max(1, free))
	var bounds []float32
	sum := 0.0
	for i := 0; i < len(values)-1 && len(bounds) < bins-1; i++ {
		w := weights[i]
		sum += w
		if w < heavy {
			rest -= w
		}
		if w >= heavy || sum >= share || weights[i+1] >= heavy && sum >= share/2 {
			bounds = append(bounds, midway(values[i], values[i+1]))
			sum = 0
			if w < heavy {
				free--
				share = rest / float64(max(1, free))
			}
		}
	}
	return bounds
}

// midway returns a value above a, at most b.
func midway(a, b float32) float32 {
	if m := float32((float64(a) + float64(b)) / 2); m > a {
		return m
	}
	return b
}
