package tuning

import (
	"encoding/json"
	"fmt"
)

// stateVersion is raised when a change would give a resumed search other trials than its first half had.
const stateVersion = 3

// state is a search as JSON. Points are kept only where they follow from the results; those of the other strategies are
// chosen anew, so that 10,000 random trials take some 200 kB.
type state struct {
	Version int           `json:"version"`
	Space   Space         `json:"space"`
	Options Options       `json:"options"`
	Drawn   int           `json:"drawn,omitempty"`
	Results []stateResult `json:"results"`
	Points  [][]float64   `json:"points,omitempty"`
	Local   []int         `json:"local,omitempty"` // trials looked for around the best point
	Warm    []Observation `json:"warm,omitempty"`
	Belief  *belief       `json:"belief,omitempty"`
}

// stateResult is a number, false for a failed trial, null for a pending one.
type stateResult struct {
	status status
	value  float64
}

// MarshalJSON writes a result.
func (r stateResult) MarshalJSON() ([]byte, error) {
	switch r.status {
	case told:
		return json.Marshal(r.value)
	case failed:
		return []byte("false"), nil
	}
	return []byte("null"), nil
}

// UnmarshalJSON reads a result.
func (r *stateResult) UnmarshalJSON(b []byte) error {
	*r = stateResult{}
	switch string(b) {
	case "null":
		return nil
	case "false":
		r.status = failed
		return nil
	}
	r.status = told
	return json.Unmarshal(b, &r.value)
}

// StateError says that a state cannot be resumed.
type StateError struct {
	Reason string
	Err    error // the cause, or nil
}

func (e *StateError) Error() string {
	if e.Err != nil {
		return fmt.Sprintf("tuning: state: %s: %v", e.Reason, e.Err)
	}
	return "tuning: state: " + e.Reason
}

// Unwrap returns the cause.
func (e *StateError) Unwrap() error { return e.Err }

// keepsPoints tells whether points follow from results, not from the seed alone.
func (s *Search) keepsPoints() bool { return s.options.Strategy == Bayesian }

// MarshalJSON writes the whole state of the search.
func (s *Search) MarshalJSON() ([]byte, error) {
	st := state{Version: stateVersion, Space: s.space, Options: s.options, Warm: s.warm, Results: make([]stateResult, len(s.records))}
	for i, r := range s.records {
		st.Results[i] = stateResult{r.status, r.value}
		if s.keepsPoints() {
			st.Points = append(st.Points, r.point)
		}
		if r.local {
			st.Local = append(st.Local, i+1)
		}
	}
	if s.keepsPoints() {
		st.Drawn, st.Belief = s.drawn, &s.belief
	}
	return json.Marshal(st)
}

// UnmarshalJSON makes s the search that MarshalJSON wrote. It fails with a *StateError.
func (s *Search) UnmarshalJSON(b []byte) error {
	var st state
	if err := json.Unmarshal(b, &st); err != nil {
		return &StateError{"not the JSON of a search", err}
	}
	if st.Version != stateVersion {
		return &StateError{fmt.Sprintf("version %d, this is %d", st.Version, stateVersion), nil}
	}
	r, err := New(st.Space, st.Options)
	if err != nil {
		return &StateError{"its search cannot be made", err}
	}
	if err := r.Warm(st.Warm); err != nil {
		return &StateError{"its warm start does not fit", err}
	}
	if err := r.restore(st); err != nil {
		return err
	}
	*s = *r
	return nil
}

// Resume makes a search from what MarshalJSON wrote.
func Resume(state []byte) (*Search, error) {
	s := new(Search)
	if err := s.UnmarshalJSON(state); err != nil {
		return nil, err
	}
	return s, nil
}

// restore gives out the trials of a state again and tells their results.
func (s *Search) restore(st state) error {
	if !s.keepsPoints() {
		given, err := s.Ask(len(st.Results))
		if err != nil {
			return err
		}
		if len(given) != len(st.Results) {
			return &StateError{fmt.Sprintf("%d results, but the space has %d points", len(st.Results), len(given)), nil}
		}
	} else if err := s.restorePoints(st); err != nil {
		return err
	}
	for i, r := range st.Results {
		if r.status == pending {
			continue
		}
		if err := s.Tell(i+1, Result{Value: r.value, Failed: r.status == failed}); err != nil {
			return &StateError{"results", err}
		}
	}
	return nil
}

func (s *Search) restorePoints(st state) error {
	if len(st.Points) != len(st.Results) {
		return &StateError{fmt.Sprintf("%d points and %d results", len(st.Points), len(st.Results)), nil}
	}
	for i, p := range st.Points {
		if len(p) != len(s.axes) {
			return &StateError{fmt.Sprintf("point %d has %d values, the space %d parameters", i, len(p), len(s.axes)), nil}
		}
		for d, a := range s.axes {
			if v := p[d]; !a.holds(v) {
				return &StateError{fmt.Sprintf("point %d: %v is no value of parameter %q", i, v, a.Name), nil}
			}
		}
		s.records = append(s.records, record{point: p})
		s.taken[point(p).key()] = struct{}{}
	}
	for _, id := range st.Local {
		if id < 1 || id > len(s.records) {
			return &StateError{fmt.Sprintf("local trial %d of %d", id, len(s.records)), nil}
		}
		s.records[id-1].local = true
	}
	s.drawn = st.Drawn
	return s.restoreBelief(st)
}

func (s *Search) restoreBelief(st state) error {
	if st.Belief == nil {
		return nil
	}
	n := len(s.evidence(false).categorical)
	for _, f := range st.Belief.Fits {
		if f.Hyper != nil && !f.Hyper.Fits(n) {
			return &StateError{"the model's hyperparameters do not fit the space", nil}
		}
	}
	if o := st.Belief.Open; o != nil && (!o.check(len(s.records)) || st.Belief.Fits[o.Prior].Hyper == nil) {
		return &StateError{"the open refit does not fit the trials", nil}
	}
	s.belief.Fits, s.belief.Open = st.Belief.Fits, st.Belief.Open
	return nil
}
