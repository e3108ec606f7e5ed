package xgboost

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"slices"

	"github.com/batchmill/batchmill/algorithms"
	"github.com/batchmill/batchmill/algorithms/xgboost/internal/forest"
	"github.com/batchmill/batchmill/algorithms/xgboost/internal/modelfile"
)

// earlier is the model of the model channel, which training goes on from or updates.
type earlier struct {
	model     *modelfile.Model
	layout    *layout
	predictor *predictor
	digest    string
}

func (s *settings) update() bool { return s.values.Text("process_type") == "update" }

// readEarlier reads the model to go on from and checks that the hyperparameters fit it; nil where there is none.
func readEarlier(files fs.FS, set *settings) (*earlier, error) {
	if files == nil {
		if set.update() {
			return nil, &algorithms.HyperParameterError{Name: "process_type", Reason: "Hyperparameter process_type: update needs a model channel"}
		}
		return nil, nil
	}
	data, err := findModel(files)
	if err != nil {
		return nil, inModelChannel(err)
	}
	m, err := modelfile.Read(data)
	if err != nil {
		return nil, inModelChannel(&algorithms.DataError{Reason: err.Error()})
	}
	l, err := layoutBeside(files, m)
	if err != nil {
		return nil, inModelChannel(err)
	}
	m.Trees = slices.Clone(usedTrees(m))
	delete(m.Attributes, "best_iteration")
	delete(m.Attributes, "best_score")
	p, err := newPredictor(m, l)
	if err != nil {
		return nil, inModelChannel(err)
	}
	sum := sha256.Sum256(data)
	e := &earlier{model: m, layout: l, predictor: p, digest: hex.EncodeToString(sum[:])}
	return e, e.check(set)
}

func inModelChannel(err error) error {
	if d, ok := err.(*algorithms.DataError); ok && d.Channel == "" {
		return &algorithms.DataError{Channel: "model", Column: d.Column, Reason: d.Reason}
	}
	return err
}

// check compares the model with the hyperparameters.
func (e *earlier) check(set *settings) error {
	c := checker{v: set.values}
	theirs, ours := e.model.Objective, set.objective
	if ours == "reg:linear" {
		ours = "reg:squarederror"
	}
	if theirs == "reg:linear" {
		theirs = "reg:squarederror"
	}
	if theirs != ours {
		c.fault("objective", "%s, but the model of the model channel has %s", set.objective, e.model.Objective)
	} else if e.model.Groups() != set.outputs() {
		name := "num_class"
		if len(set.quantiles) > 0 {
			name = "quantile_alpha"
		}
		c.fault(name, "%d outputs, but the model of the model channel has %d", set.outputs(), e.model.Groups())
	}
	if booster := set.values.Text("booster"); booster != e.model.Booster {
		c.fault("booster", "%s, but the model of the model channel has %s", booster, e.model.Booster)
	}
	if e.model.Booster != "gblinear" && max(1, e.model.ParallelTrees) != set.parallel {
		c.fault("num_parallel_tree", "%d, but the model of the model channel has %d", set.parallel, max(1, e.model.ParallelTrees))
	}
	if set.update() {
		e.checkUpdate(set, &c)
	}
	for _, b := range e.model.BaseScore {
		if set.values.Given("base_score") && set.baseScore[0] != b {
			c.fault("base_score", "%v, but the model of the model channel has %v", set.baseScore[0], b)
			break
		}
	}
	set.baseScore = e.model.BaseScore
	return algorithms.JoinFaults(c.faults)
}

func (e *earlier) checkUpdate(set *settings, c *checker) {
	if e.model.Booster != "gbtree" {
		c.fault("process_type", "update is for booster gbtree")
	} else if set.rounds > e.model.Rounds() {
		c.fault("num_round", "%d rounds to update, but the model of the model channel has %d", set.rounds, e.model.Rounds())
	}
}

// layoutFor is the model's layout for rows of a channel.
func (e *earlier) layoutFor(ch *channel, sparse bool) *layout {
	l := *e.layout
	l.Label, l.Sparse = ch.data.Label[0], sparse
	l.Features = slices.Clone(l.Features)
	return &l
}

// rounds is the number of rounds in the model that training goes on from.
func (t *training) roundsBefore() int {
	if t.earlier == nil || t.set.update() {
		return 0
	}
	return t.earlier.model.Rounds()
}

// treesBefore are the trees that come before those grown here.
func (t *training) treesBefore() []forest.Tree {
	if t.earlier == nil || t.set.update() {
		return nil
	}
	return t.earlier.model.Trees
}

// keepStart remembers what the earlier model says of n rows, for trees that are added to it, or the rows themselves, for
// trees that are refreshed or dropped.
func (t *table) keepStart(e *earlier, set *settings, columns [][]float32, n int) {
	switch {
	case e == nil || set.linear():
	case set.update() || set.dart() != nil:
		if t.columns == nil {
			t.columns = make([][]float32, len(columns))
		}
		for f, c := range columns {
			t.columns[f] = append(t.columns[f], c[:n]...)
		}
	default:
		t.start = append(t.start, e.predictor.margins(columns, n)...)
	}
}

// digestOf tells models to go on from apart.
func (e *earlier) digestOf() string {
	if e == nil {
		return ""
	}
	return fmt.Sprint("model ", e.digest)
}
