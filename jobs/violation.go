package jobs

import (
	"fmt"
	"strings"
)

// Violation is one constraint that a document breaks.
type Violation struct {
	Path       string // lowerCamel, list positions from 1: inputDataConfig.1.member.channelName
	Value      any    // the value's text; nil where it is missing
	Constraint string // "Member must ..."
}

func (v Violation) String() string {
	value := "null"
	if v.Value != nil {
		value = fmt.Sprintf("'%v'", v.Value)
	}
	return fmt.Sprintf("Value %s at '%s' failed to satisfy constraint: %s", value, v.Path, v.Constraint)
}

// ValidationError lists every constraint that a document breaks, in the contract's words (1.6).
type ValidationError struct{ Violations []Violation }

func (e *ValidationError) Error() string {
	noun := "errors"
	if len(e.Violations) == 1 {
		noun = "error"
	}
	texts := make([]string, len(e.Violations))
	for i, v := range e.Violations {
		texts[i] = v.String()
	}
	return fmt.Sprintf("%d validation %s detected: %s", len(e.Violations), noun, strings.Join(texts, "; "))
}

// Code is the error's code on the wire.
func (e *ValidationError) Code() string { return "ValidationException" }

// report collects violations.
type report struct{ violations []Violation }

func (r *report) add(path string, value any, format string, args ...any) {
	r.violations = append(r.violations, Violation{path, value, fmt.Sprintf(format, args...)})
}

// has tells whether anything was reported at path or below it.
func (r *report) has(path string) bool {
	for _, v := range r.violations {
		if v.Path == path || strings.HasPrefix(v.Path, path+".") {
			return true
		}
	}
	return false
}

func (r *report) err() error {
	if len(r.violations) == 0 {
		return nil
	}
	return &ValidationError{r.violations}
}
