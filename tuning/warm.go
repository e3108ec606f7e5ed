package tuning

import "fmt"

// WarmError says which observation of a warm start is no observation of this space.
type WarmError struct {
	Index     int
	Parameter string
	Reason    string
}

func (e *WarmError) Error() string {
	return fmt.Sprintf("tuning: warm start: observation %d, parameter %q: %s", e.Index, e.Parameter, e.Reason)
}

// Warm adds what earlier searches observed. Bayesian learns from it, the others do not need it. Values outside the range
// are fine: they teach about the border. An observation must have a value for each parameter, readable as a number
// where the parameter is one; else Warm fails with a *WarmError and adds none.
func (s *Search) Warm(points []Observation) error {
	for i, o := range points {
		for _, a := range s.axes {
			text, ok := o.Values[a.Name]
			if !ok {
				return &WarmError{i, a.Name, "no value"}
			}
			if _, ok := a.parse(text); !ok {
				return &WarmError{i, a.Name, fmt.Sprintf("%q is not a finite number", text)}
			}
		}
	}
	s.warm = append(s.warm, points...)
	return nil
}
