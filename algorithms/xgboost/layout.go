package xgboost

import (
	"encoding/json"
	"slices"

	"github.com/batchmill/batchmill/algorithms"
	"github.com/batchmill/batchmill/dataset"
)

// layoutVersion is the version of layoutFile.
const layoutVersion = 1

// layout is what a row must hold, as learned from the train channel. It is stored as layoutFile, with the model: what
// XGBoost's own file has no place for.
type layout struct {
	Version  int       `json:"version"`
	Label    string    `json:"label,omitempty"`
	Classes  []string  `json:"classes,omitempty"` // of a text label, in byte order; a label is its position
	Named    bool      `json:"named"`             // the names are the user's own, so columns are matched by name
	Sparse   bool      `json:"sparse,omitempty"`  // rows are (index, value) pairs; feature i is index i
	Features []feature `json:"features"`
}

// Kinds of features.
const (
	kindNumber = "number"
	kindText   = "text" // values are categories
	kindCode   = "code" // values are category codes already
)

type feature struct {
	Name       string   `json:"name"`
	Kind       string   `json:"kind"`
	Categories []string `json:"categories,omitempty"` // a category's code is its position; in byte order where training here made them
	codesToo   bool     // a column of numbers may hold codes of Categories
}

func (l *layout) encode() []byte {
	data, err := json.MarshalIndent(l, "", " ")
	if err != nil {
		panic(err) // strings, numbers and booleans always encode
	}
	return append(data, '\n')
}

func (l *layout) describe() []algorithms.Feature {
	out := make([]algorithms.Feature, len(l.Features))
	for i, f := range l.Features {
		out[i] = algorithms.Feature{Name: f.Name, Categories: f.Categories, Categorical: f.Kind != kindNumber, Made: !l.Named}
	}
	return out
}

// types returns XGBoost's feature types.
func (l *layout) types() []string {
	types := make([]string, len(l.Features))
	for i, f := range l.Features {
		types[i] = "float"
		if f.Kind != kindNumber {
			types[i] = "c"
		}
	}
	return types
}

// vocabulary returns the categories by feature, or nil where a model file cannot say them for all of the categorical features:
// some are codes only, or were numbers to another tool.
func (l *layout) vocabulary() [][]string {
	texts, some := make([][]string, len(l.Features)), false
	for i, f := range l.Features {
		if f.Kind == kindCode || f.codesToo && !slices.ContainsFunc(f.Categories, isText) {
			return nil
		}
		texts[i], some = f.Categories, some || f.Kind == kindText
	}
	if !some {
		return nil
	}
	return texts
}

func isText(category string) bool { return !isNumber(category) }

// names returns the feature names where they are the user's own.
func (l *layout) names() []string {
	if !l.Named || l.Sparse {
		return nil
	}
	names := make([]string, len(l.Features))
	for i, f := range l.Features {
		names[i] = f.Name
	}
	return names
}

// categorical tells which features are categories.
func (l *layout) categorical() []bool {
	out := make([]bool, len(l.Features))
	for i, f := range l.Features {
		out[i] = f.Kind != kindNumber
	}
	return out
}

// inOrder puts texts in byte order and returns the new number of each.
func inOrder(texts []string) (sorted []string, moved []uint32) {
	sorted = slices.Sorted(slices.Values(texts))
	index := dataset.NewTextIndex(sorted)
	for _, t := range texts {
		n, _ := index.Find(t)
		moved = append(moved, uint32(n))
	}
	return sorted, moved
}

// recode applies moved to codes held as floats.
func recode(codes []float32, moved []uint32) {
	for i, c := range codes {
		if c == c {
			codes[i] = float32(moved[int(c)])
		}
	}
}
