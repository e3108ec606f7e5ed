package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"testing/fstest"
	"time"

	"github.com/batchmill/batchmill/algorithms"
	"github.com/batchmill/batchmill/algorithms/xgboost"
	"github.com/batchmill/batchmill/bench/local"
	"github.com/batchmill/batchmill/dataset"
	"github.com/batchmill/batchmill/storage"
)

// table is the real rows, column by column.
type table struct {
	names  []string
	cols   [][]float32
	labels []float32
}

func (t *table) rows() int { return len(t.labels) }

// readHiggs loads the label and the 28 features; the column `source` is left out.
func readHiggs(ctx context.Context, path string) (*table, error) {
	obj, err := local.Open(path)
	if err != nil {
		return nil, fmt.Errorf("the HIGGS sample is needed (-data): %w", err)
	}
	media, err := dataset.ParseMedia("text/csv;header=present;label=label;ignore=source")
	if err != nil {
		return nil, err
	}
	schema, err := dataset.Infer(ctx, []dataset.Object{obj}, media)
	if err != nil {
		return nil, err
	}
	roles, err := media.Roles(schema, true)
	if err != nil {
		return nil, err
	}
	t := &table{names: roles.Features, cols: make([][]float32, len(roles.Features))}
	r, err := dataset.NewReader(ctx, obj, dataset.ReadOptions{Media: media, Schema: schema, Columns: append(slices.Clone(roles.Features), roles.Label...)})
	if err != nil {
		return nil, err
	}
	defer r.Close()
	for {
		b, err := r.Next()
		if errors.Is(err, io.EOF) {
			return t, nil
		}
		if err != nil {
			return nil, err
		}
		buf := make([]float32, b.NumRows())
		for i := range int(b.NumCols()) {
			if err := dataset.Floats(b.Column(i), buf); err != nil {
				return nil, err
			}
			if i < len(t.cols) {
				t.cols[i] = append(t.cols[i], buf...)
			} else {
				t.labels = append(t.labels, buf...)
			}
		}
		b.Release()
	}
}

func (t *table) schema() *dataset.Schema {
	fields := make([]dataset.Field, len(t.names))
	for i, n := range t.names {
		fields[i] = dataset.Field{Name: n, Type: dataset.Float32Type}
	}
	return dataset.NewSchema(true, fields...)
}

// draw makes a batch of rows drawn with replacement, each value moved a little.
func (t *table) draw(rng *rand.Rand, n int) dataset.Batch {
	pick := make([]int, n)
	for i := range pick {
		pick[i] = rng.IntN(t.rows())
	}
	cols := make([]dataset.Column, len(t.cols))
	for c, values := range t.cols {
		out := make([]float32, n)
		for i, p := range pick {
			out[i] = values[p] * float32(1+(rng.Float64()-0.5)*2e-3)
		}
		cols[c] = dataset.NewFloat32(out)
	}
	return dataset.NewBatch(t.schema(), cols, n)
}

// upload writes the rows as Parquet objects of row groups of 131,072 rows.
func upload(ctx context.Context, store storage.Store, t *table, rows, objects int) (size int64, err error) {
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
		w, err := dataset.NewWriter(&buf, t.schema(), dataset.WriteOptions{Media: media})
		if err != nil {
			return 0, err
		}
		for n > 0 {
			k := min(n, 16384)
			b := t.draw(rng, k)
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
func trainModel(ctx context.Context, t *table, trees, depth int) (map[string][]byte, error) {
	schema := dataset.NewSchema(true, append(t.schema().Fields(), dataset.Field{Name: "label", Type: dataset.Float32Type})...)
	data := &algorithms.Data{
		Schema: schema, Label: []string{"label"}, Features: t.names, Named: true,
		Open: func(context.Context) (dataset.Reader, error) { return &oneBatch{t: t, schema: schema}, nil },
	}
	result, err := xgboost.New().Train(ctx, &algorithms.TrainRequest{
		HyperParameters: map[string]string{
			"objective": "binary:logistic", "num_round": strconv.Itoa(trees), "max_depth": strconv.Itoa(depth), "eta": "0.1",
		},
		Channels: map[string]*algorithms.Data{"train": data},
	})
	if err != nil {
		return nil, err
	}
	return result.Files, nil
}

// oneBatch reads the whole table once.
type oneBatch struct {
	t      *table
	schema *dataset.Schema
	done   bool
}

func (r *oneBatch) Schema() *dataset.Schema { return r.schema }
func (r *oneBatch) Close() error            { return nil }
func (r *oneBatch) Next() (dataset.Batch, error) {
	if r.done {
		return nil, io.EOF
	}
	r.done = true
	cols := make([]dataset.Column, 0, len(r.t.cols)+1)
	for _, c := range r.t.cols {
		cols = append(cols, dataset.NewFloat32(c))
	}
	return dataset.NewBatch(r.schema, append(cols, dataset.NewFloat32(r.t.labels)), r.t.rows()), nil
}

// predictAlone times the predictor over as many rows on all cores, nothing read and nothing written.
func predictAlone(_ context.Context, files map[string][]byte, t *table, rows int) (time.Duration, error) {
	fsys := fstest.MapFS{}
	for name, data := range files {
		fsys[name] = &fstest.MapFile{Data: data}
	}
	p, err := xgboost.New().Load(fsys)
	if err != nil {
		return 0, err
	}
	scorer, err := p.Bind(t.schema(), true)
	if err != nil {
		return 0, err
	}
	batch := t.draw(rand.New(rand.NewPCG(7, 0)), dataset.DefaultBatchRows)
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
