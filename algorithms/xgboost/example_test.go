package xgboost_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"testing/fstest"

	"github.com/batchmill/batchmill/algorithms"
	"github.com/batchmill/batchmill/algorithms/xgboost"
	"github.com/batchmill/batchmill/dataset"
)

// table is a CSV file in memory.
type table string

func (t table) Name() string { return "table.csv" }
func (t table) Size() int64  { return int64(len(t)) }
func (t table) Open(_ context.Context, offset, length int64) (io.ReadCloser, error) {
	if length == 0 { // to the end
		length = t.Size() - offset
	}
	return io.NopCloser(bytes.NewReader([]byte(t)[offset : offset+length])), nil
}

func Example() {
	ctx := context.Background()
	rows := table("price,rooms,place\n" + "10,2,city\n12,3,city\n5,2,country\n6,3,country\n11,2,city\n7,3,country\n")
	media, _ := dataset.ParseMedia("text/csv;header=present;label=price")
	schema, _ := dataset.Infer(ctx, []dataset.Object{rows}, media)
	roles, _ := media.Roles(schema, true)
	open := func(ctx context.Context) (dataset.Reader, error) {
		return dataset.NewReader(ctx, rows, dataset.ReadOptions{Media: media, Schema: schema})
	}

	algorithm := xgboost.New()
	result, err := algorithm.Train(ctx, &algorithms.TrainRequest{
		HyperParameters: map[string]string{"num_round": "3", "eta": "1", "lambda": "0", "max_depth": "1"},
		Channels: map[string]*algorithms.Data{"train": {
			Schema: schema, Label: roles.Label, Features: roles.Features, Named: roles.Named, Open: open,
		}},
		OnRound: func(r algorithms.Round) error { fmt.Println(r.Log); return nil },
	})
	if err != nil {
		fmt.Println(err)
		return
	}

	files := fstest.MapFS{}
	for name, data := range result.Files {
		files[name] = &fstest.MapFile{Data: data}
	}
	predictor, err := algorithm.Load(files)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, f := range predictor.Features() {
		fmt.Println(f.Name, f.Categories)
	}
	reader, _ := open(ctx)
	defer reader.Close()
	batch, _ := reader.Next()
	defer batch.Release()
	scorer, err := predictor.Bind(batch.Schema(), true)
	if err != nil {
		fmt.Println(err)
		return
	}
	scores, _ := scorer.Score(batch)
	predictions := make([]float32, scores.Len())
	fmt.Println(dataset.Floats(scores, predictions), len(predictions))
	// Output:
	// [0]	train-rmse:0.81650
	// [1]	train-rmse:0.47140
	// [2]	train-rmse:0.41574
	// rooms []
	// place [city country]
	// <nil> 6
}
