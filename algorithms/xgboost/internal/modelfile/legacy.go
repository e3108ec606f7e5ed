package modelfile

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"strconv"

	"github.com/batchmill/batchmill/algorithms/xgboost/internal/forest"
)

// The old binary form is a dump of C++ structs, little-endian, that XGBoost wrote until 2.x. Sizes in bytes:
const (
	learnerParamSize = 136 // base_score, num_feature, num_class, contain_extra_attrs, contain_eval_metrics, version, reserved
	forestParamSize  = 160
	treeParamSize    = 148
	nodeSize         = 20 // parent, left, right, feature with default direction, value
	nodeStatSize     = 16
	linearParamSize  = 136
)

// Prefixes of the old binary form.
var (
	binaryPrefix     = []byte("binf")
	serialisedPrefix = []byte("CONFIG-offset:") // a Booster with its configuration, as Python pickles it
)

// isLegacy tells the old binary form by its prefix, or by the objective's name behind the learner's parameters.
func isLegacy(data []byte) bool {
	if bytes.HasPrefix(data, binaryPrefix) || bytes.HasPrefix(data, serialisedPrefix) {
		return true
	}
	if len(data) < learnerParamSize+12 {
		return false
	}
	n := binary.LittleEndian.Uint64(data[learnerParamSize:])
	name := data[learnerParamSize+8:]
	if n > math.MaxUint32 { // older than 0.4: a gap before the length
		n >>= 32
		name = name[4:]
	}
	if n < 3 || n > 64 || n > uint64(len(name)) {
		return false
	}
	for _, c := range name[:n] {
		if c != ':' && c != '_' && c != '-' && (c < 'a' || c > 'z') && (c < '0' || c > '9') {
			return false
		}
	}
	return true
}

// readLegacy reads the old binary form, with or without the configuration that a serialised Booster has behind it.
func readLegacy(data []byte) (*Model, error) {
	if rest, ok := bytes.CutPrefix(data, serialisedPrefix); ok {
		if len(rest) < 8 {
			return nil, &Error{Reason: "ends too early"}
		}
		size := binary.LittleEndian.Uint64(rest)
		if rest = rest[8:]; size > uint64(len(rest)) {
			return nil, &Error{Reason: fmt.Sprintf("a model of %d bytes in a file of %d", size, len(data))}
		}
		data = rest[:size]
		if len(data) > 0 && data[0] == '{' {
			return readDocument(data)
		}
	}
	r := &legacyReader{data: bytes.TrimPrefix(data, binaryPrefix)}
	m := r.model()
	if r.fault != nil {
		return nil, r.fault
	}
	return m, m.validate()
}

// legacyReader takes values off the front of data; after a fault it yields zeros.
type legacyReader struct {
	data  []byte
	fault error
}

func (r *legacyReader) fail(format string, args ...any) {
	if r.fault == nil {
		r.fault = &Error{Where: "old binary form", Reason: fmt.Sprintf(format, args...)}
	}
}

// struc takes size bytes and returns them as 32-bit words.
func (r *legacyReader) struc(size int, what string) words {
	if r.fault == nil && len(r.data) < size {
		r.fail("ends within %s", what)
	}
	if r.fault != nil {
		return make(words, size)
	}
	w := words(r.data[:size])
	r.data = r.data[size:]
	return w
}

type words []byte

func (w words) int(i int) int       { return int(int32(w.bits(i))) }
func (w words) bits(i int) uint32   { return binary.LittleEndian.Uint32(w[4*i:]) }
func (w words) float(i int) float32 { return math.Float32frombits(w.bits(i)) }

// count takes a 64-bit length of things of the given size, which the rest of the file must hold.
func (r *legacyReader) count(size int, what string) int {
	n := binary.LittleEndian.Uint64(r.struc(8, what))
	if r.fault == nil && n > uint64(len(r.data)/size) {
		r.fail("%d %s in %d bytes", n, what, len(r.data))
	}
	if r.fault != nil {
		return 0
	}
	return int(n)
}

func (r *legacyReader) text(what string) string {
	return string(r.struc(r.count(1, what), what))
}

func (r *legacyReader) floats(what string) []float32 {
	n := r.count(4, what)
	w := r.struc(4*n, what)
	out := make([]float32, n)
	for i := range out {
		out[i] = w.float(i)
	}
	return out
}

func (r *legacyReader) model() *Model {
	p := r.struc(learnerParamSize, "the learner's parameters")
	m := &Model{
		Version:       [3]int{p.int(5), p.int(6)},
		NumClass:      p.int(2),
		NumFeature:    p.int(1),
		ObjectiveArgs: map[string]map[string]string{},
		Attributes:    map[string]string{},
		ParallelTrees: 1,
		Legacy:        true,
	}
	if r.fault == nil && len(r.data) >= 8 && binary.LittleEndian.Uint64(r.data) > math.MaxUint32 {
		r.fail("written by an XGBoost before 0.4, whose trees later ones do not read either")
	}
	m.Objective = r.text("objective")
	m.Booster = r.text("booster")
	if m.NumClass < 0 || m.NumClass > maxOutputs || m.NumFeature < 0 {
		r.fail("%d classes, %d features", m.NumClass, m.NumFeature)
		return m
	}
	if targets := p.int(7); m.Version[0] >= 1 && targets > 1 {
		r.fail("models with several targets are not supported")
	}
	switch m.Booster {
	case "gbtree", "dart":
		r.forest(m, p.int(3) != 0)
	case "gblinear":
		r.linear(m)
	default:
		r.fail("booster %q is not known", m.Booster)
	}
	if p.int(3) != 0 && len(r.data) > 0 {
		r.attributes(m)
	}
	r.finish(m, p.float(0))
	return m
}

// finish fills in what depends on the objective: before 1.0, base_score was stored as a margin.
func (r *legacyReader) finish(m *Model, base float32) {
	if base != base || math.IsInf(float64(base), 0) {
		r.fail("base_score %v", base)
	}
	score := float64(base)
	if m.Version[0] < 1 {
		score = predictionOf(m.Objective, score)
	} else {
		score = shortest(base)
	}
	m.BaseScore = []float64{score}
	if len(m.ObjectiveArgs) > 0 {
		return
	}
	switch m.Objective {
	case "multi:softmax", "multi:softprob":
		m.ObjectiveArgs["softmax_multiclass_param"] = map[string]string{"num_class": strconv.Itoa(m.NumClass)}
	case "reg:linear", "reg:squarederror", "reg:logistic", "binary:logistic", "binary:logitraw":
		m.ObjectiveArgs["reg_loss_param"] = map[string]string{"scale_pos_weight": "1"}
	}
}

// shortest is the number a user would have typed for a float32.
func shortest(v float32) float64 {
	f, _ := strconv.ParseFloat(strconv.FormatFloat(float64(v), 'g', -1, 32), 64)
	return f
}

// predictionOf turns a margin into the scale of an objective's predictions, in which base scores are given.
func predictionOf(objective string, margin float64) float64 {
	switch objective {
	case "reg:logistic", "binary:logistic":
		return 1 / (1 + math.Exp(-margin))
	case "count:poisson", "reg:gamma", "reg:tweedie", "survival:cox", "survival:aft":
		return math.Exp(margin)
	}
	return margin
}

func (r *legacyReader) forest(m *Model, marked bool) {
	p := r.struc(forestParamSize, "the forest's parameters")
	trees := p.int(0)
	if r.fault == nil && (trees < 0 || trees > len(r.data)/treeParamSize) {
		r.fail("%d trees in %d bytes", trees, len(r.data))
	}
	if n := p.int(1); m.Version[0] >= 1 && n > 0 {
		m.ParallelTrees = n // 1 root per tree in files from before 1.0
	}
	for i := 0; i < trees && r.fault == nil; i++ {
		m.Trees = append(m.Trees, r.tree(i))
	}
	if trees == 0 || r.fault != nil {
		return
	}
	groups := r.struc(4*trees, "tree_info")
	for i := range m.Trees {
		m.Trees[i].Group = groups.int(i)
	}
	if m.Booster == "dart" {
		weights := r.floats("weights of trees")
		if r.fault == nil && len(weights) != trees {
			r.fail("%d weights for %d trees", len(weights), trees)
			return
		}
		for i, w := range weights {
			m.Trees[i].Scale = w
		}
		return
	}
	r.skipBuffer(p, marked)
}

// skipBuffer leaves out the cached predictions that XGBoost 0.4 could store, in the place where later ones have attributes.
func (r *legacyReader) skipBuffer(p words, marked bool) {
	rows, outputs, leaf := uint64(p.bits(4))|uint64(p.bits(5))<<32, uint64(p.bits(6)), uint64(p.bits(7))
	if !marked || rows == 0 || rows > 1<<32 || outputs > maxOutputs || leaf > maxOutputs {
		return
	}
	if size := 8 * rows * outputs * (leaf + 1); size == uint64(len(r.data)) {
		r.data = nil
	}
}

func (r *legacyReader) tree(id int) forest.Tree {
	what := fmt.Sprintf("tree %d", id)
	p := r.struc(treeParamSize, what)
	roots, n := p.int(0), p.int(1)
	if r.fault == nil && (n < 1 || n > len(r.data)/(nodeSize+nodeStatSize)) {
		r.fail("%s: %d nodes in %d bytes", what, n, len(r.data))
	}
	if r.fault == nil && roots > 1 {
		r.fail("%s has %d roots", what, roots)
	}
	if r.fault != nil {
		return forest.Tree{}
	}
	nodes, stats := r.struc(n*nodeSize, what), r.struc(n*nodeStatSize, what)
	if p.int(5) != 0 {
		if len(r.floats("leaf vectors")) > 0 {
			r.fail("%s: trees with vectors in their leaves are not supported", what)
		}
	}
	t := forest.Tree{Nodes: make([]forest.Node, n), Scale: 1}
	for i := range t.Nodes {
		node, stat := nodes[i*nodeSize:], stats[i*nodeStatSize:]
		feature := node.bits(3)
		t.Nodes[i] = forest.Node{
			Left: int32(node.int(1)), Right: int32(node.int(2)),
			Feature: int32(feature & math.MaxInt32), DefaultLeft: feature>>31 == 1,
			Value: node.float(4), Gain: stat.float(0), Hessian: stat.float(1), Weight: stat.float(2),
		}
		if deleted := feature == math.MaxUint32; deleted {
			t.Nodes[i] = forest.Node{Left: -1, Right: -1}
		} else if t.Nodes[i].IsLeaf() != (t.Nodes[i].Right < 0) {
			// A leaf's right child is nothing: old files have anything there.
			if t.Nodes[i].Left == -1 {
				t.Nodes[i].Right = -1
			} else {
				r.fail("%s: node %d has one child", what, i)
			}
		}
		if v := t.Nodes[i].Value; v != v {
			r.fail("%s: node %d: NaN as its value", what, i)
		}
	}
	return t
}

func (r *legacyReader) linear(m *Model) {
	p := r.struc(linearParamSize, "the linear booster's parameters")
	if n := p.int(0); n > 0 {
		m.NumFeature = n
	}
	m.Linear = r.floats("weights")
	for _, w := range m.Linear {
		if w != w {
			r.fail("NaN among the weights")
		}
	}
}

// attributes reads pairs of texts; the objective's own parameters are among them from 1.0 on.
func (r *legacyReader) attributes(m *Model) {
	n := r.count(16, "attributes")
	for i := 0; i < n && r.fault == nil; i++ {
		name := r.text("attributes")
		m.Attributes[name] = r.text("attributes")
	}
	if document, err := parseJSON([]byte(m.Attributes["objective"])); err == nil {
		c := newCursor(document)
		for name, v := range c.members() {
			if _, ok := v.(*object); ok {
				m.ObjectiveArgs[name] = texts(c.member(name))
			}
		}
	}
	for _, own := range []string{"objective", "metrics", "count_poisson_max_delta_step"} {
		delete(m.Attributes, own)
	}
}
