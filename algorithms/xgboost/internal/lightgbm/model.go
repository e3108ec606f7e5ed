// Package lightgbm reads LightGBM's model files, text and JSON, and scores rows with them as LightGBM does: thresholds,
// values and sums in double precision. Files come from anywhere: whatever they hold, reading them ends with a model or an
// error, in time and memory proportional to the file.
package lightgbm

import (
	"fmt"
	"strconv"
	"strings"
)

// Model is what a LightGBM model file says.
type Model struct {
	Version       string // of the format: v2, v3, v4
	Objective     Objective
	Features      []string
	Named         bool // Features are the user's own, not Column_0, Column_1, ...
	Outputs       int  // trees per iteration, one for each output
	Average       bool // a random forest: predictions are means over iterations, not sums
	Trees         []Tree
	Categories    [][]Category // by feature: what the codes of a pandas column stand for; nil: the column holds codes
	categorical   []bool       // by feature, from feature_infos
	categoricalBy []int        // from the parameters
	pandas        [][]Category // in order of the pandas columns
}

// Category is a value of a pandas column of categories: a text or a number.
type Category struct {
	Text   string
	Number float64
	IsText bool
}

// Error says why a file is not a model that can be read.
type Error struct {
	Where  string // e.g. "Tree=3"; may be empty
	Reason string
}

func (e *Error) Error() string {
	if e.Where == "" {
		return "LightGBM model: " + e.Reason
	}
	return "LightGBM model: " + e.Where + ": " + e.Reason
}

func faultf(where, format string, args ...any) error {
	return &Error{Where: where, Reason: fmt.Sprintf(format, args...)}
}

// Bounds on what a hostile file can ask for.
const (
	maxFeatures = 1 << 24
	maxOutputs  = 1 << 16
	maxDepth    = 4096
)

// Rounds is the number of iterations.
func (m *Model) Rounds() int { return len(m.Trees) / m.Outputs }

// Categorical tells which features are split by category.
func (m *Model) Categorical() []bool {
	out := make([]bool, len(m.Features))
	copy(out, m.categorical)
	for _, f := range m.categoricalBy {
		if f < len(out) {
			out[f] = true
		}
	}
	for i := range m.Trees {
		for _, n := range m.Trees[i].Nodes {
			if n.Kind == Categories {
				out[n.Feature] = true
			}
		}
	}
	return out
}

// finish checks a model once all of its file has been read.
func (m *Model) finish() error {
	if m.Outputs < 1 || m.Outputs > maxOutputs {
		return faultf("", "num_tree_per_iteration is %d", m.Outputs)
	}
	if len(m.Trees) == 0 {
		return faultf("", "no trees")
	}
	if len(m.Trees)%m.Outputs != 0 {
		return faultf("", "%d trees, which is no multiple of num_tree_per_iteration=%d", len(m.Trees), m.Outputs)
	}
	if c := m.Objective.classes; c != 0 && c != m.Outputs {
		return faultf("", "objective %s has %d classes, but there are %d trees per iteration", m.Objective.Name, c, m.Outputs)
	}
	for i := range m.Trees {
		if err := m.Trees[i].validate(len(m.Features)); err != nil {
			return faultf("Tree="+strconv.Itoa(i), "%s", err)
		}
	}
	if err := m.settleForest(); err != nil {
		return err
	}
	return m.settleCategories()
}

// setFeatures gives the features names. JSON models cut down by hand may lack some: they get LightGBM's own.
func (m *Model) setFeatures(count int, names []string) error {
	if count < 1 || count > maxFeatures {
		return faultf("", "max_feature_idx is %d", count-1)
	}
	if len(names) > count {
		return faultf("feature_names", "%d names for %d features", len(names), count)
	}
	m.Features = make([]string, count)
	for i := range m.Features {
		own := "Column_" + strconv.Itoa(i)
		m.Features[i] = own
		if i < len(names) {
			m.Features[i] = names[i]
			m.Named = m.Named || names[i] != own
		}
	}
	return nil
}

// settleForest finds out whether the leaves of a random forest hold predictions already. Before 2.2.3 LightGBM wrote them
// so, with the same version=v2 as 2.2.3: only the values tell.
func (m *Model) settleForest() error {
	if !m.Average || m.Version != "v2" || m.Objective.identity() {
		return nil
	}
	low, high := 0.0, 0.0
	for i := range m.Trees {
		for _, v := range m.Trees[i].Leaves {
			low, high = min(low, v), max(high, v)
		}
	}
	switch {
	case low < 0:
	case m.Objective.probability() && high <= 1:
		m.Objective = Objective{Name: m.Objective.Name, convert: same}
	case !m.Objective.probability():
		return faultf("", "a random forest for %s from LightGBM 2.2 or older: its file does not tell whether its leaves hold predictions or margins", m.Objective.Name)
	}
	return nil
}

// settleCategories finds out which features the lists of pandas_categorical belong to.
func (m *Model) settleCategories() error {
	if len(m.pandas) == 0 {
		return nil
	}
	var features []int
	for f, is := range m.Categorical() {
		if is {
			features = append(features, f)
		}
	}
	if len(features) != len(m.pandas) {
		return faultf("pandas_categorical", "%d columns of categories, but %d features are split by category: which is which cannot be told", len(m.pandas), len(features))
	}
	m.Categories = make([][]Category, len(m.Features))
	for i, f := range features {
		m.Categories[f] = m.pandas[i]
	}
	return nil
}

// splitNames splits feature_names, which are separated by blanks: LightGBM allows none within a name.
func splitNames(s string) []string { return strings.Fields(s) }
