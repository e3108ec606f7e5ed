package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"runtime/pprof"
	"testing/fstest"
	"time"

	"github.com/batchmill/batchmill/algorithms"
	"github.com/batchmill/batchmill/algorithms/xgboost"
	"github.com/batchmill/batchmill/bench/tables"
)

// child trains and scores with Batchmill as the spec at path says, and prints the outcome.
func child(ctx context.Context, path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var s spec
	if err := json.Unmarshal(text, &s); err != nil {
		return err
	}
	data, err := s.trainData()
	if err != nil {
		return err
	}
	result, out, err := s.train(ctx, data)
	if err != nil {
		return err
	}
	test, err := s.read(s.TestX, nil)
	if err != nil {
		return err
	}
	scores, err := predict(result.Files, test)
	if err != nil {
		return err
	}
	if err := tables.WriteNPY(s.Predictions, scores...); err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(out)
}

// trainData makes the train channel, in memory.
func (s spec) trainData() (*algorithms.Data, error) {
	label, err := tables.ReadNPY(s.TrainY)
	if err != nil {
		return nil, err
	}
	train, err := s.read(s.TrainX, label[0])
	if err != nil {
		return nil, err
	}
	return train.Data(), nil
}

// train is what is measured.
func (s spec) train(ctx context.Context, data *algorithms.Data) (result *algorithms.TrainResult, out outcome, err error) {
	hp := map[string]string{}
	for name, v := range s.Params {
		hp[name] = fmt.Sprint(v)
	}
	if s.Profile != "" {
		f, err := os.Create(s.Profile)
		if err != nil {
			return nil, out, err
		}
		defer f.Close()
		if err := pprof.StartCPUProfile(f); err != nil {
			return nil, out, err
		}
		defer pprof.StopCPUProfile()
	}
	if out.LoadedMB, err = settleMemory(); err != nil {
		return nil, out, err
	}
	cpu, start := cpuSeconds(), time.Now()
	result, err = xgboost.New().Train(ctx, &algorithms.TrainRequest{HyperParameters: hp, Channels: map[string]*algorithms.Data{"train": data}, Threads: s.Threads})
	if err != nil {
		return nil, out, err
	}
	out.Seconds, out.CPU = time.Since(start).Seconds(), cpuSeconds()-cpu
	out.PeakMB, err = statusMB("VmHWM")
	return result, out, err
}

// predict scores rows with the model's files; the answer is a column per output.
func predict(model map[string][]byte, test rows) (outputs [][]float32, err error) {
	files := fstest.MapFS{}
	for name, content := range model {
		files[name] = &fstest.MapFile{Data: content}
	}
	p, err := xgboost.New().Load(files)
	if err != nil {
		return nil, err
	}
	return test.Predict(p)
}
