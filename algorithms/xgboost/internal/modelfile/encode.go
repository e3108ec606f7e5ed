package modelfile

import (
	"bytes"
	"encoding/json"
	"math"
	"slices"
	"strconv"

	"github.com/batchmill/batchmill/algorithms/xgboost/internal/forest"
)

// WriteJSON encodes a tree model as XGBoost JSON that XGBoost 1.7 to 3.x load. Members are in byte order, as XGBoost has
// them, and the bytes depend on the model alone.
func (m *Model) WriteJSON() []byte {
	w := &writer{}
	w.open('{')
	w.key("learner")
	w.learner(m)
	w.key("version")
	w.ints(m.Version[:])
	w.close('}')
	return w.buf
}

func (w *writer) learner(m *Model) {
	w.open('{')
	w.key("attributes")
	w.texts(m.Attributes)
	w.key("feature_names")
	w.list(m.FeatureNames)
	w.key("feature_types")
	w.list(m.FeatureTypes)
	w.key("gradient_booster")
	w.open('{')
	w.key("model")
	w.trees(m)
	w.key("name")
	w.text("gbtree")
	w.close('}')
	w.key("learner_model_param")
	w.texts(map[string]string{
		"base_score": scientific(m.BaseScore[0]), "boost_from_average": "1", "num_class": strconv.Itoa(m.NumClass),
		"num_feature": strconv.Itoa(m.NumFeature), "num_target": strconv.Itoa(max(1, m.Targets)),
	})
	w.key("objective")
	w.open('{')
	w.key("name")
	w.text(m.Objective)
	for _, name := range keys(m.ObjectiveArgs) {
		w.key(name)
		w.texts(m.ObjectiveArgs[name])
	}
	w.close('}')
	w.close('}')
}

func (w *writer) trees(m *Model) {
	perRound := m.Groups() * max(1, m.ParallelTrees)
	w.open('{')
	w.key("gbtree_model_param")
	w.texts(map[string]string{"num_parallel_tree": strconv.Itoa(max(1, m.ParallelTrees)), "num_trees": strconv.Itoa(len(m.Trees)), "size_leaf_vector": "0"})
	w.key("iteration_indptr")
	bounds := make([]int, 0, len(m.Trees)/perRound+1)
	for i := 0; i <= len(m.Trees); i += perRound {
		bounds = append(bounds, i)
	}
	w.ints(bounds)
	w.key("tree_info")
	groups := make([]int, len(m.Trees))
	for i := range m.Trees {
		groups[i] = m.Trees[i].Group
	}
	w.ints(groups)
	w.key("trees")
	w.open('[')
	for i := range m.Trees {
		w.tree(&m.Trees[i], i, m.NumFeature)
	}
	w.close(']')
	w.close('}')
}

func (w *writer) tree(t *forest.Tree, id, features int) {
	n := t.Nodes
	w.open('{')
	w.key("base_weights")
	w.floats(n, func(n *forest.Node) float32 { return n.Weight })
	w.categories(n)
	w.key("default_left")
	w.nodeInts(n, func(n *forest.Node) int { return one(n.DefaultLeft) })
	w.key("id")
	w.number(id)
	w.key("left_children")
	w.nodeInts(n, func(n *forest.Node) int { return int(n.Left) })
	w.key("loss_changes")
	w.floats(n, func(n *forest.Node) float32 { return n.Gain })
	w.key("parents")
	w.ints(parents(n))
	w.key("right_children")
	w.nodeInts(n, func(n *forest.Node) int { return int(n.Right) })
	w.key("split_conditions")
	w.floats(n, func(n *forest.Node) float32 { return n.Value })
	w.key("split_indices")
	w.nodeInts(n, func(n *forest.Node) int { return int(n.Feature) })
	w.key("split_type")
	w.nodeInts(n, func(n *forest.Node) int { return one(n.Categorical) })
	w.key("sum_hessian")
	w.floats(n, func(n *forest.Node) float32 { return n.Hessian })
	w.key("tree_param")
	w.texts(map[string]string{"num_deleted": "0", "num_feature": strconv.Itoa(features), "num_nodes": strconv.Itoa(len(n)), "size_leaf_vector": "1"})
	w.close('}')
}

func (w *writer) categories(nodes []forest.Node) {
	var all, which, segments, sizes []int
	for i := range nodes {
		if !nodes[i].Categorical {
			continue
		}
		which, segments, sizes = append(which, i), append(segments, len(all)), append(sizes, len(nodes[i].Categories))
		for _, c := range nodes[i].Categories {
			all = append(all, int(c))
		}
	}
	for _, member := range []struct {
		name   string
		values []int
	}{{"categories", all}, {"categories_nodes", which}, {"categories_segments", segments}, {"categories_sizes", sizes}} {
		w.key(member.name)
		w.ints(member.values)
	}
}

// noParent is what XGBoost writes for the root.
const noParent = math.MaxInt32

func parents(nodes []forest.Node) []int {
	out := make([]int, len(nodes))
	out[0] = noParent
	for i := range nodes {
		if !nodes[i].IsLeaf() {
			out[nodes[i].Left], out[nodes[i].Right] = i, i
		}
	}
	return out
}

func one(b bool) int {
	if b {
		return 1
	}
	return 0
}

func keys[V any](m map[string]V) []string {
	var out []string
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

// scientific writes a number the way XGBoost does: the shortest digits that read back the same, as 5E-1.
func scientific(v float64) string { return string(appendScientific(nil, v, 64)) }

func appendScientific(b []byte, v float64, bits int) []byte {
	start := len(b)
	b = strconv.AppendFloat(b, v, 'E', -1, bits)
	// Go writes at least two digits of exponent and a plus: 5E-01, 4.687E+03.
	e := start
	for b[e] != 'E' {
		e++
	}
	exponent := b[e+1:]
	negative := exponent[0] == '-'
	digits := exponent[1:]
	for len(digits) > 1 && digits[0] == '0' {
		digits = digits[1:]
	}
	out := b[:e+1]
	if negative {
		out = append(out, '-')
	}
	return append(out, digits...)
}

// writer builds JSON text.
type writer struct {
	buf   []byte
	comma bool
}

func (w *writer) item() {
	if w.comma {
		w.buf = append(w.buf, ',')
	}
	w.comma = true
}

func (w *writer) open(c byte)  { w.item(); w.buf = append(w.buf, c); w.comma = false }
func (w *writer) close(c byte) { w.buf = append(w.buf, c); w.comma = true }

func (w *writer) key(name string) {
	w.text(name)
	w.buf = append(w.buf, ':')
	w.comma = false
}

func (w *writer) text(s string) {
	w.item()
	// XGBoost's reader does not decode \u escapes, so only what must be escaped is.
	var quoted bytes.Buffer
	encoder := json.NewEncoder(&quoted)
	encoder.SetEscapeHTML(false)
	encoder.Encode(s) // a string never fails
	w.buf = append(w.buf, bytes.TrimSuffix(quoted.Bytes(), []byte("\n"))...)
}

func (w *writer) number(v int) {
	w.item()
	w.buf = strconv.AppendInt(w.buf, int64(v), 10)
}

func (w *writer) ints(values []int) {
	w.open('[')
	for _, v := range values {
		w.number(v)
	}
	w.close(']')
}

func (w *writer) nodeInts(nodes []forest.Node, of func(*forest.Node) int) {
	w.open('[')
	for i := range nodes {
		w.number(of(&nodes[i]))
	}
	w.close(']')
}

func (w *writer) floats(nodes []forest.Node, of func(*forest.Node) float32) {
	w.open('[')
	for i := range nodes {
		w.item()
		w.buf = appendScientific(w.buf, float64(of(&nodes[i])), 32)
	}
	w.close(']')
}

func (w *writer) list(values []string) {
	w.open('[')
	for _, v := range values {
		w.text(v)
	}
	w.close(']')
}

func (w *writer) texts(m map[string]string) {
	w.open('{')
	for _, k := range keys(m) {
		w.key(k)
		w.text(m[k])
	}
	w.close('}')
}
