package algorithms

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Type says how a hyperparameter's text is read.
type Type string

// The types, named as SageMaker's algorithm specifications name them.
const (
	Integer     Type = "Integer"
	Continuous  Type = "Continuous"
	Categorical Type = "Categorical" // one of Values, compared without regard to case
	FreeText    Type = "FreeText"    // lists, constraints: the algorithm reads the text itself
)

// Scale is the axis a tuner draws a value on.
type Scale string

// The scales of a tunable range.
const (
	Linear      Scale = "Linear"
	Logarithmic Scale = "Logarithmic"
)

// HyperParameter declares one hyperparameter.
type HyperParameter struct {
	Name    string
	Aliases []string // other names the value may come under
	Type    Type
	// Default is the text used when nothing is given; "" means that there is none.
	Default  string
	Range    Interval // of Integer and Continuous values
	Values   []string // of Categorical values
	Required bool
	// Tunable is the range advised for tuning; nil for a hyperparameter that is not tuned.
	Tunable     *Range
	Description string
}

// Range is the range a tuner may draw from, both ends included.
type Range struct {
	Min, Max float64
	Scale    Scale
}

// Interval bounds a number. The zero value bounds nothing.
type Interval struct {
	min, max         float64
	hasMin, hasMax   bool
	minOpen, maxOpen bool
}

// AtLeast is [min, inf).
func AtLeast(min float64) Interval { return Interval{min: min, hasMin: true} }

// Above is (min, inf).
func Above(min float64) Interval { return Interval{min: min, hasMin: true, minOpen: true} }

// Between is [min, max].
func Between(min, max float64) Interval {
	return Interval{min: min, max: max, hasMin: true, hasMax: true}
}

// OpenMin excludes the lower end.
func (r Interval) OpenMin() Interval { r.minOpen = true; return r }

// OpenMax excludes the upper end.
func (r Interval) OpenMax() Interval { r.maxOpen = true; return r }

// Contains tells whether v lies within.
func (r Interval) Contains(v float64) bool {
	if r.hasMin && (v < r.min || r.minOpen && v == r.min) {
		return false
	}
	return !r.hasMax || v < r.max || v == r.max && !r.maxOpen
}

func (r Interval) String() string {
	low, high := "(-inf", "inf)"
	if r.hasMin {
		low = "[" + number(r.min)
		if r.minOpen {
			low = "(" + number(r.min)
		}
	}
	if r.hasMax {
		high = number(r.max) + "]"
		if r.maxOpen {
			high = number(r.max) + ")"
		}
	}
	return low + ", " + high
}

func number(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }

// Allowed describes the values the hyperparameter takes, e.g. "[0, 1]" or "[gbtree, dart]".
func (p HyperParameter) Allowed() string {
	switch p.Type {
	case Integer, Continuous:
		return p.Range.String()
	case Categorical:
		return "[" + strings.Join(p.Values, ", ") + "]"
	}
	return "text"
}

// read turns a text into the canonical value, or says what is wrong with it.
func (p HyperParameter) read(text string) (value, *HyperParameterError) {
	text = strings.TrimSpace(text)
	switch p.Type {
	case Integer, Continuous:
		v, err := strconv.ParseFloat(text, 64)
		if err != nil || math.IsNaN(v) || math.IsInf(v, 0) || p.Type == Integer && (v != math.Trunc(v) || math.Abs(v) > 1<<53) {
			return value{}, p.fault("could not parse value")
		}
		if !p.Range.Contains(v) {
			return value{}, p.fault("%s is not in %s", text, p.Range)
		}
		return value{text: text, number: v}, nil
	case Categorical:
		c, ok := p.category(text)
		if !ok {
			return value{}, p.fault("%s is not in %s", text, p.Allowed())
		}
		return value{text: c}, nil
	}
	return value{text: text}, nil
}

// category finds the declared value a text stands for: regardless of case, with 1 and 0 for true and false and back, and
// numbers by what they are worth.
func (p HyperParameter) category(text string) (string, bool) {
	candidates := []string{text}
	switch strings.ToLower(text) {
	case "true":
		candidates = append(candidates, "1")
	case "false":
		candidates = append(candidates, "0")
	}
	if v, err := strconv.ParseFloat(text, 64); err == nil {
		candidates = append(candidates, number(v))
		if v == 0 {
			candidates = append(candidates, "false")
		} else if v == 1 {
			candidates = append(candidates, "true")
		}
	}
	for _, c := range candidates {
		for _, v := range p.Values {
			if strings.EqualFold(c, v) {
				return v, true
			}
		}
	}
	return "", false
}

func (p HyperParameter) fault(format string, args ...any) *HyperParameterError {
	return &HyperParameterError{Name: p.Name, Reason: "Hyperparameter " + p.Name + ": " + fmt.Sprintf(format, args...)}
}

// HyperParameters is an algorithm's whole declaration, in the order shown to users.
type HyperParameters []HyperParameter

// Lookup finds a declaration by name or alias.
func (ps HyperParameters) Lookup(name string) (HyperParameter, bool) {
	for _, p := range ps {
		if p.Name == name {
			return p, true
		}
		for _, a := range p.Aliases {
			if a == name {
				return p, true
			}
		}
	}
	return HyperParameter{}, false
}
