package hist

import (
	"math"
	"slices"

	"github.com/batchmill/batchmill/algorithms/xgboost/internal/order"
)

// Sketch sees every row once and then knows where to cut each feature. It keeps a sample of rows, chosen by a hash of the
// row's number, and for each feature the distinct values for as long as they are few. Up to sampleRows rows the sample is
// the whole data, so that the rows can be binned without being read a second time.
type Sketch struct {
	maxBin   int
	features []sketchFeature
	weights  []float32 // of the sample; nil while all are 1
	numbers  []uint64  // row numbers of the sample
	rows     uint64    // rows seen
	limit    uint64    // rows whose hash is below are kept
	capacity int
}

type sketchFeature struct {
	categorical bool
	sample      []float32
	distinct    map[float32]struct{} // nil once there are more than bins
	last        float32              // the last value seen: often the next one too
}

const (
	sampleRows   = 1 << 18
	sampleValues = 1 << 27 // bounds the sample of wide data: 512 MiB
	minSample    = 1 << 14
)

// NewSketch prepares for features, some of them categorical codes, to be cut into at most maxBin bins.
func NewSketch(categorical []bool, maxBin int) *Sketch {
	s := &Sketch{maxBin: effectiveBins(maxBin), limit: math.MaxUint64}
	s.capacity = max(minSample, min(sampleRows, sampleValues/max(1, len(categorical))))
	s.features = make([]sketchFeature, len(categorical))
	for i, c := range categorical {
		s.features[i] = sketchFeature{categorical: c, last: float32(math.NaN())}
		if !c {
			s.features[i].distinct = map[float32]struct{}{}
		}
	}
	return s
}

// Add shows n further rows: columns[f] holds feature f, missing values as NaN. weights may be nil.
func (s *Sketch) Add(columns [][]float32, weights []float32, n int, pool *Pool) {
	var keep []int
	for i := range n {
		if s.limit == math.MaxUint64 || mix(s.rows+uint64(i)) < s.limit {
			keep = append(keep, i)
			s.numbers = append(s.numbers, s.rows+uint64(i))
		}
	}
	if weights != nil {
		for len(s.weights) < len(s.numbers)-len(keep) {
			s.weights = append(s.weights, 1)
		}
		for _, i := range keep {
			s.weights = append(s.weights, weights[i])
		}
	}
	pool.Each(len(s.features), func(f int) {
		s.features[f].add(columns[f][:n], keep, s.maxBin)
	})
	s.rows += uint64(n)
	for len(s.numbers) > s.capacity {
		s.thin()
	}
}

func (f *sketchFeature) add(column []float32, keep []int, maxBin int) {
	if len(keep) == len(column) {
		f.sample = append(f.sample, column...)
	} else {
		for _, i := range keep {
			f.sample = append(f.sample, column[i])
		}
	}
	if f.distinct == nil {
		return
	}
	for _, v := range column {
		if v != v || v == f.last {
			continue
		}
		f.last = v
		if f.distinct[v] = struct{}{}; len(f.distinct) > maxBin {
			f.distinct = nil
			return
		}
	}
}

// thin halves the sample.
func (s *Sketch) thin() {
	s.limit /= 2
	var keep []int
	for i, number := range s.numbers {
		if mix(number) < s.limit {
			keep = append(keep, i)
		}
	}
	s.numbers = pick(s.numbers, keep)
	if s.weights != nil {
		s.weights = pick(s.weights, keep)
	}
	for f := range s.features {
		s.features[f].sample = pick(s.features[f].sample, keep)
	}
}

func pick[T any](values []T, keep []int) []T {
	for to, from := range keep {
		values[to] = values[from]
	}
	return values[:len(keep)]
}

// Rows is the number of rows seen.
func (s *Sketch) Rows() int { return int(s.rows) }

// Sample returns the columns of the sample, and whether it holds every row.
func (s *Sketch) Sample() (columns [][]float32, all bool) {
	columns = make([][]float32, len(s.features))
	for f := range columns {
		columns[f] = s.features[f].sample
	}
	return columns, uint64(len(s.numbers)) == s.rows
}

// Cuts returns the bins. categories[f] is the number of codes of categorical feature f.
func (s *Sketch) Cuts(categories []int, pool *Pool) *Cuts {
	features := make([]Feature, len(s.features))
	free := make(chan *sorter, pool.Threads())
	for range cap(free) {
		free <- new(sorter)
	}
	pool.Each(len(features), func(f int) {
		if s.features[f].categorical {
			features[f].Categories = max(1, categories[f])
			return
		}
		sort := <-free
		values, weights := s.features[f].values(s.weights, sort)
		features[f].Bounds = numericCuts(values, weights, s.maxBin)
		free <- sort
	})
	return NewCuts(features)
}

// sorter is memory for one feature at a time: what each left behind would come to more than the sample itself.
type sorter struct {
	keys, other []uint64
	values      []float32
	weights     []float64
}

// values returns the distinct values, ascending, with their weights, in the sorter's memory.
func (f *sketchFeature) values(rowWeights []float32, s *sorter) (values []float32, weights []float64) {
	if f.distinct != nil {
		for v := range f.distinct {
			values = append(values, v)
		}
		slices.Sort(values)
		return values, nil
	}
	if cap(s.keys) < len(f.sample) {
		s.keys, s.other = make([]uint64, 0, len(f.sample)), make([]uint64, len(f.sample))
		s.values, s.weights = make([]float32, 0, len(f.sample)), make([]float64, 0, len(f.sample))
	}
	keys := s.keys[:0]
	for i, v := range f.sample {
		if v == v {
			keys = append(keys, uint64(order.Key(v))<<32|uint64(i))
		}
	}
	order.Sort(keys, s.other)
	values, weights = s.values[:0], s.weights[:0]
	for _, k := range keys {
		v, w := order.Value(uint32(k>>32)), 1.0
		if rowWeights != nil {
			w = float64(rowWeights[uint32(k)])
		}
		if n := len(values); n > 0 && values[n-1] == v {
			weights[n-1] += w
		} else {
			values, weights = append(values, v), append(weights, w)
		}
	}
	return values, weights
}

// mix is splitmix64's finaliser: a hash of a number.
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
