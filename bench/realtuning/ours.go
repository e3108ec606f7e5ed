package main

import (
	"context"
	"fmt"
	"maps"
	"time"

	"github.com/batchmill/batchmill/algorithms"
	"github.com/batchmill/batchmill/algorithms/xgboost"
	"github.com/batchmill/batchmill/tuning"
)

// ours is a run of Batchmill's search with its xgboost.
type ours struct {
	work     work
	seed     int
	threads  int
	channels map[string]*algorithms.Data
	search   *tuning.Search
	stopper  *tuning.Stopper // nil without early stopping
}

func (o options) ours(ctx context.Context, w work, side string, seed int) (*ours, error) {
	train, validation, err := w.split(ctx, o, seed)
	if err != nil {
		return nil, err
	}
	strategy := tuning.Bayesian
	if side == sideRandom {
		strategy = tuning.Random
	}
	search, err := tuning.New(space(), tuning.Options{Seed: uint64(seed), Strategy: strategy})
	if err != nil {
		return nil, err
	}
	r := &ours{work: w, seed: seed, threads: o.threads, search: search}
	r.channels = map[string]*algorithms.Data{"train": train.Data(), "validation": validation.Data()}
	if side == sideAuto {
		r.stopper = &tuning.Stopper{}
	}
	return r, nil
}

// replay brings the run to where its trials so far had left it.
func (r *ours) replay(done []trial) error {
	for i, t := range done {
		asked, err := r.ask()
		if err != nil {
			return err
		}
		if !maps.Equal(asked.Values, t.Values) {
			return fmt.Errorf("trial %d of what is kept was another one: made by another version? %v, not %v", i+1, t.Values, asked.Values)
		}
		if r.stopper != nil {
			for _, v := range t.Curve {
				r.stopper.Report(asked.ID, r.work.rounds, v)
			}
		}
		if err := r.tell(asked.ID, t); err != nil {
			return err
		}
	}
	return nil
}

func (r *ours) ask() (tuning.Trial, error) {
	asked, err := r.search.Ask(1)
	if err != nil {
		return tuning.Trial{}, err
	}
	return asked[0], nil
}

// next makes one trial.
func (r *ours) next(ctx context.Context) (t trial, err error) {
	begin := time.Now()
	asked, err := r.ask()
	if err != nil {
		return t, err
	}
	t.Values, t.Suggest = asked.Values, time.Since(begin).Seconds()
	begin = time.Now()
	if err := r.train(ctx, asked, &t); err != nil {
		return t, err
	}
	t.Train = time.Since(begin).Seconds()
	return t, r.tell(asked.ID, t)
}

// tell tells the search a trial's value: of one stopped early what it would have come to, as training jobs do it.
func (r *ours) tell(id int, t trial) error {
	value := t.Value
	if r.stopper != nil && t.Stopped {
		if forecast, ok := r.stopper.Forecast(id); ok {
			value = forecast
		}
	} else if r.stopper != nil {
		r.stopper.Finish(id)
	}
	return r.search.Tell(id, tuning.Result{Value: value})
}

// train trains with a trial's values and notes the curve of its metric.
func (r *ours) train(ctx context.Context, asked tuning.Trial, t *trial) error {
	hp := r.work.static(r.seed)
	maps.Copy(hp, asked.Values)
	_, err := xgboost.New().Train(ctx, &algorithms.TrainRequest{
		HyperParameters: hp, Channels: r.channels, Threads: r.threads,
		OnRound: func(round algorithms.Round) error {
			for _, m := range round.Metrics {
				if m.Name == "validation:"+r.work.metric {
					t.Value, t.Curve = m.Value, append(t.Curve, m.Value)
				}
			}
			t.Stopped = r.stopper != nil && r.stopper.Report(asked.ID, round.Total, t.Value)
			return nil
		},
		Stop: func() bool { return t.Stopped },
	})
	return err
}
