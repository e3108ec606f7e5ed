package jobs

import (
	"fmt"
	"math"
	"strconv"
	"time"
)

// Time is a time as clients read and write it: a JSON number of epoch seconds with three decimals and no exponent
// (contract 1.2). The zero Time is left out of documents, or null where a member must be there.
type Time struct{ time.Time }

// At makes a Time of t.
func At(t time.Time) Time { return Time{t} }

// MarshalJSON writes 1754000000.123.
func (t Time) MarshalJSON() ([]byte, error) {
	if t.IsZero() {
		return []byte("null"), nil
	}
	ms, sign := t.UnixMilli(), ""
	if ms < 0 {
		ms, sign = -ms, "-"
	}
	return fmt.Appendf(nil, "%s%d.%03d", sign, ms/1000, ms%1000), nil
}

// maxTimeSeconds is the year 9999: more is a time in milliseconds by mistake.
const maxTimeSeconds = 253402300800

// UnmarshalJSON reads any JSON number of epoch seconds, rounded to milliseconds.
func (t *Time) UnmarshalJSON(text []byte) error {
	if string(text) == "null" {
		*t = Time{}
		return nil
	}
	s, err := strconv.ParseFloat(string(text), 64)
	if err != nil || math.Abs(s) >= maxTimeSeconds {
		return fmt.Errorf("jobs: %.64s is no time in epoch seconds", text)
	}
	*t = Time{time.UnixMilli(int64(math.Round(s * 1000))).UTC()}
	return nil
}
