package xgboost

import (
	"bytes"
	"context"
	"encoding/gob"
	"fmt"
	"strconv"

	"github.com/batchmill/batchmill/algorithms"
)

// crossValidation trains a model for each fold on the rows outside of it and measures it on those inside, as often over as
// _num_cv_round says, with folds dealt anew. It is what SageMaker's XGBoost container does (train_job in its
// algorithm_mode/train.py), but for the metrics: those of "validation" are of the rows held back, where the container's are
// of channels whose rows the model has seen. Bins are cut once for all rows.
type crossValidation struct {
	req     *algorithms.TrainRequest
	set     *settings
	whole   *training // holds the rows of all channels; is not trained itself
	folds   []int     // of each row, in the repetition at hand
	files   map[string][]byte
	members []*predictor
	states  [][]byte              // of finished models, for checkpoints
	metrics [][]algorithms.Metric // of the last round of each model
	held    *heldBack             // predictions of rows held back
	rounds  int                   // of finished models
}

// foldsState is a checkpoint: a state for each model begun.
type foldsState struct{ Models [][]byte }

// crossValidate trains _kfold times _num_cv_round models.
func (a algorithm) crossValidate(ctx context.Context, req *algorithms.TrainRequest, set *settings) (*algorithms.TrainResult, error) {
	v := &crossValidation{req: req, set: set, files: map[string][]byte{}}
	var err error
	if v.whole, err = gatherAll(ctx, req, set); err != nil {
		return nil, err
	}
	var begun foldsState
	if req.Resume != nil {
		if err := gob.NewDecoder(bytes.NewReader(req.Resume)).Decode(&begun); err != nil {
			return nil, fmt.Errorf("xgboost: checkpoint: %w", err)
		}
	}
	v.held = newHeldBack(&v.whole.train.table, set)
	for model := range set.models() {
		var state []byte
		if model < len(begun.Models) {
			state = begun.Models[model]
		}
		stopped, err := v.train(ctx, model, state)
		if err != nil {
			return nil, err
		}
		if stopped {
			v.held = nil // some rows lack their prediction
			break
		}
	}
	return v.result()
}

// gatherAll reads the rows of the train and validation channels as one table.
func gatherAll(ctx context.Context, req *algorithms.TrainRequest, set *settings) (*training, error) {
	one := *req
	data := req.Channels["train"]
	if more := req.Channels["validation"]; more != nil {
		var err error
		if data, err = chain(data, more); err != nil {
			return nil, err
		}
	}
	one.Channels = map[string]*algorithms.Data{"train": data}
	t, err := blankTraining(&one, set)
	if err != nil {
		return nil, err
	}
	if err := t.read(ctx); err != nil {
		return nil, err
	}
	if units := t.train.units(); units < set.folds {
		return nil, &algorithms.DataError{Channel: "train", Reason: fmt.Sprintf("_kfold is %d, but there are %d rows or queries to deal to the folds", set.folds, units)}
	}
	return t, nil
}

// units is how many rows, or queries, are dealt to folds.
func (t *table) units() int {
	if t.queries != nil {
		return len(t.queries) - 1
	}
	return t.rows()
}

// train trains one model, from a state if there is one. It tells whether the user has stopped the training.
func (v *crossValidation) train(ctx context.Context, model int, state []byte) (stopped bool, err error) {
	fold, repeat := model%v.set.folds, model/v.set.folds
	if v.folds == nil || fold == 0 {
		v.folds = v.whole.train.foldsOf(v.set, repeat)
	}
	outside, inside := sides(v.folds, fold)
	t, err := v.fold(model, outside, inside)
	if err != nil {
		return false, err
	}
	if state != nil {
		if err := t.resume(state); err != nil {
			return false, err
		}
	}
	stopped, err = t.run(ctx)
	if err != nil || t.done == 0 {
		return stopped, err
	}
	v.rounds += t.done
	v.metrics = append(v.metrics, t.metrics)
	m := t.model()
	p, err := newPredictor(m, t.train.layout)
	if err != nil {
		return false, err
	}
	v.members = append(v.members, p)
	v.files[foldFile(model)] = m.WriteJSON()
	if v.req.Checkpoint != nil {
		state, err := t.encode()
		if err != nil {
			return false, err
		}
		v.states = append(v.states, state)
	}
	v.held.add(inside, t.held())
	return stopped, nil
}

// foldFile names the file of a model as SageMaker's container does.
func foldFile(model int) string { return modelFile + "-" + strconv.Itoa(model) }

// fold prepares the training of one model.
func (v *crossValidation) fold(model int, outside, inside []int) (*training, error) {
	set, err := readSettings(v.req.HyperParameters)
	if err != nil {
		return nil, err
	}
	req := *v.req
	t := &training{req: &req, set: set, pool: v.whole.pool, earlier: v.whole.earlier, best: best{Round: -1}, fold: fmt.Sprintf("%d of %d", model, set.folds)}
	if t.earlier != nil {
		if err := t.earlier.check(set); err != nil {
			return nil, err
		}
	}
	all := v.whole.train
	if err := set.constrain(all.layout); err != nil {
		return nil, err
	}
	t.train = &trainTable{table: *all.pick(outside), layout: all.layout, set: set, ch: all.ch, pool: all.pool, earlier: all.earlier}
	t.channels = []*scored{{name: "train", table: &t.train.table}, {name: "validation", table: all.pick(inside)}}
	v.report(t, &req, model)
	return t, t.begin()
}

// report has a fold's rounds told as rounds of the whole.
func (v *crossValidation) report(t *training, req *algorithms.TrainRequest, model int) {
	if onRound := v.req.OnRound; onRound != nil {
		req.OnRound = func(r algorithms.Round) error {
			if t.done == t.set.rounds || t.stalled() {
				r.Log += v.means(t, model)
			}
			r.Index, r.Total = v.rounds+r.Index, v.set.rounds*v.set.models()
			return onRound(r)
		}
	}
	if checkpoint := v.req.Checkpoint; checkpoint != nil {
		req.Checkpoint = func(round int, encode func() ([]byte, error)) error {
			return checkpoint(v.rounds+round, func() ([]byte, error) {
				state, err := encode()
				if err != nil {
					return nil, err
				}
				var b bytes.Buffer
				err = gob.NewEncoder(&b).Encode(foldsState{append(v.states[:len(v.states):len(v.states)], state)})
				return b.Bytes(), err
			})
		}
	}
}

// means are the lines with the mean metrics after the last fold of a repetition and, where there are several, of all models,
// as SageMaker's container logs them.
func (v *crossValidation) means(t *training, model int) (lines string) {
	done := append(v.metrics[:len(v.metrics):len(v.metrics)], t.metrics)
	if k := v.set.folds; len(done)%k == 0 {
		lines += "\n" + logLine(v.set.rounds, meanMetrics(done[len(done)-k:]))
	}
	if len(done) == v.set.models() && v.set.repeats > 1 {
		lines += "\n" + logLine(v.set.rounds, meanMetrics(done))
	}
	return lines
}

func meanMetrics(models [][]algorithms.Metric) []algorithms.Metric {
	means := make([]algorithms.Metric, len(models[0]))
	for i := range means {
		means[i].Name = models[0][i].Name
		for _, m := range models {
			means[i].Value += m[i].Value / float64(len(models))
		}
	}
	return means
}

// result packs the models.
func (v *crossValidation) result() (*algorithms.TrainResult, error) {
	importance, err := encodeImportance(&ensemble{members: v.members})
	if err != nil {
		return nil, err
	}
	v.files[layoutFile], v.files[importanceFile] = v.whole.train.layout.encode(), importance
	if v.held != nil {
		v.files[heldFile] = v.held.encode()
	}
	return &algorithms.TrainResult{Files: v.files, Metrics: meanMetrics(v.metrics), Rounds: v.rounds}, nil
}
