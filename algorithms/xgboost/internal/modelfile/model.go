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
	FeatureNames  []string   // empty where the columns had no names
	FeatureTypes  []string   // "float", "int", "i", "q" (numbers), "c" (categories); empty if not said
	Categories    [][]string // by feature, in order of their codes, where the file tells (XGBoost 3.1 and later); else nil
	Attributes    map[string]string
	Booster       string // gbtree, dart or gblinear
	Trees         []forest.Tree
	ParallelTrees int       // trees per output and round
	Linear        []float32 // gblinear: weight of feature f for output g at f*Groups()+g, then the biases
	LinearRounds  int
	Targets       int  // outputs of a model with several targets or quantiles, a tree for each; else 0 or 1
	Legacy        bool // from a file in the old binary form
}

// Groups is the number of outputs per row.
func (m *Model) Groups() int { return max(1, m.NumClass, m.Targets) }

// Rounds is the number of boosting rounds.
func (m *Model) Rounds() int {
	if m.Booster == "gblinear" {
		return m.LinearRounds
	}
	return len(m.Trees) / (m.Groups() * max(1, m.ParallelTrees))
}

// Read reads a model file of any form known here. The error is an *Error.
func Read(data []byte) (*Model, error) {
	switch form := FormOf(data); form {
	case JSON, UBJSON:
		return readDocument(data)
	case Legacy:
		return readLegacy(data)
	case Pickle:
		return readPickle(data)
	case Other:
		return nil, &Error{Reason: "neither JSON, UBJSON nor XGBoost's old binary form"}
	default:
		return nil, &Error{Reason: string(form)}
	}
}

func readDocument(data []byte) (*Model, error) {
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
