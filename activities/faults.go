package activities

import (
	"fmt"

	"github.com/batchmill/batchmill/dataset"
)

// span is a part of a shard that is worked by itself, to find out whether it can be.
type span struct {
	Run, Unit int           // of the shard
	Part      *dataset.Unit `json:",omitempty"` // of the unit's bytes; nil: all of them
	Rows      *rowRange     `json:",omitempty"` // of the unit's records, by their place; nil: all of them
}

// rowRange is records From (inclusive) to To (exclusive). An empty one has all records read and none scored.
type rowRange struct{ From, To int64 }

func (s span) String() string {
	at := fmt.Sprintf("unit %d of run %d", s.Unit, s.Run)
	switch {
	case s.Part != nil:
		at += fmt.Sprintf(", bytes %d to %d", s.Part.Offset, s.Part.Offset+s.Part.Length)
	case s.Rows != nil:
		at += fmt.Sprintf(", records %d to %d", s.Rows.From, s.Rows.To)
	}
	return at
}

// at says which unit of a shard something belongs to.
type at struct{ run, unit int }

// faults are what cannot be worked of a shard's units, by the units that have any. They depend on the input and the model alone, so
// that what is left out does not depend on how units were grouped into shards.
type faults map[at]*unitFaults

// unitFaults has one of its members.
type unitFaults struct {
	whole string           // why the unit cannot be read
	rows  map[int64]string // why single records, by their place in the unit, cannot be scored
	parts []part           // all of the unit, in order; line formats
}

// part is a part of a unit that can be worked, or, with a reason, the one record that it holds cannot.
type part struct {
	dataset.Unit
	reason string
}
