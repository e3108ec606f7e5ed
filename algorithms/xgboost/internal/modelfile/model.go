package modelfile

import (
	"bytes"

	"github.com/batchmill/batchmill/algorithms/xgboost/internal/forest"
)

// Model is what an XGBoost model file says.
type Model struct {
	Version       [3]int // of the XGBoost that wrote it
	Objective     string
	ObjectiveArgs map[string]map[string]string // e.g. reg_loss_param: scale_pos_weight: 1
	BaseScore     []float64                    // in the objective's own scale (a probability for binary:logistic); one, or one per output
	NumClass      int                          // 0 unless the objective is multi:*
	NumFeature    int
	FeatureNames  []string // empty where the columns had no names
	FeatureTypes  []string // "float", "int", "i", "q" (numbers), "c" (categories); empty if not said
	Attributes    map[string]string
	Booster       string // gbtree, dart or gblinear
	Trees         []forest.Tree
	ParallelTrees int       // trees per output and round
	Linear        []float32 // gblinear: weight of feature f for output g at f*Groups()+g, then the biases
	LinearRounds  int
}

// Groups is the number of outputs per row.
func (m *Model) Groups() int { return max(1, m.NumClass) }

// Rounds is the number of boosting rounds.
func (m *Model) Rounds() int {
	if m.Booster == "gblinear" {
		return m.LinearRounds
	}
	return len(m.Trees) / (m.Groups() * max(1, m.ParallelTrees))
}

// Read reads a model file of any form known here. The error is an *Error.
func Read(data []byte) (*Model, error) {
	if err := refuse(data); err != nil {
		return nil, err
	}
	parse := parseJSON
	if isUBJSON(data) {
		parse = parseUBJSON
	}
	document, err := parse(data)
	if err != nil {
		return nil, err
	}
	return decode(document)
}

// isUBJSON tells UBJSON from JSON by what follows the opening brace: a length's type, never a quote or blank.
func isUBJSON(data []byte) bool {
	return len(data) > 1 && data[0] == '{' && bytes.IndexByte([]byte("iUIlL#$N"), data[1]) >= 0
}

// refuse names forms of model files that cannot be read.
func refuse(data []byte) error {
	const mend = "; save it again with booster.save_model('model.json')"
	trimmed := bytes.TrimLeft(data, " \t\r\n")
	switch {
	case len(trimmed) == 0:
		return &Error{Reason: "the file is empty"}
	case trimmed[0] == '{':
		return nil
	case bytes.HasPrefix(data, []byte{0x80}) && len(data) > 1 && data[1] <= 5:
		return &Error{Reason: "a Python pickle, which is not supported yet" + mend}
	case bytes.HasPrefix(data, []byte{0x1f, 0x8b}):
		return &Error{Reason: "a gzip file; unpack it first"}
	case bytes.HasPrefix(data, []byte("tree\n")):
		return &Error{Reason: "a LightGBM text model, which is not supported yet"}
	case bytes.HasPrefix(data, []byte("binf")), bytes.HasPrefix(data, []byte("bs64")), bytes.IndexByte(data, 0) >= 0:
		return &Error{Reason: "XGBoost's old binary form, which is not supported yet" + mend}
	}
	return &Error{Reason: "neither JSON nor UBJSON"}
}
