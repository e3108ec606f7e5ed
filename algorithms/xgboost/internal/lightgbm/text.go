package lightgbm

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"
)

// ReadText reads a model as LightGBM's save_model writes it. The error is an *Error.
func ReadText(data []byte) (*Model, error) {
	r := &textReader{rest: string(data)}
	if first := strings.TrimPrefix(r.line(), "\ufeff"); first != "tree" {
		return nil, faultf("", "does not begin with the line %q", "tree")
	}
	m := &Model{}
	if err := r.head(m); err != nil {
		return nil, err
	}
	for strings.HasPrefix(r.peek(), "Tree=") {
		where := r.line()
		tree, err := r.tree()
		if err != nil {
			return nil, faultf(where, "%s", err)
		}
		m.Trees = append(m.Trees, tree)
	}
	if end := r.peek(); end != "end of trees" && end != "feature importances:" && end != "parameters:" && end != "" {
		return nil, faultf("", "%.40q where a tree should begin", end)
	}
	if err := r.tail(m); err != nil {
		return nil, err
	}
	return m, m.finish()
}

type textReader struct{ rest string }

// line takes the next line.
func (r *textReader) line() string {
	line, rest, _ := strings.Cut(r.rest, "\n")
	r.rest = rest
	return strings.TrimSpace(line)
}

// peek skips blank lines and returns the next without taking it.
func (r *textReader) peek() string {
	for r.rest != "" {
		line, rest, _ := strings.Cut(r.rest, "\n")
		if line = strings.TrimSpace(line); line != "" {
			return line
		}
		r.rest = rest
	}
	return ""
}

// members takes the lines name=value up to the next blank line or section.
func (r *textReader) members() map[string]string {
	out := map[string]string{}
	for r.rest != "" && !strings.HasPrefix(r.rest, "Tree=") {
		line := r.line()
		if line == "" {
			break
		}
		name, value, _ := strings.Cut(line, "=")
		out[name] = value
	}
	return out
}

func (r *textReader) head(m *Model) error {
	members := r.members()
	m.Version = members["version"]
	_, m.Average = members["average_output"]
	var err error
	if m.Objective, err = parseObjective(members["objective"]); err != nil {
		return err
	}
	last, err := strconv.Atoi(members["max_feature_idx"])
	if err != nil {
		return faultf("max_feature_idx", "%.40q is no number", members["max_feature_idx"])
	}
	names := splitNames(members["feature_names"])
	if n := len(names); n != 0 && n != last+1 {
		return faultf("feature_names", "%d names for %d features", n, last+1)
	}
	// One word per feature: without this, a short file could ask for much memory.
	if last > len(r.rest) && len(names) == 0 {
		return faultf("max_feature_idx", "%d is too many", last)
	}
	if err := m.setFeatures(last+1, names); err != nil {
		return err
	}
	for i, info := range strings.Fields(members["feature_infos"]) {
		if i < len(m.Features) {
			m.categorical = append(m.categorical, info != "none" && info[0] != '[')
		}
	}
	m.Outputs = 1
	for _, name := range []string{"num_class", "num_tree_per_iteration"} {
		if s, ok := members[name]; ok {
			if m.Outputs, err = strconv.Atoi(s); err != nil {
				return faultf(name, "%.40q is no number", s)
			}
		}
	}
	return nil
}

// tail reads what comes after the trees: importances, parameters and the categories of pandas.
func (r *textReader) tail(m *Model) error {
	for r.rest != "" {
		line := r.line()
		if list, ok := strings.CutPrefix(line, "[categorical_feature: "); ok {
			for _, s := range strings.Split(strings.TrimSuffix(list, "]"), ",") {
				if f, err := strconv.Atoi(s); err == nil && f >= 0 {
					m.categoricalBy = append(m.categoricalBy, f)
				}
			}
		}
		if list, ok := strings.CutPrefix(line, "pandas_categorical:"); ok {
			return m.setPandas([]byte(list))
		}
	}
	return nil
}

func (m *Model) setPandas(text []byte) error {
	var lists [][]any
	if len(text) == 0 {
		return nil
	}
	if err := json.Unmarshal(text, &lists); err != nil {
		return faultf("pandas_categorical", "not a list of lists")
	}
	for _, list := range lists {
		values := make([]Category, 0, len(list))
		for _, v := range list {
			switch v := v.(type) {
			case string:
				values = append(values, Category{Text: v, IsText: true})
			case float64:
				values = append(values, Category{Number: v})
			case bool:
				values = append(values, Category{Text: strconv.FormatBool(v), IsText: true})
			default:
				return faultf("pandas_categorical", "%v is neither text nor a number", v)
			}
		}
		m.pandas = append(m.pandas, values)
	}
	return nil
}

func (r *textReader) tree() (Tree, error) {
	f := fields{members: r.members()}
	leaves := f.count("num_leaves")
	if f.count("is_linear") != 0 {
		f.fail("linear trees (linear_tree) are not supported")
	}
	if f.fault != "" {
		return Tree{}, f
	}
	t := Tree{Leaves: f.floats("leaf_value", leaves), Counts: f.optional("leaf_count", leaves)}
	splits := leaves - 1
	if f.fault != "" || splits <= 0 {
		return t, f.err()
	}
	feature, types := f.floats("split_feature", splits), f.floats("decision_type", splits)
	threshold, gain := f.floats("threshold", splits), f.optional("split_gain", splits)
	left, right := f.floats("left_child", splits), f.floats("right_child", splits)
	counts := f.optional("internal_count", splits)
	var bounds, words []float64
	if n := f.count("num_cat"); n > 0 {
		bounds = f.floats("cat_boundaries", n+1)
		words = f.floats("cat_threshold", -1)
	}
	if f.fault != "" {
		return t, f
	}
	t.Nodes = make([]Node, splits)
	for i := range t.Nodes {
		n := Node{Left: whole(left[i]), Right: whole(right[i]), Feature: whole(feature[i]), Threshold: threshold[i]}
		if gain != nil {
			n.Gain = gain[i]
		}
		if counts != nil {
			n.Count = counts[i]
		}
		bits := whole(types[i])
		if bits < 0 || bits > 15 || bits>>2 == 3 {
			f.fail("decision_type %g is not known", types[i])
			return t, f
		}
		n.Kind, n.DefaultLeft = Kind(bits>>2), bits&2 != 0
		if bits&1 != 0 {
			n.Kind, n.Threshold = Categories, 0
			n.Set = f.set(threshold[i], bounds, words)
		}
		t.Nodes[i] = n
	}
	return t, f.err()
}

// fields are the lines of a tree; it is an error once one of them is bad.
type fields struct {
	members map[string]string
	fault   string
	used    int
}

func (f fields) Error() string { return f.fault }

func (f fields) err() error {
	if f.fault == "" {
		return nil
	}
	return f
}

func (f *fields) fail(format string, args ...any) {
	if f.fault == "" {
		f.fault = faultf("", format, args...).(*Error).Reason
	}
}

func (f *fields) count(name string) int {
	s, ok := f.members[name]
	n, err := strconv.Atoi(s)
	if !ok && name != "num_leaves" {
		return 0
	}
	if err != nil || n < 0 || name == "num_leaves" && n < 1 {
		f.fail("%s is %.40q", name, s)
	}
	return n
}

// floats returns the numbers of a line, which must be n, or any number where n is negative.
func (f *fields) floats(name string, n int) []float64 {
	words := strings.Fields(f.members[name])
	if n >= 0 && len(words) != n {
		f.fail("%s has %d values, not %d", name, len(words), n)
		return nil
	}
	out := make([]float64, len(words))
	for i, w := range words {
		v, err := strconv.ParseFloat(w, 64)
		if err != nil && !math.IsInf(v, 0) {
			f.fail("%s: %.40q is no number", name, w)
			return nil
		}
		out[i] = v
	}
	return out
}

// optional is floats for what older models lack and scoring does not need.
func (f *fields) optional(name string, n int) []float64 {
	if strings.TrimSpace(f.members[name]) == "" {
		return nil
	}
	return f.floats(name, n)
}

// set returns the bit set of a categorical split: threshold says which.
func (f *fields) set(threshold float64, bounds, words []float64) []uint32 {
	which := whole(threshold)
	if which < 0 || int(which)+1 >= len(bounds) {
		f.fail("categories %g of %d", threshold, len(bounds)-1)
		return nil
	}
	from, to := whole(bounds[which]), whole(bounds[which+1])
	if from < 0 || to < from || int(to) > len(words) {
		f.fail("cat_boundaries %g to %g of %d", bounds[which], bounds[which+1], len(words))
		return nil
	}
	// Sets that overlap could ask for far more memory than the file is long.
	if f.used += int(to - from); f.used > len(words) {
		f.fail("sets of categories overlap")
		return nil
	}
	set := make([]uint32, 0, to-from)
	for _, w := range words[from:to] {
		if w < 0 || w > math.MaxUint32 || w != math.Trunc(w) {
			f.fail("cat_threshold %g is no word of 32 bits", w)
			return nil
		}
		set = append(set, uint32(w))
	}
	return set
}

// whole turns a number into an int32; what is none becomes the smallest, which no check lets through.
func whole(v float64) int32 {
	if v != math.Trunc(v) || v > math.MaxInt32 || v < math.MinInt32 {
		return math.MinInt32
	}
	return int32(v)
}
