package tuning

import (
	"fmt"
	"math"
)

// Kind is what sort of values a parameter takes.
type Kind int

// The kinds.
const (
	Continuous  Kind = iota // any number in [Min, Max]
	Integer                 // a whole number in [Min, Max]
	Categorical             // one of Values, without an order
)

// String names the kind as error texts do.
func (k Kind) String() string {
	switch k {
	case Continuous:
		return "continuous"
	case Integer:
		return "integer"
	case Categorical:
		return "categorical"
	}
	return fmt.Sprintf("Kind(%d)", int(k))
}

// Scale is the axis on which a numeric parameter is searched: the axis on which equal steps matter equally.
type Scale int

// The scales.
const (
	Auto               Scale = iota // Logarithmic where Min > 0 and Max is at least autoRatio times Min, else Linear
	Linear                          // x
	Logarithmic                     // log x, for Min > 0
	ReverseLogarithmic              // log(1 - x), for continuous ranges inside [0, 1)
)

// String names the scale as job documents do.
func (s Scale) String() string {
	switch s {
	case Auto:
		return "Auto"
	case Linear:
		return "Linear"
	case Logarithmic:
		return "Logarithmic"
	case ReverseLogarithmic:
		return "ReverseLogarithmic"
	}
	return fmt.Sprintf("Scale(%d)", int(s))
}

const (
	autoRatio  = 1000    // Auto takes ranges over three decades as logarithmic
	maxInteger = 1 << 53 // beyond it float64 does not hold every whole number
)

// Parameter is one dimension of a space.
type Parameter struct {
	Name   string   `json:"name"`
	Kind   Kind     `json:"kind,omitempty"`
	Min    float64  `json:"min,omitempty"` // of Continuous and Integer; a whole number within ±2^53 for Integer
	Max    float64  `json:"max,omitempty"` // inclusive, as Min
	Scale  Scale    `json:"scale,omitempty"`
	Values []string `json:"values,omitempty"` // of Categorical
}

// Space is what is searched: the parameters, each with a name of its own.
type Space []Parameter

// SpaceError says which parameter of a space is wrong, and how. Parameter is empty where the space as a whole is wrong.
type SpaceError struct {
	Parameter string
	Reason    string
}

func (e *SpaceError) Error() string {
	if e.Parameter == "" {
		return "tuning: space: " + e.Reason
	}
	return fmt.Sprintf("tuning: parameter %q: %s", e.Parameter, e.Reason)
}

// Check returns a *SpaceError for the first parameter that cannot be searched.
func (s Space) Check() error {
	if len(s) == 0 {
		return &SpaceError{Reason: "no parameter to search"}
	}
	seen := map[string]bool{}
	for _, p := range s {
		if p.Name == "" {
			return &SpaceError{Reason: "a parameter has no name"}
		}
		if seen[p.Name] {
			return &SpaceError{p.Name, "given twice"}
		}
		seen[p.Name] = true
		if reason := p.fault(); reason != "" {
			return &SpaceError{p.Name, reason}
		}
	}
	return nil
}

// fault says what is wrong with a parameter, or "".
func (p Parameter) fault() string {
	switch p.Kind {
	case Categorical:
		return p.faultOfValues()
	case Continuous, Integer:
		return p.faultOfRange()
	}
	return fmt.Sprintf("unknown kind %d", int(p.Kind))
}

func (p Parameter) faultOfValues() string {
	if len(p.Values) == 0 {
		return "no values"
	}
	seen := map[string]bool{}
	for _, v := range p.Values {
		if seen[v] {
			return fmt.Sprintf("value %q given twice", v)
		}
		seen[v] = true
	}
	return ""
}

func (p Parameter) faultOfRange() string {
	for _, v := range []float64{p.Min, p.Max} {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return fmt.Sprintf("bound %v is not a finite number", v)
		}
		if p.Kind == Integer && (v != math.Trunc(v) || math.Abs(v) > maxInteger) {
			return fmt.Sprintf("bound %v is not a whole number within ±2^53", v)
		}
	}
	if p.Min > p.Max {
		return fmt.Sprintf("minimum %v is above maximum %v", p.Min, p.Max)
	}
	if math.IsInf(p.Max-p.Min, 0) {
		return fmt.Sprintf("range from %v to %v is wider than a float64 can express", p.Min, p.Max)
	}
	switch p.Scale {
	case Auto, Linear:
	case Logarithmic:
		if p.Min <= 0 {
			return fmt.Sprintf("scale Logarithmic needs a minimum above 0, not %v", p.Min)
		}
	case ReverseLogarithmic:
		if p.Kind != Continuous || p.Min < 0 || p.Max >= 1 {
			return fmt.Sprintf("scale ReverseLogarithmic needs a continuous range inside [0, 1), not %s [%v, %v]", p.Kind, p.Min, p.Max)
		}
	default:
		return fmt.Sprintf("unknown scale %d", int(p.Scale))
	}
	return ""
}

// Size is the number of points in the space; +Inf if a parameter is continuous (and not a single point), approximate
// above 2^53.
func (s Space) Size() float64 {
	n := 1.0
	for _, p := range s {
		if p.Kind == Continuous && p.Min != p.Max {
			return math.Inf(1)
		}
		n *= newAxis(p).count()
	}
	return n
}
