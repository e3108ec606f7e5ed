package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"

	"github.com/batchmill/batchmill/dataset"
	"github.com/batchmill/batchmill/storage"
)

// quickstartLabel is the column that the quickstart predicts.
const quickstartLabel = "median_house_value"

// scores are the predictions of the test side beside the truth, and the mean of the training side as a baseline.
type scores struct {
	truth, predicted []float32
	trainMean        float64
}

// readScores reads what the run's jobs left in the store.
func readScores(ctx context.Context, store storage.Store, r run) (*scores, error) {
	s := &scores{}
	joined, err := readColumns(ctx, store, r.uri("predictions"), func(schema *dataset.Schema) []string {
		return []string{quickstartLabel, schema.Field(schema.NumFields() - 1).Name} // the prediction is appended
	})
	if err != nil {
		return nil, err
	}
	s.truth, s.predicted = joined[0], joined[1]
	train, err := readColumns(ctx, store, r.uri("split")+"train/", func(*dataset.Schema) []string { return []string{quickstartLabel} })
	if err != nil {
		return nil, err
	}
	for _, v := range train[0] {
		s.trainMean += float64(v)
	}
	s.trainMean /= float64(len(train[0]))
	return s, nil
}

// readColumns reads columns of all Parquet objects below a prefix, in order; choose names them.
func readColumns(ctx context.Context, store storage.Store, prefix string, choose func(*dataset.Schema) []string) ([][]float32, error) {
	uri, err := storage.ParseURI(prefix)
	if err != nil {
		return nil, err
	}
	var all [][]float32
	err = store.List(ctx, uri, func(info storage.Info) error {
		if !strings.HasSuffix(info.URI.Key, ".parquet") {
			return nil
		}
		return readObject(ctx, storage.NewObject(store, info), choose, &all)
	})
	if err == nil && len(all) == 0 {
		err = fmt.Errorf("no rows below %s", prefix)
	}
	return all, err
}

func readObject(ctx context.Context, obj dataset.Object, choose func(*dataset.Schema) []string, all *[][]float32) (err error) {
	media := dataset.Media{Format: dataset.Parquet}
	schema, err := dataset.Infer(ctx, []dataset.Object{obj}, media)
	if err != nil {
		return err
	}
	columns := choose(schema)
	r, err := dataset.NewReader(ctx, obj, dataset.ReadOptions{Media: media, Columns: columns})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	if *all == nil {
		*all = make([][]float32, len(columns))
	}
	for {
		batch, err := r.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		for i := range columns {
			values := make([]float32, batch.NumRows())
			if err := dataset.Floats(batch.Column(i), values); err != nil {
				batch.Release()
				return err
			}
			(*all)[i] = append((*all)[i], values...)
		}
		batch.Release()
	}
}

// rmse is the root mean squared error of predicting the test side with f.
func (s *scores) rmse(f func(i int) float64) float64 {
	var sum float64
	for i, t := range s.truth {
		d := f(i) - float64(t)
		sum += d * d
	}
	return math.Sqrt(sum / float64(len(s.truth)))
}

// shown is how many predictions are printed.
const shown = 5

func (s *scores) print(w io.Writer) {
	model := s.rmse(func(i int) float64 { return float64(s.predicted[i]) })
	mean := s.rmse(func(int) float64 { return s.trainMean })
	printf(w, "\nTest RMSE  %s USD, against %s for predicting the mean (%.0f %% less)\n\n", count(int64(math.Round(model))),
		count(int64(math.Round(mean))), 100*(1-model/mean))
	var rows [][]string
	for i := range min(shown, len(s.truth)) {
		p, t := float64(s.predicted[i]), float64(s.truth[i])
		rows = append(rows, []string{count(int64(math.Round(p))), count(int64(t)), fmt.Sprintf("%+.0f %%", 100*(p-t)/t)})
	}
	printTable(w, []string{"PREDICTED", "TRUE VALUE", "OFF BY"}, rows)
	printf(w, "\n")
}
