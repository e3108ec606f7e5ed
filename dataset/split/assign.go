package split

import (
	"errors"
	"fmt"

	"github.com/batchmill/batchmill/dataset"
)

// ErrUndecided says that rows were to be assigned before the scan was complete.
var ErrUndecided = errors.New("split: the table must be scanned first")

// Assigner gives rows their sides. Not safe for concurrent use; use one for each unit or shard.
type Assigner struct {
	rows *rowReader
	cuts map[uint64]*StratumDecision // by stratum hash, nil where no scan is needed
}

// Assigner makes one for tables of that schema. decision is the final one of the scan, nil where none is needed.
// Errors are *dataset.SchemaError or ErrUndecided.
func (s *Splitter) Assigner(schema *dataset.Schema, decision *Decision) (*Assigner, error) {
	rows, err := s.newRowReader(schema)
	if err != nil || !s.NeedsScan() {
		return &Assigner{rows: rows}, err
	}
	if decision == nil || !decision.Final {
		return nil, ErrUndecided
	}
	a := &Assigner{rows, make(map[uint64]*StratumDecision, len(decision.Strata))}
	for id, st := range decision.Strata {
		var hash uint64
		if _, err := fmt.Sscanf(id, "%x", &hash); err != nil {
			return nil, fmt.Errorf("split: stratum %q of a decision: %w", id, err)
		}
		a.cuts[hash] = st
	}
	return a, nil
}

// Assign writes the side of each row of a batch to dst and returns dst[:rows], growing it if needed. firstRow and object
// say where the batch stands, as in Collector.Observe; only Stratified and Time look at them. A stratum that the scan did
// not meet is ErrMismatch: the table has changed. A time that cannot be read is a *dataset.RecordError without Object.
func (a *Assigner) Assign(batch dataset.Batch, firstRow int64, object int, dst []uint8) ([]uint8, error) {
	if err := a.rows.read(batch, firstRow); err != nil {
		return nil, err
	}
	n := int(batch.NumRows())
	if cap(dst) < n {
		dst = make([]uint8, n)
	}
	dst = dst[:n]
	for i := range dst {
		if a.cuts == nil {
			dst[i] = a.rows.splitter.sideOf(a.rows.draw(i))
			continue
		}
		st, ok := a.cuts[a.rows.stratum(i)]
		if !ok {
			return nil, fmt.Errorf("%w: row %d of object %d has a value of %q that the scan did not meet", ErrMismatch, firstRow+int64(i), object, a.rows.splitter.column)
		}
		dst[i] = st.side(a.rows.key(i, firstRow, object))
	}
	return dst, nil
}

func (d *StratumDecision) side(k Key) uint8 {
	for i, cut := range d.Cuts {
		if k.less(cut.Lo) {
			return uint8(i)
		}
	}
	return uint8(len(d.Cuts))
}
