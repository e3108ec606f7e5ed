package xgboost

import (
	"context"
	"encoding/json"
	"math"
	"math/rand/v2"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/batchmill/batchmill/algorithms"
	"github.com/batchmill/batchmill/algorithms/xgboost/internal/hist"
)

// higgs makes n rows of 28 features out of the real ones of higgs_small: drawn with replacement, values moved by 1 %.
func higgs(t testing.TB, n int) rows {
	real := readCSV(t, "label", nil, "higgs_small", "higgs_small.csv.gz")
	real = real[:29] // the last column says which sample a row is from
	random := rand.New(rand.NewPCG(1, 2))
	out := make(rows, len(real))
	for f, c := range real {
		out[f] = column{name: c.name, numbers: make([]float32, n)}
	}
	for r := range n {
		from := random.IntN(len(real[0].numbers))
		out[0].numbers[r] = real[0].numbers[from]
		for f := 1; f < len(real); f++ {
			out[f].numbers[r] = real[f].numbers[from] * float32(1+0.01*random.NormFloat64())
		}
	}
	return out
}

var benchParams = map[string]string{"objective": "binary:logistic", "num_round": "100", "max_depth": "6", "eta": "0.1"}

// cpuSeconds is the processor time used so far: on a machine that others use too it says more than the clock.
func cpuSeconds() float64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return math.NaN()
	}
	return float64(u.Utime.Nano()+u.Stime.Nano()) / 1e9
}

// BenchmarkTrain trains 100 rounds of depth 6 on 200,000 x 28 rows, reading and binning included.
func BenchmarkTrain(b *testing.B) {
	train := higgs(b, 200000)
	for _, test := range []struct {
		name string
		more map[string]string
	}{{"depth 6", nil}, {"depth 8", map[string]string{"max_depth": "8"}}, {"255 leaves", map[string]string{"grow_policy": "lossguide", "max_leaves": "255", "max_depth": "0"}}} {
		b.Run(test.name, func(b *testing.B) {
			hp := map[string]string{}
			for _, m := range []map[string]string{benchParams, test.more} {
				for k, v := range m {
					hp[k] = v
				}
			}
			cpu := cpuSeconds()
			for b.Loop() {
				trainRows(b, hp, train, nil, nil)
			}
			b.ReportMetric((cpuSeconds()-cpu)/float64(b.N), "cpu-s/op")
			b.ReportMetric(float64(train[0].len())*100*float64(b.N)/b.Elapsed().Seconds(), "rows*rounds/s")
		})
	}
}

// BenchmarkTrainXGBoost is BenchmarkTrain by the Python package, binning included.
func BenchmarkTrainXGBoost(b *testing.B) {
	dir := b.TempDir()
	train, few := filepath.Join(dir, "train.csv"), filepath.Join(dir, "test.csv")
	all := higgs(b, 200000)
	writeTable(b, train, append([][]float32{all[0].numbers}, columnsOf(all)...))
	part := all.pick(func(i int) bool { return i < 100000 })
	writeTable(b, few, append([][]float32{part[0].numbers}, columnsOf(part)...))
	for _, depth := range []int{6, 8} {
		b.Run("depth "+strconv.Itoa(depth), func(b *testing.B) {
			params, err := json.Marshal(map[string]any{"objective": "binary:logistic", "tree_method": "hist", "num_boost_round": 100, "max_depth": depth,
				"eta": 0.1, "base_score": 0.5, "nthread": hist.NewPool(0).Threads()})
			require.NoError(b, err)
			var took struct{ Binning, Training, Predicting, CPU float64 }
			for b.Loop() {
				require.NoError(b, json.Unmarshal([]byte(python(b, "train_model.py", string(params), train, few)), &took))
			}
			b.ReportMetric(took.Binning+took.Training, "train-s")
			b.ReportMetric(took.CPU, "cpu-s/op")
			b.ReportMetric(100000/took.Predicting, "predict-rows/s")
		})
	}
}

// BenchmarkScore scores 200,000 x 28 rows with 100 trees of depth 6 on one core, in batches of 10,000 rows.
func BenchmarkScore(b *testing.B) {
	data := higgs(b, 200000)
	for _, depth := range []string{"6", "8"} {
		b.Run("depth "+depth, func(b *testing.B) {
			hp := map[string]string{"max_depth": depth}
			for k, v := range benchParams {
				if k != "max_depth" {
					hp[k] = v
				}
			}
			p := load(b, trainRows(b, hp, data.pick(func(i int) bool { return i < 50000 }), nil, nil).Files)
			s, err := p.Bind(data[1:].schema(), true)
			require.NoError(b, err)
			cpu := cpuSeconds()
			for b.Loop() {
				for from := 0; from < 200000; from += 10000 {
					batch := data[1:].batch(from, from+10000)
					_, err := s.Score(batch)
					require.NoError(b, err)
					batch.Release()
				}
			}
			b.ReportMetric(200000*float64(b.N)/(cpuSeconds()-cpu), "rows/cpu-s")
			b.ReportMetric(200000*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}

// BenchmarkRead reads and bins 200,000 x 28 rows.
func BenchmarkRead(b *testing.B) {
	train := higgs(b, 200000)
	set, err := readSettings(benchParams)
	require.NoError(b, err)
	for b.Loop() {
		_, err := newTraining(context.Background(), &algorithms.TrainRequest{Channels: map[string]*algorithms.Data{"train": train.data()}}, set)
		require.NoError(b, err)
	}
}
