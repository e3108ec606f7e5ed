package tables

import (
	"context"
	"math"
	"math/rand/v2"
	"path/filepath"

	"github.com/batchmill/batchmill/algorithms"
	"github.com/batchmill/batchmill/dataset"
)

// Sparse is made rows of which little is stored; the rest is missing. Row i has what lies from Starts[i] to Starts[i+1].
type Sparse struct {
	Width   int
	Starts  []int32
	Indices []int32
	Values  []float32
	Label   []float32 // nil where there are features only
}

// Kind is what values sparse rows store.
type Kind string

// The kinds of sparse rows.
const (
	Measures Kind = "measures" // real numbers, nearly all different: many bins
	Flags    Kind = "flags"    // ones, as of categories: a bin each
	Words    Kind = "words"    // small counts of features some of which are far more frequent than others
)

// signalEvery is how many features there are for one that the label depends on.
const signalEvery = 20

// MakeSparse makes rows of width features, stored of them at random places, and a label of yes and no that depends on some
// features linearly, with noise. Rows of other seeds have the same features and other values.
func MakeSparse(kind Kind, rows, width, stored int, seed uint64) *Sparse {
	weights, random := rand.New(rand.NewPCG(1, 1)), rand.New(rand.NewPCG(seed, 2))
	weight := make([]float64, width)
	for f := 0; f < width; f += signalEvery {
		weight[f] = 2 * weights.NormFloat64()
	}
	s := &Sparse{Width: width, Starts: make([]int32, 1, rows+1)}
	in := make([]int32, width) // the last row that stores the feature, from 1
	for row := range int32(rows) {
		score := random.NormFloat64()
		for range stored {
			f, v := kind.draw(random, width)
			if in[f] == row+1 {
				continue
			}
			in[f] = row + 1
			s.Indices, s.Values = append(s.Indices, f), append(s.Values, v)
			score += weight[f] * float64(v)
		}
		label := float32(0)
		if score > 0 {
			label = 1
		}
		s.Starts, s.Label = append(s.Starts, int32(len(s.Indices))), append(s.Label, label)
	}
	return s
}

func (k Kind) draw(random *rand.Rand, width int) (feature int32, value float32) {
	switch k {
	case Words: // the n-th most frequent one comes up in proportion to 1/n
		return int32(math.Exp(random.Float64()*math.Log(float64(width)))) - 1, float32(1 + random.IntN(1+random.IntN(4)))
	case Flags:
		return int32(random.IntN(width)), 1
	}
	return int32(random.IntN(width)), float32(random.NormFloat64())
}

// Data hands the rows to an algorithm as a channel of a batch that is in memory already.
func (s *Sparse) Data() *algorithms.Data {
	batches := s.Batches()
	schema := dataset.SparseSchema()
	return &algorithms.Data{
		Schema: schema, Label: []string{"label"}, Features: []string{"indices", "values"},
		Open: func(context.Context) (dataset.Reader, error) { return &memory{schema: schema, batches: batches}, nil },
	}
}

// Batches are the rows in batches of the usual size.
func (s *Sparse) Batches() []dataset.Batch {
	var batches []dataset.Batch
	rows := len(s.Starts) - 1
	for from := 0; from < rows; from += dataset.DefaultBatchRows {
		to := min(rows, from+dataset.DefaultBatchRows)
		first, last := s.Starts[from], s.Starts[to]
		starts := make([]int32, to-from+1)
		for i := range starts {
			starts[i] = s.Starts[from+i] - first
		}
		label := make([]float32, to-from)
		if s.Label != nil {
			copy(label, s.Label[from:to])
		}
		batches = append(batches, dataset.NewSparseBatch(label, starts, s.Indices[first:last], s.Values[first:last]))
	}
	return batches
}

// The files of sparse rows: .npy of float32, which holds every number there is exactly.
const (
	lengthsFile = "lengths.npy" // how many values each row stores
	indicesFile = "indices.npy"
	valuesFile  = "values.npy"
)

// Write writes the features to files in a folder.
func (s *Sparse) Write(dir string) error {
	lengths := make([]float32, len(s.Starts)-1)
	for i := range lengths {
		lengths[i] = float32(s.Starts[i+1] - s.Starts[i])
	}
	indices := make([]float32, len(s.Indices))
	for i, f := range s.Indices {
		indices[i] = float32(f)
	}
	for name, column := range map[string][]float32{lengthsFile: lengths, indicesFile: indices, valuesFile: s.Values} {
		if err := WriteNPY(filepath.Join(dir, name), column); err != nil {
			return err
		}
	}
	return nil
}

// ReadSparse reads what Write wrote.
func ReadSparse(dir string, width int) (*Sparse, error) {
	read := map[string][]float32{}
	for _, name := range []string{lengthsFile, indicesFile, valuesFile} {
		columns, err := ReadNPY(filepath.Join(dir, name))
		if err != nil {
			return nil, err
		}
		read[name] = columns[0]
	}
	s := &Sparse{Width: width, Starts: []int32{0}, Values: read[valuesFile]}
	for _, n := range read[lengthsFile] {
		s.Starts = append(s.Starts, s.Starts[len(s.Starts)-1]+int32(n))
	}
	for _, f := range read[indicesFile] {
		s.Indices = append(s.Indices, int32(f))
	}
	return s, nil
}
