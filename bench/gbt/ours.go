package main

import (
	"context"
	"fmt"
	"io"
	"math"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing/fstest"
	"time"

	"github.com/batchmill/batchmill/algorithms"
	"github.com/batchmill/batchmill/algorithms/xgboost"
	"github.com/batchmill/batchmill/dataset"
)

// ours trains and scores with Batchmill.
func (w work) ours(ctx context.Context, train, test *frame) (outcome, error) {
	var o outcome
	data := train.data()
	runtime.GC()
	start := time.Now()
	result, err := xgboost.New().Train(ctx, &algorithms.TrainRequest{
		HyperParameters: w.ourParams(), Channels: map[string]*algorithms.Data{"train": data},
	})
	if err != nil {
		return o, err
	}
	o.Train = time.Since(start).Seconds()
	files := fstest.MapFS{}
	for name, content := range result.Files {
		files[name] = &fstest.MapFile{Data: content}
	}
	p, err := xgboost.New().Load(files)
	if err != nil {
		return o, err
	}
	batches := test.batches()
	scorer, err := p.Bind(batches[0].Schema(), true)
	if err != nil {
		return o, err
	}
	start = time.Now()
	cols, err := scoreAll(scorer, batches)
	if err != nil {
		return o, err
	}
	o.Predict = time.Since(start).Seconds()
	scores, width, err := flatten(cols)
	if err != nil {
		return o, err
	}
	o.quality = w.score(scores, width, test.label)
	o.PeakMB = peakMB()
	return o, nil
}

// data hands the frame to the algorithm as batches that are in memory already.
func (f *frame) data() *algorithms.Data {
	schema := dataset.NewSchema(true, append(f.fields(), dataset.Field{Name: labelName, Type: dataset.Float32Type})...)
	var features []string
	for _, c := range f.columns {
		features = append(features, c.name)
	}
	const step = 1 << 16
	var batches []dataset.Batch
	for from := 0; from < len(f.label); from += step {
		to := min(from+step, len(f.label))
		cols := append(f.slice(from, to), dataset.NewFloat32(f.label[from:to]))
		batches = append(batches, dataset.NewBatch(schema, cols, to-from))
	}
	return &algorithms.Data{
		Schema: schema, Label: []string{labelName}, Features: features, Named: true,
		Open: func(context.Context) (dataset.Reader, error) { return &memory{schema: schema, batches: batches}, nil },
	}
}

const labelName = "the label"

func (f *frame) fields() []dataset.Field {
	var fields []dataset.Field
	for _, c := range f.columns {
		t := dataset.Float32Type
		if c.categories != nil {
			t = dataset.StringType
		}
		fields = append(fields, dataset.NullField(c.name, t))
	}
	return fields
}

// slice makes Arrow columns of rows from..to.
func (f *frame) slice(from, to int) []dataset.Column {
	var cols []dataset.Column
	for _, c := range f.columns {
		if c.categories == nil {
			cols = append(cols, dataset.NewFloat32(c.values[from:to]))
			continue
		}
		texts := make([]string, to-from)
		for i, v := range c.values[from:to] {
			if !math.IsNaN(float64(v)) {
				texts[i] = c.categories[int(v)]
			}
		}
		cols = append(cols, dataset.NewStrings(texts))
	}
	return cols
}

func (f *frame) batches() []dataset.Batch {
	schema := dataset.NewSchema(true, f.fields()...)
	var batches []dataset.Batch
	for from := 0; from < len(f.label); from += dataset.DefaultBatchRows {
		to := min(from+dataset.DefaultBatchRows, len(f.label))
		batches = append(batches, dataset.NewBatch(schema, f.slice(from, to), to-from))
	}
	return batches
}

// memory reads batches that are there already, again and again.
type memory struct {
	schema  *dataset.Schema
	batches []dataset.Batch
	next    int
}

func (m *memory) Schema() *dataset.Schema { return m.schema }
func (m *memory) Close() error            { return nil }
func (m *memory) Next() (dataset.Batch, error) {
	if m.next == len(m.batches) {
		return nil, io.EOF
	}
	b := m.batches[m.next]
	m.next++
	b.Retain()
	return b, nil
}

// scoreAll scores the batches on all cores.
func scoreAll(scorer algorithms.Scorer, batches []dataset.Batch) ([]dataset.Column, error) {
	cols, errs := make([]dataset.Column, len(batches)), make([]error, len(batches))
	next := make(chan int)
	var wg sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for i := range next {
				cols[i], errs[i] = scorer.Score(batches[i])
			}
		})
	}
	for i := range batches {
		next <- i
	}
	close(next)
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return nil, err
		}
	}
	return cols, nil
}

func flatten(cols []dataset.Column) (scores []float32, width int, err error) {
	width = 1
	for _, c := range cols {
		if values, w, ok := dataset.Vectors(c); ok {
			scores, width = append(scores, values...), w
			continue
		}
		buf := make([]float32, c.Len())
		if err := dataset.Floats(c, buf); err != nil {
			return nil, 0, err
		}
		scores = append(scores, buf...)
	}
	return scores, width, nil
}

// peakMB is this process's high-water mark of resident memory.
func peakMB() float64 {
	data, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(data)) {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kb, err := strconv.ParseFloat(strings.TrimSuffix(strings.TrimSpace(rest), " kB"), 64)
			if err != nil {
				fmt.Fprintln(os.Stderr, err)
			}
			return kb / 1024
		}
	}
	return 0
}
