package xgboost

import (
	"bytes"
	"crypto/sha256"
	"encoding/gob"
	"encoding/hex"
	"fmt"

	"github.com/batchmill/batchmill/algorithms"
	"github.com/batchmill/batchmill/algorithms/xgboost/internal/hist"
	"github.com/batchmill/batchmill/algorithms/xgboost/internal/modelfile"
)

// state is a checkpoint. Margins are not in it: they are added up again from the trees, in the same order and so to the
// same bits. Nor is a random state: every draw hashes seed, round and tree.
type state struct {
	Fingerprint string // of what must be the same on resuming
	Model       []byte // XGBoost JSON
	Metrics     []algorithms.Metric
	Best        best
}

// fingerprint covers hyperparameters that decide what trees look like, and the shape of the data.
func (t *training) fingerprint() string {
	h := sha256.New()
	fmt.Fprintf(h, "%+v %s %d %d %d %v %d", t.set.tree, t.set.objective, t.set.classes, t.set.maxBin, t.set.parallel, t.set.baseScore, t.set.seed)
	fmt.Fprintf(h, " %+v %v %s %+v", t.set.options(), t.set.gradient, t.set.values.Text("booster"), orZero(t.set.dart()))
	if t.linear != nil {
		fmt.Fprintf(h, " %v %v %v %v %s", t.linear.eta, t.linear.lambda, t.linear.alpha, t.linear.lambdaBias, t.linear.selector)
	}
	fmt.Fprintf(h, " %v %v %s", t.set.update(), t.set.values.Bool("refresh_leaf"), t.earlier.digestOf())
	if t.fold != "" {
		fmt.Fprintf(h, " fold %s", t.fold)
	}
	for _, m := range t.set.metrics {
		fmt.Fprintf(h, " %s", m.Name)
	}
	for _, c := range t.channels {
		fmt.Fprintf(h, " %s %d", c.name, c.rows())
	}
	h.Write(t.train.layout.encode())
	return hex.EncodeToString(h.Sum(nil))
}

func (t *training) encode() ([]byte, error) {
	var b bytes.Buffer
	err := gob.NewEncoder(&b).Encode(state{Fingerprint: t.fingerprint(), Model: t.model().WriteJSON(), Metrics: t.metrics, Best: t.best})
	return b.Bytes(), err
}

// resume goes on where a checkpoint was made.
func (t *training) resume(data []byte) error {
	var s state
	if err := gob.NewDecoder(bytes.NewReader(data)).Decode(&s); err != nil {
		return fmt.Errorf("xgboost: checkpoint: %w", err)
	}
	if s.Fingerprint != t.fingerprint() {
		return fmt.Errorf("xgboost: checkpoint is of a training with other hyperparameters or data")
	}
	m, err := modelfile.Read(s.Model)
	if err != nil {
		return fmt.Errorf("xgboost: checkpoint: %w", err)
	}
	if t.set.update() {
		t.refreshed = m.Trees
		for i := range t.refreshed {
			t.addRefreshed(&t.refreshed[i])
		}
		t.done, t.metrics, t.best = m.Rounds(), s.Metrics, s.Best
		return nil
	}
	for i := range t.first {
		t.first[i].Scale = m.Trees[i].Scale
	}
	for _, tree := range m.Trees[min(len(m.Trees), len(t.first)):] {
		t.trees = append(t.trees, hist.NewTree(tree, t.train.matrix.Cuts))
	}
	if t.linear != nil {
		copy(t.linear.weights, m.Linear)
		t.addLinear()
	} else {
		for _, c := range t.channels {
			t.addUp(c, nil)
		}
	}
	t.done, t.metrics, t.best = m.Rounds()-t.roundsBefore(), s.Metrics, s.Best
	return nil
}

// orZero keeps addresses out of what is printed.
func orZero(d *dart) dart {
	if d == nil {
		return dart{}
	}
	return *d
}
