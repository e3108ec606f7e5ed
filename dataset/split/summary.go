package split

import (
	"errors"
	"fmt"
	"maps"
	"slices"
)

const (
	// keysKept is how many keys a summary holds before it thins them: 8 MB in memory, about 5 MB encoded.
	keysKept = 1 << 18
	// leastKept bounds how thin a stratum's sketch may get.
	leastKept = 128
	// MaxStrata is how many different values a stratum column may have.
	MaxStrata = 4096
)

// ErrTooManyStrata says that a stratum column has more than MaxStrata different values; it is no column of classes.
var ErrTooManyStrata = errors.New("split: too many different values to stratify by")

// ErrMismatch says that summaries or a decision are of different scans or tables.
var ErrMismatch = errors.New("split: summaries do not belong together")

// Summary is what one pass has learned of some of the table's rows. Merge joins the summaries of all units, in any order;
// MarshalBinary carries one between processes.
type Summary struct {
	pass   int    // which pass it is of, from 1
	types  string // the time column's type: keys of different types do not compare
	strata map[uint64]*stratum
	limit  int // a level of a sketch is thinned when it holds as many keys
	kept   int // keys held
	most   int // keys to hold
}

type stratum struct {
	label string
	rows  int64
	open  []Cut  // the cuts the decision before left open; not encoded
	spans []span // one for each of those; in the first pass one over everything
}

// span is what was seen of the keys between two bounds.
type span struct {
	below  int64 // rows under the lower bound
	sketch sketch
}

func newSummary(pass int, types string, keys int) *Summary {
	return &Summary{pass: pass, types: types, strata: map[uint64]*stratum{}, limit: keys, most: keys}
}

// Rows is the number of rows observed.
func (s *Summary) Rows() int64 {
	n := int64(0)
	for _, st := range s.strata {
		n += st.rows
	}
	return n
}

// Merge adds another summary of the same pass. It takes the other one's memory over.
func (s *Summary) Merge(other *Summary) error {
	if other.pass != s.pass {
		return fmt.Errorf("%w: passes %d and %d", ErrMismatch, s.pass, other.pass)
	}
	if other.types != s.types && len(s.strata) > 0 && len(other.strata) > 0 {
		return fmt.Errorf("%w: column types %s and %s", ErrMismatch, s.types, other.types)
	}
	if len(s.strata) == 0 {
		s.types = other.types
	}
	s.limit = min(s.limit, other.limit)
	for _, id := range slices.Sorted(maps.Keys(other.strata)) {
		from := other.strata[id]
		to, ok := s.strata[id]
		if !ok {
			s.strata[id] = from
			continue
		}
		if len(from.spans) != len(to.spans) {
			return fmt.Errorf("%w: stratum %q", ErrMismatch, to.label)
		}
		to.rows += from.rows
		for i := range to.spans {
			to.spans[i].below += from.spans[i].below
			to.spans[i].sketch.merge(&from.spans[i].sketch)
		}
	}
	s.kept += other.kept
	if err := s.checkStrata(); err != nil {
		return err
	}
	s.thin()
	return nil
}

func (s *Summary) checkStrata() error {
	if len(s.strata) > MaxStrata {
		return fmt.Errorf("%w: more than %d", ErrTooManyStrata, MaxStrata)
	}
	return nil
}

// thin brings the summary back under its number of keys.
func (s *Summary) thin() {
	for s.kept > s.most {
		s.kept = 0
		for _, st := range s.strata {
			for i := range st.spans {
				st.spans[i].sketch.thin(s.limit)
				s.kept += st.spans[i].sketch.kept()
			}
		}
		if s.limit <= leastKept {
			return
		}
		if s.kept > s.most/2 {
			s.limit /= 2
		}
	}
}
