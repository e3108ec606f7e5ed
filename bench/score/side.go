package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing/fstest"
	"time"

	"github.com/batchmill/batchmill/algorithms"
	"github.com/batchmill/batchmill/algorithms/xgboost"
	"github.com/batchmill/batchmill/dataset"
)

// side is Batchmill with a model and the rows, in batches of the size that readers make.
type side struct {
	scorer  algorithms.Scorer
	batches []dataset.Batch
	scores  []dataset.Column
}

// newSide loads a model and scores once.
func newSide(model string, rows []float32, width int) (*side, error) {
	data, err := os.ReadFile(model)
	if err != nil {
		return nil, err
	}
	p, err := xgboost.New().Load(fstest.MapFS{filepath.Base(model): &fstest.MapFile{Data: data}})
	if err != nil {
		return nil, err
	}
	fields := make([]dataset.Field, width)
	for f := range fields {
		fields[f] = dataset.NullField("f"+strconv.Itoa(f), dataset.Float32Type)
	}
	s := &side{}
	schema := dataset.NewSchema(false, fields...)
	for from := 0; from < len(rows)/width; from += dataset.DefaultBatchRows {
		n := min(dataset.DefaultBatchRows, len(rows)/width-from)
		columns := make([]dataset.Column, width)
		for f := range columns {
			values := make([]float32, n)
			for r := range values {
				values[r] = rows[(from+r)*width+f]
			}
			columns[f] = dataset.NewFloat32(values)
		}
		s.batches = append(s.batches, dataset.NewBatch(schema, columns, n))
	}
	if s.scorer, err = p.Bind(schema, false); err != nil {
		return nil, err
	}
	_, err = s.score()
	return s, err
}

// timing is what scoring all rows took.
type timing struct {
	Seconds float64
	CPU     float64 // seconds of processor time, all threads together: on a busy machine it says more than the clock
}

var never = timing{math.Inf(1), math.Inf(1)}

func (t timing) least(other timing) timing {
	return timing{min(t.Seconds, other.Seconds), min(t.CPU, other.CPU)}
}

// cpuSeconds is the processor time that this process has used.
func cpuSeconds() float64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return math.NaN()
	}
	return float64(u.Utime.Nano()+u.Stime.Nano()) / 1e9
}

// score scores all batches on all threads.
func (s *side) score() (timing, error) {
	runtime.GC()
	start, cpu := time.Now(), cpuSeconds()
	s.scores = make([]dataset.Column, len(s.batches))
	errs := make([]error, len(s.batches))
	next := make(chan int)
	var wg sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for i := range next {
				s.scores[i], errs[i] = s.scorer.Score(s.batches[i])
			}
		})
	}
	for i := range s.batches {
		next <- i
	}
	close(next)
	wg.Wait()
	return timing{time.Since(start).Seconds(), cpuSeconds() - cpu}, errors.Join(errs...)
}

// difference is the largest between our predictions and others.
func (s *side) difference(others []float32) (float64, error) {
	var largest float64
	for _, c := range s.scores {
		ours := make([]float32, c.Len())
		if err := dataset.Floats(c, ours); err != nil {
			return 0, err
		}
		if len(others) < len(ours) {
			return 0, fmt.Errorf("%d predictions are missing", len(ours)-len(others))
		}
		for i, y := range ours {
			largest = max(largest, math.Abs(float64(y-others[i])))
		}
		others = others[len(ours):]
	}
	return largest, nil
}

// readNPY reads a matrix of float32, row by row (https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html).
func readNPY(path string) (values []float32, width int, err error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, 0, err
	}
	if len(data) < 10 {
		return nil, 0, fmt.Errorf("%s is no .npy file", path)
	}
	start := 10 + int(binary.LittleEndian.Uint16(data[8:]))
	_, shape, _ := strings.Cut(string(data[10:start]), "'shape': (")
	var rows int
	if _, err := fmt.Sscanf(shape, "%d, %d", &rows, &width); err != nil {
		return nil, 0, fmt.Errorf("%s: shape: %w", path, err)
	}
	values = make([]float32, rows*width)
	for i := range values {
		values[i] = math.Float32frombits(binary.LittleEndian.Uint32(data[start+4*i:]))
	}
	return values, width, nil
}
