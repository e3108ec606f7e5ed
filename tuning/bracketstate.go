package tuning

import (
	"encoding/json"
	"fmt"
)

// bracketState is a schedule as JSON.
type bracketState struct {
	Options BracketOptions `json:"options"`
	Trials  []bracketed    `json:"trials,omitempty"`
}

// MarshalJSON writes the whole state of the schedule.
func (b *Brackets) MarshalJSON() ([]byte, error) {
	return json.Marshal(bracketState{b.options, b.trials})
}

// UnmarshalJSON makes b the schedule that MarshalJSON wrote. It fails with a *StateError.
func (b *Brackets) UnmarshalJSON(data []byte) error {
	var st bracketState
	if err := json.Unmarshal(data, &st); err != nil {
		return &StateError{"not the JSON of brackets", err}
	}
	r, err := NewBrackets(st.Options)
	if err != nil {
		return &StateError{"its brackets cannot be made", err}
	}
	for i, t := range st.Trials {
		if !r.fits(t) {
			return &StateError{fmt.Sprintf("trial %d fits no bracket", i+1), nil}
		}
	}
	r.trials = st.Trials
	*b = *r
	return nil
}

// fits tells whether a trial could have come about in these brackets.
func (b *Brackets) fits(t bracketed) bool {
	if t.Bracket < 0 || t.Bracket >= len(b.rungs) || t.Rung < 0 || t.Rung >= len(b.rungs[t.Bracket]) {
		return false
	}
	if t.Paused {
		return len(t.Values) == t.Rung+1
	}
	return len(t.Values) == t.Rung || t.Over && len(t.Values) == t.Rung+1
}
