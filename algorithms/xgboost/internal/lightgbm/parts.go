package lightgbm

import (
	"math"

	"github.com/batchmill/batchmill/algorithms/xgboost/internal/lanes"
)

// part is some successive trees that share codes, or some that walk.
type part struct {
	from, to int       // numbers of the trees
	keys     []encoder // none where trees walk
	trees    []laneTree
	needs    lanes.Needs
}

type laneTree struct {
	program *lanes.Program
	values  *[256]float64 // by lanes.Index
}

// key is a feature, read as one kind of split does.
type key struct {
	feature     int32
	kind        Kind
	missingLeft bool
}

type split = lanes.Split[key, float64]

func newParts(m *Model) []part {
	var parts []part
	for _, p := range lanes.Partition(len(m.Trees), func(i int) []split { return m.Trees[i].splits() }) {
		made := part{from: p.From, to: p.To, needs: p.Needs}
		for _, k := range p.Keys {
			made.keys = append(made.keys, newEncoder(k, p.Bounds[k]))
		}
		for i, program := range p.Programs {
			t := laneTree{program, new([256]float64)}
			for place, leaf := range program.Order {
				t.values[lanes.Index(place)] = m.Trees[p.From+i].Leaves[leaf]
			}
			made.trees = append(made.trees, t)
		}
		parts = append(parts, made)
	}
	return parts
}

// splits returns the nodes in the form that package lanes takes. A bound belongs to the values below it, as LightGBM's
// thresholds do.
func (t *Tree) splits() []split {
	splits := make([]split, len(t.Nodes))
	for i := range t.Nodes {
		n := &t.Nodes[i]
		s := &splits[i]
		s.Key = key{n.Feature, n.Kind, n.DefaultLeft && n.Kind != MissingNone && n.Kind != Categories}
		s.Left, s.Right = n.Left, n.Right
		if n.Kind == Categories { // those in the set are between bounds, so on the right here; missing ones are not
			s.Left, s.Right, s.Set, s.Bounds = n.Right, n.Left, true, n.runs()
		} else {
			s.Bounds = []float64{n.Threshold}
		}
	}
	return splits
}

// runs returns the bounds of the runs of categories in a set: see contains.
func (n *Node) runs() []float64 {
	var bounds []float64
	inside := false
	for c := range uint32(32*len(n.Set) + 1) {
		in := int(c/32) < len(n.Set) && n.Set[c/32]>>(c%32)&1 == 1
		if in == inside {
			continue
		}
		bound := math.Nextafter(float64(c), -1)
		if c == 0 {
			bound = -1
		}
		bounds, inside = append(bounds, bound), in
	}
	return bounds
}
