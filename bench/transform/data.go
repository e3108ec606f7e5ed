package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"testing/fstest"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/batchmill/batchmill/algorithms"
	"github.com/batchmill/batchmill/algorithms/xgboost"
	"github.com/batchmill/batchmill/bench/tables"
	"github.com/batchmill/batchmill/dataset"
	"github.com/batchmill/batchmill/storage"
)

// widen repeats a table's columns until there are so many.
func widen(t *tables.Table, columns int) *tables.Table {
	wide := &tables.Table{Label: t.Label}
	for c := range columns {
		column := t.Columns[c%len(t.Columns)]
		if c >= len(t.Columns) {
			column.Name += "_" + strconv.Itoa(c/len(t.Columns))
		}
		wide.Columns = append(wide.Columns, column)
	}
	return wide
}

// schema is that of the features, none of which is ever missing.
func schema(t *tables.Table) *dataset.Schema {
	fields := make([]dataset.Field, len(t.Columns))
	for i, c := range t.Columns {
		fields[i] = dataset.Field{Name: c.Name, Type: dataset.Float32Type}
	}
	return dataset.NewSchema(true, fields...)
}

// draw makes a batch of rows drawn with replacement, each value moved a little.
func draw(t *tables.Table, rng *rand.Rand, n int) dataset.Batch {
	pick := make([]int, n)
	for i := range pick {
		pick[i] = rng.IntN(t.Rows())
	}
	cols := make([]dataset.Column, len(t.Columns))
	for c, column := range t.Columns {
		out := make([]float32, n)
		for i, p := range pick {
			out[i] = column.Values[p] * float32(1+(rng.Float64()-0.5)*2e-3)
		}
		cols[c] = dataset.NewFloat32(out)
	}
	return dataset.NewBatch(schema(t), cols, n)
}

// contentTypes are those of the formats that can be measured.
var contentTypes = map[string]string{"parquet": "application/x-parquet", "csv": "text/csv", "jsonl": "application/jsonlines"}

// input is where the rows of a run lie; runs of the same rows share them.
func (o options) input() storage.URI {
	return storage.URI{Bucket: "bench", Key: fmt.Sprintf("in/%dx%d-in-%d-and-%d-%s/", o.rows, o.columns, o.objects, o.small, o.format)}
}

// prepare writes the rows, unless an earlier run has left them in the same folder.
func prepare(ctx context.Context, store storage.Store, t *tables.Table, o options) (size int64, err error) {
	if err := store.EnsureBucket(ctx, "bench"); err != nil {
		return 0, err
	}
	objects := 0
	if err := store.List(ctx, o.input(), func(info storage.Info) error {
		size += info.Size
		objects++
		return nil
	}); err != nil || objects == o.objects+o.small {
		return size, err
	}
	return upload(ctx, store, t, o)
}

// upload writes the rows, Parquet in row groups of 131,072 rows.
func upload(ctx context.Context, store storage.Store, t *tables.Table, o options) (int64, error) {
	media, err := dataset.ParseMedia(contentTypes[o.format])
	if err != nil {
		return 0, err
	}
	var size atomic.Int64
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(runtime.GOMAXPROCS(0))
	for i := range o.objects + o.small {
		name, rows := "few-", smallRows
		if i < o.objects {
			name, rows = "part-", o.rows*(i+1)/o.objects-o.rows*i/o.objects
		}
		g.Go(func() error {
			data, err := encode(t, media, i, rows)
			if err != nil {
				return err
			}
			size.Add(int64(len(data)))
			uri := o.input()
			uri.Key += name + strconv.Itoa(100000 + i)[1:] + "." + o.format
			_, err = storage.WriteAll(ctx, store, uri, data, storage.PutOptions{})
			return err
		})
	}
	err = g.Wait()
	return size.Load(), err
}

// smallRows is how many rows a small object has.
const smallRows = 100

// drawRows is how many rows are drawn at a time.
const drawRows = 16384

// encode makes object number i.
func encode(t *tables.Table, media dataset.Media, i, rows int) ([]byte, error) {
	rng := rand.New(rand.NewPCG(7, uint64(i)))
	var buf bytes.Buffer
	w, err := dataset.NewWriter(&buf, schema(t), dataset.WriteOptions{Media: media})
	if err != nil {
		return nil, err
	}
	for left := rows; left > 0; left -= drawRows {
		b := draw(t, rng, min(left, drawRows))
		err := w.Write(b)
		b.Release()
		if err != nil {
			return nil, err
		}
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return buf.Bytes(), nil
}

// trainModel trains on the real rows.
func trainModel(ctx context.Context, t *tables.Table, trees, depth int) (map[string][]byte, error) {
	result, err := xgboost.New().Train(ctx, &algorithms.TrainRequest{
		HyperParameters: map[string]string{
			"objective": "binary:logistic", "num_round": strconv.Itoa(trees), "max_depth": strconv.Itoa(depth), "eta": "0.1",
		},
		Channels: map[string]*algorithms.Data{"train": t.Data()},
	})
	if err != nil {
		return nil, err
	}
	return result.Files, nil
}

// predictAlone times the predictor over as many rows on all cores, nothing read and nothing written.
func predictAlone(_ context.Context, files map[string][]byte, t *tables.Table, rows int) (time.Duration, error) {
	fsys := fstest.MapFS{}
	for name, data := range files {
		fsys[name] = &fstest.MapFile{Data: data}
	}
	p, err := xgboost.New().Load(fsys)
	if err != nil {
		return 0, err
	}
	scorer, err := p.Bind(schema(t), true)
	if err != nil {
		return 0, err
	}
	batch := draw(t, rand.New(rand.NewPCG(7, 0)), dataset.DefaultBatchRows)
	defer batch.Release()
	workers := runtime.GOMAXPROCS(0)
	each := int(math.Ceil(float64(rows) / float64(workers) / float64(batch.NumRows())))
	errs := make([]error, workers)
	var wg sync.WaitGroup
	start := time.Now()
	for w := range workers {
		wg.Go(func() {
			for range each {
				col, err := scorer.Score(batch)
				if err != nil {
					errs[w] = err
					return
				}
				col.Release()
			}
		})
	}
	wg.Wait()
	return time.Since(start), errors.Join(errs...)
}
