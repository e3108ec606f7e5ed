package lightgbm

import (
	"bytes"
	"encoding/json"
	"math"
	"strconv"
	"strings"
)

// jsonModel is what LightGBM's dump_model writes.
type jsonModel struct {
	Version    string          `json:"version"`
	NumClass   int             `json:"num_class"`
	PerRound   *int            `json:"num_tree_per_iteration"`
	MaxFeature *int            `json:"max_feature_idx"`
	Objective  string          `json:"objective"`
	Average    bool            `json:"average_output"`
	Names      []string        `json:"feature_names"`
	Infos      json.RawMessage `json:"feature_infos"`
	Pandas     json.RawMessage `json:"pandas_categorical"`
	Trees      []jsonTree      `json:"tree_info"`
}

type jsonTree struct {
	Structure *jsonNode `json:"tree_structure"`
}

type jsonNode struct {
	Feature      *int            `json:"split_feature"`
	Gain         float64         `json:"split_gain"`
	Threshold    json.RawMessage `json:"threshold"`
	DecisionType string          `json:"decision_type"`
	DefaultLeft  bool            `json:"default_left"`
	MissingType  string          `json:"missing_type"`
	Count        float64         `json:"internal_count"`
	Left         *jsonNode       `json:"left_child"`
	Right        *jsonNode       `json:"right_child"`

	LeafIndex *int            `json:"leaf_index"`
	LeafValue *float64        `json:"leaf_value"`
	LeafCount float64         `json:"leaf_count"`
	LeafConst json.RawMessage `json:"leaf_const"`
}

// ReadJSON reads a model as LightGBM's dump_model writes it. The error is an *Error.
func ReadJSON(data []byte) (*Model, error) {
	var j jsonModel
	if err := json.Unmarshal(data, &j); err != nil {
		return nil, faultf("", "JSON: %v", err)
	}
	m := &Model{Version: j.Version, Average: j.Average, Outputs: max(1, j.NumClass)}
	if j.PerRound != nil {
		m.Outputs = *j.PerRound
	}
	var err error
	if m.Objective, err = parseObjective(j.Objective); err != nil {
		return nil, err
	}
	features := len(j.Names)
	if j.MaxFeature != nil && *j.MaxFeature >= 0 && *j.MaxFeature <= max(len(data), 1<<12) {
		features = *j.MaxFeature + 1
	} else if j.MaxFeature != nil {
		return nil, faultf("max_feature_idx", "%d is too many", *j.MaxFeature)
	}
	if err := m.setFeatures(features, j.Names); err != nil {
		return nil, err
	}
	m.jsonInfos(j.Infos)
	for i, t := range j.Trees {
		tree, err := flatten(t.Structure)
		if err != nil {
			return nil, faultf("tree_info["+strconv.Itoa(i)+"]", "%s", err)
		}
		m.Trees = append(m.Trees, tree)
	}
	if len(j.Pandas) > 0 {
		if err := m.setPandas(j.Pandas); err != nil {
			return nil, err
		}
	}
	return m, m.finish()
}

// jsonInfos reads which features are categorical: those with values.
func (m *Model) jsonInfos(raw json.RawMessage) {
	var infos map[string]struct {
		Values []float64 `json:"values"`
	}
	if len(raw) == 0 || json.Unmarshal(raw, &infos) != nil {
		return // only needed for pandas, and checked there
	}
	m.categorical = make([]bool, len(m.Features))
	for i, name := range m.Features {
		m.categorical[i] = len(infos[name].Values) > 0
	}
}

// flatten numbers the nodes of a tree in order of their first visit.
func flatten(root *jsonNode) (Tree, error) {
	b := &flattener{}
	b.add(root)
	if b.fault.fault != "" {
		return Tree{}, b.fault
	}
	n := len(b.leaves)
	number := b.numbers()
	for i := range b.nodes {
		for _, child := range []*int32{&b.nodes[i].Left, &b.nodes[i].Right} {
			if *child < 0 {
				*child = ^number[^*child]
			}
		}
	}
	t := Tree{Nodes: b.nodes, Leaves: make([]float64, n), Counts: make([]float64, n)}
	for i, leaf := range b.leaves {
		t.Leaves[number[i]], t.Counts[number[i]] = *leaf.LeafValue, leaf.LeafCount
	}
	return t, nil
}

// numbers are the leaves' numbers in the file, or, in one that was cut down by hand, in order of their first visit.
func (b *flattener) numbers() []int32 {
	n := len(b.leaves)
	number, seen := make([]int32, n), make([]bool, n)
	for i, leaf := range b.leaves {
		if leaf.LeafIndex == nil || *leaf.LeafIndex < 0 || *leaf.LeafIndex >= n || seen[*leaf.LeafIndex] {
			for i := range number {
				number[i] = int32(i)
			}
			return number
		}
		number[i] = int32(*leaf.LeafIndex)
		seen[number[i]] = true
	}
	return number
}

type flattener struct {
	nodes  []Node
	leaves []*jsonNode
	words  int // of sets of categories
	fault  fields
}

// maxSetWords bounds the sets of one tree: in JSON a few digits can ask for a large one.
const maxSetWords = 1 << 20

// add returns the number of a node. The JSON reader bounds how deeply nodes nest.
func (b *flattener) add(n *jsonNode) int32 {
	switch {
	case b.fault.fault != "":
		return 0
	case n == nil:
		b.fault.fail("a child is missing")
		return 0
	case n.LeafConst != nil:
		b.fault.fail("linear trees (linear_tree) are not supported")
		return 0
	case n.LeafValue != nil:
		b.leaves = append(b.leaves, n)
		return ^int32(len(b.leaves) - 1)
	case n.Feature == nil:
		b.fault.fail("a node is neither split nor leaf")
		return 0
	}
	at := int32(len(b.nodes))
	b.nodes = append(b.nodes, Node{Feature: whole(float64(*n.Feature)), DefaultLeft: n.DefaultLeft, Gain: n.Gain, Count: n.Count})
	b.decide(n, &b.nodes[at])
	left := b.add(n.Left)
	right := b.add(n.Right)
	b.nodes[at].Left, b.nodes[at].Right = left, right
	return at
}

// decide reads a split's condition: "<=" with a number, "==" with categories as "1||4||7".
func (b *flattener) decide(n *jsonNode, out *Node) {
	switch n.MissingType {
	case "None", "":
		out.Kind = MissingNone
	case "Zero":
		out.Kind = MissingZero
	case "NaN":
		out.Kind = MissingNaN
	default:
		b.fault.fail("missing_type %q is not known", n.MissingType)
	}
	text := string(bytes.Trim(n.Threshold, `"`))
	switch n.DecisionType {
	case "<=", "no_greater":
		v, err := strconv.ParseFloat(text, 64)
		if err != nil && !math.IsInf(v, 0) {
			b.fault.fail("threshold %.40q is no number", text)
		}
		out.Threshold = v
	case "==", "is":
		out.Kind = Categories
		for _, word := range strings.Split(text, "||") {
			if word == "" {
				continue
			}
			c, err := strconv.ParseUint(word, 10, 32)
			// LightGBM's codes are int32, but its sets are bits: a large code in a short file is none it wrote.
			if err != nil || c > 1<<24 {
				b.fault.fail("category %.40q is none", word)
				return
			}
			if b.words += max(0, int(c/32)+1-len(out.Set)); b.words > maxSetWords {
				b.fault.fail("the sets of categories are too large")
				return
			}
			for uint64(len(out.Set)) <= c/32 {
				out.Set = append(out.Set, 0)
			}
			out.Set[c/32] |= 1 << (c % 32)
		}
	default:
		b.fault.fail("decision_type %q is not known", n.DecisionType)
	}
}
