package forest

import "github.com/batchmill/batchmill/algorithms/xgboost/internal/lanes"

// part is some successive trees that share codes, or some that walk.
type part struct {
	from, to int       // numbers of the trees
	keys     []laneKey // of codes; none where trees walk
	trees    []laneTree
	needs    lanes.Needs
}

type laneKey struct {
	source
	cuts *lanes.Cuts
}

type laneTree struct {
	program *lanes.Program
	values  lanes.Values
	group   int
}

type split = lanes.Split[source, float32]

func newParts(trees []Tree) []part {
	var parts []part
	leaves := make([][]int32, len(trees)) // nodes by number of leaf
	for _, p := range lanes.Partition(len(trees), func(i int) (splits []split) {
		splits, leaves[i] = trees[i].splits()
		return splits
	}) {
		made := part{from: p.From, to: p.To, needs: p.Needs}
		for _, s := range p.Keys {
			set := s.kind == code
			made.keys = append(made.keys, laneKey{s, lanes.NewCuts(p.Bounds[s], set, set || s.kind == missingRight)})
		}
		for i, program := range p.Programs {
			t := &trees[p.From+i]
			values := make([]float32, len(program.Order))
			for place, leaf := range program.Order {
				values[place] = t.Nodes[leaves[p.From+i][leaf]].Value * t.Scale
			}
			made.trees = append(made.trees, laneTree{program, lanes.NewValues(values), t.Group})
		}
		parts = append(parts, made)
	}
	return parts
}

// splits returns a tree's inner nodes in the form that package lanes takes, and the leaves they refer to.
func (t *Tree) splits() (splits []split, leaves []int32) {
	numbers := make([]int32, len(t.Nodes))
	inner := int32(0)
	for i := range t.Nodes {
		if t.Nodes[i].IsLeaf() {
			numbers[i] = ^int32(len(leaves))
			leaves = append(leaves, int32(i))
		} else {
			numbers[i] = inner
			inner++
		}
	}
	for i := range t.Nodes {
		n := &t.Nodes[i]
		if n.IsLeaf() {
			continue
		}
		s := split{Key: n.source(), Bounds: []float32{n.Value}, Left: numbers[n.Left], Right: numbers[n.Right]}
		if n.Categorical {
			s.Bounds, s.Set, s.MissingRight = n.runs(), true, !n.DefaultLeft
		}
		splits = append(splits, s)
	}
	return splits, leaves
}

// runs returns where the categories that go right begin and end. Values between two whole numbers belong to the lower one.
func (n *Node) runs() []float32 {
	var bounds []float32
	for _, c := range n.Categories {
		if c >= MaxCategory {
			break // such values are no categories
		}
		if k := len(bounds); k > 0 && bounds[k-1] == float32(c) {
			bounds = bounds[:k-1]
		} else {
			bounds = append(bounds, float32(c))
		}
		bounds = append(bounds, float32(c+1))
	}
	return bounds
}

// add adds the part's leaf values of some rows to the sums.
func (p *part) add(w *walker, b *buffer, columns [][]float32, s lanes.Span) {
	blocks := 0
	for i, rows := range s.Blocks() {
		blocks++
		if p.trees == nil {
			w.addTrees(p.from, p.to, columns, rows, b.sums[i])
			continue
		}
		for at, k := range p.keys {
			b.batch.Encode(i, at, k.cuts, columns[k.feature][rows.From:rows.To])
		}
	}
	for t := range p.trees {
		t := &p.trees[t]
		for i := range blocks {
			b.batch.Add(t.values, b.batch.Run(i, t.program), &b.sums[i][t.group])
		}
	}
}
