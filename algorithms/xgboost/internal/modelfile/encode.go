package modelfile

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/batchmill/batchmill/algorithms/xgboost/internal/forest"
)

// WriteJSON encodes a model as XGBoost JSON that XGBoost 1.7 to 3.x load. Members are in byte order, as XGBoost has them, and
// the bytes depend on the model alone.
func (m *Model) WriteJSON() []byte { return m.write(&writer{form: &jsonForm{}}) }

// WriteUBJSON is WriteJSON in the binary form, a third of the size.
func (m *Model) WriteUBJSON() []byte { return m.write(&writer{form: &ubjsonForm{}}) }

func (m *Model) write(w *writer) []byte {
	w.open('{')
	w.key("learner")
	w.learner(m)
	w.key("version")
	w.list(3, func(i int) { w.number(m.Version[i]) })
	w.close('}')
	return w.bytes()
}

func (w *writer) learner(m *Model) {
	w.open('{')
	w.key("attributes")
	w.texts(m.Attributes)
	w.key("feature_names")
	w.list(len(m.FeatureNames), func(i int) { w.text(m.FeatureNames[i]) })
	w.key("feature_types")
	w.list(len(m.FeatureTypes), func(i int) { w.text(m.FeatureTypes[i]) })
	w.key("gradient_booster")
	w.booster(m)
	w.key("learner_model_param")
	w.texts(map[string]string{
		"base_score": m.baseScore(), "boost_from_average": "1", "num_class": strconv.Itoa(m.NumClass),
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

// baseScore is one number as XGBoost 1.x to 3.x read it, or the list that 3.1 and later have for several outputs.
func (m *Model) baseScore() string {
	if len(m.BaseScore) == 1 {
		return scientific(m.BaseScore[0])
	}
	var out []string
	for _, b := range m.BaseScore {
		out = append(out, scientific(b))
	}
	return "[" + strings.Join(out, ",") + "]"
}

func (w *writer) booster(m *Model) {
	w.open('{')
	switch m.Booster {
	case "gblinear":
		w.key("model")
		w.open('{')
		w.key("boosted_rounds")
		w.number(m.LinearRounds)
		w.key("weights")
		w.floats(m.Linear)
		w.close('}')
	case "dart":
		w.key("gbtree")
		w.open('{')
		w.key("model")
		w.trees(m)
		w.key("name")
		w.text("gbtree")
		w.close('}')
	default:
		w.key("model")
		w.trees(m)
	}
	w.key("name")
	w.text(cmp.Or(m.Booster, "gbtree"))
	if m.Booster == "dart" {
		w.key("weight_drop")
		w.list(len(m.Trees), func(i int) { w.float(m.Trees[i].Scale) })
	}
	w.close('}')
}

func (w *writer) trees(m *Model) {
	perRound := m.Groups() * max(1, m.ParallelTrees)
	w.open('{')
	if len(m.Categories) > 0 {
		w.key("cats")
		w.vocabulary(m.Categories)
	}
	w.key("gbtree_model_param")
	w.texts(map[string]string{"num_parallel_tree": strconv.Itoa(max(1, m.ParallelTrees)), "num_trees": strconv.Itoa(len(m.Trees)), "size_leaf_vector": "0"})
	w.key("iteration_indptr")
	w.list(len(m.Trees)/perRound+1, func(i int) { w.number(i * perRound) })
	w.key("tree_info")
	w.list(len(m.Trees), func(i int) { w.number(m.Trees[i].Group) })
	w.key("trees")
	w.list(len(m.Trees), func(i int) { w.tree(&m.Trees[i], i, m.NumFeature) })
	w.close('}')
}

func (w *writer) tree(t *forest.Tree, id, features int) {
	n := t.Nodes
	w.open('{')
	w.key("base_weights")
	w.nodeFloats(n, func(n *forest.Node) float32 { return n.Weight })
	w.categories(n)
	w.key("default_left")
	w.nodeInts('U', n, func(n *forest.Node) int { return one(n.DefaultLeft) })
	w.key("id")
	w.number(id)
	w.key("left_children")
	w.nodeInts('l', n, func(n *forest.Node) int { return int(n.Left) })
	w.key("loss_changes")
	w.nodeFloats(n, func(n *forest.Node) float32 { return n.Gain })
	w.key("parents")
	w.ints('l', parents(n))
	w.key("right_children")
	w.nodeInts('l', n, func(n *forest.Node) int { return int(n.Right) })
	w.key("split_conditions")
	w.nodeFloats(n, func(n *forest.Node) float32 { return n.Value })
	w.key("split_indices")
	w.nodeInts('l', n, func(n *forest.Node) int { return int(n.Feature) })
	w.key("split_type")
	w.nodeInts('U', n, func(n *forest.Node) int { return one(n.Categorical) })
	w.key("sum_hessian")
	w.nodeFloats(n, func(n *forest.Node) float32 { return n.Hessian })
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
		kind   byte
		values []int
	}{{"categories", 'l', all}, {"categories_nodes", 'l', which}, {"categories_segments", 'L', segments}, {"categories_sizes", 'L', sizes}} {
		w.key(member.name)
		w.ints(member.kind, member.values)
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
