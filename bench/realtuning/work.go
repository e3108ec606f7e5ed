package main

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/batchmill/batchmill/bench/tables"
	"github.com/batchmill/batchmill/tuning"
)

// work is one table to tune on.
type work struct {
	name      string
	set       tables.Set
	rows      int // drawn from the table before it is split; 0: all
	rounds    int
	unit      float32 // the label is counted in so many; 0: as it is
	objective string
	metric    string // of the validation rows after the last round, the less the better
}

// works lists every work. Covertype's seven trees a round make fewer rounds as much work.
func works() []work {
	return []work{
		{name: "california_housing", set: tables.California, rounds: 200, unit: 100_000, objective: "reg:squarederror", metric: "rmse"},
		{name: "adult", set: tables.Adult, rounds: 200, objective: "binary:logistic", metric: "logloss"},
		{name: "covertype", set: tables.Covertype, rounds: 25, objective: "multi:softprob", metric: "mlogloss"},
	}
}

// space is what is searched on every work.
func space() tuning.Space {
	linear := func(name string, low, high float64) tuning.Parameter {
		return tuning.Parameter{Name: name, Min: low, Max: high, Scale: tuning.Linear}
	}
	log := func(name string, low, high float64) tuning.Parameter {
		return tuning.Parameter{Name: name, Min: low, Max: high, Scale: tuning.Logarithmic}
	}
	return tuning.Space{
		log("eta", 0.01, 1), {Name: "max_depth", Kind: tuning.Integer, Min: 3, Max: 10, Scale: tuning.Linear},
		log("min_child_weight", 0.1, 20), linear("subsample", 0.4, 1), linear("colsample_bytree", 0.3, 1),
		log("lambda", 0.001, 100), log("alpha", 0.001, 10), log("gamma", 0.001, 10),
	}
}

// static are the hyperparameters that are not tuned.
func (w work) static(seed int) map[string]string {
	hp := map[string]string{
		"objective": w.objective, "eval_metric": w.metric, "num_round": strconv.Itoa(w.rounds), "seed": strconv.Itoa(seed),
		"tree_method": "hist", "max_bin": "256",
	}
	if w.set.Classes > 1 {
		hp["num_class"] = strconv.Itoa(w.set.Classes)
	}
	return hp
}

// split loads the table and holds a fifth back to validate by, another one for each of five seeds.
func (w work) split(ctx context.Context, o options, seed int) (train, validation *tables.Table, err error) {
	all, err := w.set.Load(ctx, o.data)
	if err != nil {
		return nil, nil, err
	}
	if w.rows > 0 {
		all = all.Sample(w.rows)
	}
	for i := range all.Label {
		all.Label[i] /= cmp.Or(w.unit, 1)
	}
	train, validation = all.Split(seed)
	return train, validation, nil
}

// digest changes with everything that a run's outcome depends on, beside the side and the seed.
func (w work) digest() (string, error) {
	text, err := json.Marshal([]any{space(), w.static(0), w.rows, w.unit})
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:4]), err
}

func (w work) String() string { return fmt.Sprintf("%s, %d rounds", w.name, w.rounds) }
