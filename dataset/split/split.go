// Package split assigns each row of a table to one of several outputs: at random, in folds, by group, evenly within
// strata, or by time. A row's side depends on the seed and on the table's rows alone, never on how the input was cut into
// objects, units or shards, nor on how many workers read it.
//
//   - Random and KFold take the side from a hash of the seed and the row's content, so equal rows fall on one side, and a
//     row keeps its side when other rows come or go. Fractions hold on average, without bias.
//   - Group takes it from a hash of the seed and the group's value, so a group never straddles. Missing is a group of its
//     own.
//   - Stratified gives every output its fraction of each stratum to within one row, and of the whole table to within one
//     row too. Missing is a stratum of its own. Within a stratum the row hash decides, then the position.
//   - Time gives the earliest rows to the first output and the latest to the last, to within one row. Rows of the same
//     instant go by row hash, then position. Rows without a time come last.
//
// Stratified and Time need the table's order statistics first: Scan, Merge and Decide find them exactly in bounded memory,
// in one pass over tables up to a quarter of a million rows and commonly two passes above that. The package reads batches
// only; it knows no storage, no job and no format.
package split

import (
	"fmt"
	"math"
	"math/bits"

	"github.com/zeebo/xxh3"

	"github.com/batchmill/batchmill/dataset"
)

// Strategy is a way to choose sides.
type Strategy string

// The strategies.
const (
	Random     Strategy = "Random"
	KFold      Strategy = "KFold"
	Group      Strategy = "Group"
	Stratified Strategy = "Stratified"
	Time       Strategy = "Time"
)

// maxOutputs keeps sides within a byte.
const maxOutputs = 255

// Options says how to split.
type Options struct {
	// Column is the group, stratum or time column. Random and KFold have none.
	Column string
	// Fractions are the outputs' shares, in order, each above 0, summing to 1. KFold has none.
	Fractions []float64
	// Folds is the number of folds of KFold, 2 to 255.
	Folds int
	// Seed makes another split of the same kind. A split of a split needs another seed than the first, else the rows of one
	// side of the first all fall on one side of the second.
	Seed int64
}

// Splitter decides sides. It holds no rows and is safe for concurrent use.
type Splitter struct {
	strategy Strategy
	column   string
	shares   []int64 // whole parts of shareUnit, summing to it
	outputs  int
	salt     uint64
	keys     int // how many keys a summary may hold
}

// shareUnit is the resolution of fractions.
const shareUnit = int64(1e9)

// OptionError is an option the user must mend.
type OptionError struct {
	Option string // "Column", "Fractions", "Folds" or "Strategy"
	Reason string
}

func (e *OptionError) Error() string { return "split: " + e.Option + ": " + e.Reason }

// New checks the options. Errors are *OptionError.
func New(strategy Strategy, opt Options) (*Splitter, error) {
	s := &Splitter{strategy: strategy, column: opt.Column, keys: keysKept}
	s.salt = xxh3.HashStringSeed(string(strategy), uint64(opt.Seed))
	switch strategy {
	case Random, KFold:
		if opt.Column != "" {
			return nil, &OptionError{"Column", fmt.Sprintf("a %s split has no column", strategy)}
		}
	case Group, Stratified, Time:
		if opt.Column == "" {
			return nil, &OptionError{"Column", fmt.Sprintf("a %s split needs a column", strategy)}
		}
	default:
		return nil, &OptionError{"Strategy", fmt.Sprintf("%q is none of Random, KFold, Group, Stratified, Time", strategy)}
	}
	if strategy == KFold {
		return s, s.setFolds(opt)
	}
	return s, s.setFractions(opt.Fractions)
}

func (s *Splitter) setFolds(opt Options) error {
	if opt.Folds < 2 || opt.Folds > maxOutputs {
		return &OptionError{"Folds", fmt.Sprintf("%d is not in 2..%d", opt.Folds, maxOutputs)}
	}
	if len(opt.Fractions) > 0 {
		return &OptionError{"Fractions", "a KFold split has folds of equal size, no fractions"}
	}
	s.outputs = opt.Folds
	return nil
}

func (s *Splitter) setFractions(fractions []float64) error {
	if len(fractions) == 0 || len(fractions) > maxOutputs {
		return &OptionError{"Fractions", fmt.Sprintf("%d outputs, want 1 to %d", len(fractions), maxOutputs)}
	}
	sum, whole := 0.0, int64(0)
	for i, f := range fractions {
		if !(f > 0 && f <= 1) {
			return &OptionError{"Fractions", fmt.Sprintf("fraction %d is %v, want more than 0 and at most 1", i+1, f)}
		}
		sum += f
		// Rounding the running sum, not each fraction, keeps the parts' sum exact.
		upTo := min(int64(math.Round(sum*float64(shareUnit))), shareUnit)
		s.shares = append(s.shares, upTo-whole)
		whole = upTo
	}
	if math.Abs(sum-1) > 1e-6 {
		return &OptionError{"Fractions", fmt.Sprintf("they sum to %v, not to 1", sum)}
	}
	s.outputs = len(fractions)
	s.shares[len(s.shares)-1] += shareUnit - whole // thirds written as 0.333333 are meant to be thirds
	return nil
}

// Outputs is the number of outputs: the sides are 0 to Outputs()-1.
func (s *Splitter) Outputs() int { return s.outputs }

// NeedsScan tells whether the table must be scanned before rows can be assigned.
func (s *Splitter) NeedsScan() bool { return s.strategy == Stratified || s.strategy == Time }

// Check says whether a table of that schema can be split so: the column must be there, and for Time be of a type with an
// order. Errors are *dataset.SchemaError without Object.
func (s *Splitter) Check(schema *dataset.Schema) error {
	_, err := s.columnIndex(schema)
	return err
}

// columnIndex is -1 without a column.
func (s *Splitter) columnIndex(schema *dataset.Schema) (int, error) {
	if s.column == "" {
		return -1, nil
	}
	at := schema.FieldIndices(s.column)
	if len(at) != 1 {
		reason := "the split's column is not there"
		if len(at) > 1 {
			reason = "the split's column is there more than once"
		}
		return -1, &dataset.SchemaError{Column: s.column, Reason: reason}
	}
	if s.strategy == Time {
		switch field := schema.Field(at[0]); dataset.KindOf(field.Type) {
		case dataset.NumberKind, dataset.TimeKind, dataset.TextKind, dataset.NullKind:
		default:
			return -1, &dataset.SchemaError{Column: s.column, Reason: fmt.Sprintf("type %s has no time order", field.Type)}
		}
	}
	return at[0], nil
}

// draw makes a uniform 64-bit number of the seed and a row's or group's hash.
func (s *Splitter) draw(h uint64) uint64 {
	h = (h ^ s.salt) * 0x9E3779B97F4A7C15
	h = (h ^ h>>30) * 0xBF58476D1CE4E5B9
	h = (h ^ h>>27) * 0x94D049BB133111EB
	return h ^ h>>31
}

// sideOf maps a uniform draw to a side.
func (s *Splitter) sideOf(draw uint64) uint8 {
	if s.strategy == KFold {
		fold, _ := bits.Mul64(draw, uint64(s.outputs))
		return uint8(fold)
	}
	at, _ := bits.Mul64(draw, uint64(shareUnit))
	upTo := int64(0)
	for side, share := range s.shares {
		if upTo += share; int64(at) < upTo {
			return uint8(side)
		}
	}
	return uint8(len(s.shares) - 1)
}
