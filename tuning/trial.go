package tuning

import (
	"fmt"
	"math"
	"strconv"
)

// Trial is one point of the space that was given out to be tried.
type Trial struct {
	ID     int               `json:"id"`     // from 1, in the order asked
	Values map[string]string `json:"values"` // as job documents have them: integers without a point, floats in shortest form
}

// Float is the value of a numeric parameter; NaN if there is none of that name or it is a category.
func (t Trial) Float(name string) float64 {
	v, err := strconv.ParseFloat(t.Values[name], 64)
	if err != nil {
		return math.NaN()
	}
	return v
}

// Int is the value of an integer parameter; 0 if there is none of that name.
func (t Trial) Int(name string) int {
	v, err := strconv.Atoi(t.Values[name])
	if err != nil {
		return 0
	}
	return v
}

// Result is what became of a trial.
type Result struct {
	Value  float64 // of the objective; NaN and infinities count as Failed
	Failed bool    // no value could be had
}

func (r Result) failed() bool { return r.Failed || math.IsNaN(r.Value) || math.IsInf(r.Value, 0) }

// Observation is a point with what became of it.
type Observation struct {
	Values map[string]string `json:"values"`
	Value  float64           `json:"value"`
	Failed bool              `json:"failed,omitempty"`
	// Task names another objective that the value belongs to, related to the search's own but on a scale of its own: the
	// same algorithm on other data. Empty: the search's own objective. Only for Warm.
	Task string `json:"task,omitempty"`
}

// TrialError says why a result was refused.
type TrialError struct {
	ID   int
	Told bool // it had its result already; else it was never given out
}

func (e *TrialError) Error() string {
	if e.Told {
		return fmt.Sprintf("tuning: trial %d was told before", e.ID)
	}
	return fmt.Sprintf("tuning: no trial %d was given out", e.ID)
}

// status is where a trial stands.
type status byte

const (
	pending status = iota
	told
	failed
)

// record is what a search keeps of a trial.
type record struct {
	point  point
	status status
	value  float64
	local  bool // looked for around the best point then known
}
