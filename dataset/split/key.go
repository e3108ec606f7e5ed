package split

import (
	"cmp"
	"math"
)

// Key orders the rows of a stratum: by time (zero in a Stratified split), then by the row's draw, then by position. No two
// rows of a table have equal keys.
type Key struct {
	Time   uint64 `json:",string"`
	Draw   uint64 `json:",string"`
	Object uint32
	Row    int64
}

// afterAll is above every row's key.
var afterAll = Key{math.MaxUint64, math.MaxUint64, math.MaxUint32, math.MaxInt64}

func compareKeys(a, b Key) int {
	if c := cmp.Compare(a.Time, b.Time); c != 0 {
		return c
	}
	if c := cmp.Compare(a.Draw, b.Draw); c != 0 {
		return c
	}
	if c := cmp.Compare(a.Object, b.Object); c != 0 {
		return c
	}
	return cmp.Compare(a.Row, b.Row)
}

func (k Key) less(other Key) bool { return compareKeys(k, other) < 0 }
