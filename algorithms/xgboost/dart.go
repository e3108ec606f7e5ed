package xgboost

import (
	"math/rand/v2"
	"slices"

	"github.com/batchmill/batchmill/algorithms/xgboost/internal/hist"
)

// dart drops trees while the next ones are grown (Rashmi and Gilad-Bachrach, "DART: Dropouts meet Multiple Additive
// Regression Trees", 2015), by XGBoost's rules (src/gbm/gbtree.cc). A tree's weight is its Scale.
type dart struct {
	rate, skip               float64
	one, weighted, forestish bool
	eta                      float64
}

func (s *settings) dart() *dart {
	if s.values.Text("booster") != "dart" {
		return nil
	}
	return &dart{
		rate: s.values.Float("rate_drop"), skip: s.values.Float("skip_drop"), one: s.values.Bool("one_drop"),
		weighted: s.values.Text("sample_type") == "weighted", forestish: s.values.Text("normalize_type") == "forest",
		eta: s.values.Float("eta"),
	}
}

// seedDrop keeps the draw of dropped trees apart from other draws.
const seedDrop = -3

// drop draws the trees to leave out of a round, ascending.
func (d *dart) drop(scales []*float32, seed uint64) []int {
	random := rand.New(rand.NewPCG(seed, uint64(len(scales))))
	if d.skip > 0 && random.Float64() < d.skip || len(scales) == 0 {
		return nil
	}
	total := 0.0
	for _, s := range scales {
		total += float64(*s)
	}
	var dropped []int
	for i, s := range scales {
		chance := d.rate
		if d.weighted {
			chance *= float64(len(scales)) * float64(*s) / total
		}
		if random.Float64() < chance {
			dropped = append(dropped, i)
		}
	}
	if d.one && dropped == nil {
		dropped = []int{d.pick(scales, total, random)}
	}
	return dropped
}

// pick draws one tree, by weight if sample_type says so.
func (d *dart) pick(scales []*float32, total float64, random *rand.Rand) int {
	if !d.weighted {
		return random.IntN(len(scales))
	}
	goal := random.Float64() * total
	for i, s := range scales {
		if goal -= float64(*s); goal < 0 {
			return i
		}
	}
	return len(scales) - 1
}

// normalise weighs the dropped trees and the grown ones so that together they are worth what the dropped ones were.
func (d *dart) normalise(scales []*float32, dropped []int, grown int) {
	if len(dropped) == 0 {
		return
	}
	rate := d.eta / float64(grown)
	k := float64(len(dropped))
	factor, weight := k/(k+rate), 1/(k+rate)
	if d.forestish {
		factor, weight = 1/(1+rate), 1/(1+rate)
	}
	for _, i := range dropped {
		*scales[i] *= float32(factor)
	}
	for _, s := range scales[len(scales)-grown:] {
		*s = float32(weight)
	}
}

// scales are the weights of all trees, those of the model that training goes on from included.
func (t *training) scales() []*float32 {
	var all []*float32
	for i := range t.first {
		all = append(all, &t.first[i].Scale)
	}
	for _, tree := range t.trees {
		all = append(all, &tree.Scale)
	}
	return all
}

// addUp sets a channel's margins to what the trees, but for skipped ones, say. Trees are added in their order, as scoring
// does.
func (t *training) addUp(c *scored, skipped []int) { t.addTrees(c, t.trees, skipped) }

func (t *training) addTrees(c *scored, trees []*hist.Tree, skipped []int) {
	c.restart(t.base)
	first := 0
	if t.dart != nil {
		first = len(t.first)
		for i := range t.first {
			if _, skip := slices.BinarySearch(skipped, i); !skip {
				t.addUnbinned(c, &t.first[i])
			}
		}
	}
	for i, tree := range trees {
		i += first
		if _, skip := slices.BinarySearch(skipped, i); !skip {
			tree.AddTo(c.matrix, c.margins[tree.Group], t.pool)
		}
	}
}

// restart sets margins to what they are before the first tree.
func (c *scored) restart(base []float32) {
	for output, margins := range c.margins {
		for i := range margins {
			margins[i] = base[output]
			if c.start != nil {
				margins[i] = c.start[i*len(c.margins)+output]
			}
		}
	}
}
