package split

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
)

// Decision says where the sides of each stratum meet. It is plain JSON, some hundred bytes per stratum.
type Decision struct {
	Pass   int  // passes made
	Final  bool // every cut is exact; until then the table must be scanned again with this decision
	Strata map[string]*StratumDecision
}

// StratumDecision is one stratum's part, the whole table's in a Time split.
type StratumDecision struct {
	Label string  // the stratum's value, "" for missing
	Rows  int64   // rows in the stratum
	Sides []int64 // rows on each side
	Cuts  []Cut   // one fewer than sides, in order
}

// Cut is the border between two sides: the key with exactly Rank keys of the stratum below it goes to the upper side. It
// is Lo if Exact, else somewhere from Lo (inclusive) to Hi (exclusive).
type Cut struct {
	Rank  int64
	Lo    Key
	Hi    Key
	Exact bool
}

// Open lists the cuts that are not exact yet.
func (d *StratumDecision) Open() []Cut {
	var open []Cut
	for _, cut := range d.Cuts {
		if !cut.Exact {
			open = append(open, cut)
		}
	}
	return open
}

func stratumID(hash uint64) string { return strconv.FormatUint(hash, 16) }

// Decide places the cuts as far as the merged summary of all units of a pass allows. before is the decision that pass was
// made with, nil for the first.
func (s *Splitter) Decide(before *Decision, merged *Summary) (*Decision, error) {
	if before == nil {
		before = s.rank(merged)
	}
	if merged.pass != before.Pass+1 || len(merged.strata) != len(before.Strata) {
		return nil, fmt.Errorf("%w: a summary of pass %d after decision %d", ErrMismatch, merged.pass, before.Pass)
	}
	next := &Decision{Pass: merged.pass, Final: true, Strata: map[string]*StratumDecision{}}
	for id, st := range merged.strata {
		was, ok := before.Strata[stratumID(id)]
		if !ok || was.Rows != st.rows {
			return nil, fmt.Errorf("%w: stratum %q has %d rows, in the pass before it had not", ErrMismatch, st.label, st.rows)
		}
		now := narrow(was, st, merged.pass == 1)
		next.Strata[stratumID(id)] = now
		next.Final = next.Final && len(now.Open()) == 0
	}
	return next, nil
}

// rank gives every stratum its number of rows on each side and leaves its cuts open.
func (s *Splitter) rank(merged *Summary) *Decision {
	ids := slices.Sorted(maps.Keys(merged.strata))
	sizes := make([]int64, len(ids))
	for i, id := range ids {
		sizes[i] = merged.strata[id].rows
	}
	d := &Decision{Strata: map[string]*StratumDecision{}}
	for i, sides := range allocate(sizes, s.shares) {
		st := &StratumDecision{Label: merged.strata[ids[i]].label, Rows: sizes[i], Sides: sides}
		rank := int64(0)
		for _, n := range sides[:len(sides)-1] {
			rank += n
			st.Cuts = append(st.Cuts, Cut{Rank: rank, Hi: afterAll})
		}
		d.Strata[stratumID(ids[i])] = st
	}
	return d
}

// narrow places a stratum's open cuts with what a pass has seen: in the first pass one span for all of them.
func narrow(was *StratumDecision, seen *stratum, shared bool) *StratumDecision {
	now := &StratumDecision{Label: was.Label, Rows: was.Rows, Sides: was.Sides, Cuts: slices.Clone(was.Cuts)}
	var all []weighted
	at := 0
	for i := range now.Cuts {
		cut := &now.Cuts[i]
		if cut.Exact {
			continue
		}
		sp := &seen.spans[0]
		if !shared {
			sp = &seen.spans[at]
		}
		if at == 0 || !shared {
			all = sp.sketch.sorted()
		}
		at++
		if cut.Rank == was.Rows {
			cut.Lo, cut.Exact = afterAll, true
			continue
		}
		cut.Lo, cut.Hi, cut.Exact = sp.sketch.bracket(all, cut.Rank-sp.below, *cut)
	}
	return now
}
