package main

import (
	"bytes"
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"runtime"
	"strconv"
	"sync"
	"testing/fstest"
	"time"

	"github.com/batchmill/batchmill/algorithms"
	"github.com/batchmill/batchmill/algorithms/xgboost"
	"github.com/batchmill/batchmill/bench/tables"
	"github.com/batchmill/batchmill/dataset"
	"github.com/batchmill/batchmill/storage"
)

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

// upload writes the rows as Parquet objects of row groups of 131,072 rows.
func upload(ctx context.Context, store storage.Store, t *tables.Table, rows, objects int) (size int64, err error) {
	if err := store.EnsureBucket(ctx, "bench"); err != nil {
		return 0, err
	}
	media, err := dataset.ParseMedia("application/x-parquet")
	if err != nil {
		return 0, err
	}
	for o := range objects {
		n := rows*(o+1)/objects - rows*o/objects
		rng := rand.New(rand.NewPCG(7, uint64(o)))
		var buf bytes.Buffer
		w, err := dataset.NewWriter(&buf, schema(t), dataset.WriteOptions{Media: media})
		if err != nil {
			return 0, err
		}
		for n > 0 {
			k := min(n, 16384)
			b := draw(t, rng, k)
			err := w.Write(b)
			b.Release()
			if err != nil {
				return 0, err
			}
			n -= k
		}
		if err := w.Close(); err != nil {
			return 0, err
		}
		size += int64(buf.Len())
		uri := storage.URI{Bucket: "bench", Key: "in/part-" + strconv.Itoa(100000 + o)[1:] + ".parquet"}
		if _, err := storage.WriteAll(ctx, store, uri, buf.Bytes(), storage.PutOptions{}); err != nil {
			return 0, err
		}
	}
	return size, nil
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
