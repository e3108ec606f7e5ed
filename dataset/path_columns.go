package dataset

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/theory/jsonpath/spec"
)

// Columns selects columns of a table by position and, where names are the user's own (not nil), by name; outputs is how many of
// the last columns are a model's, which OutputName stands for. A column may be selected twice. Errors are *PathError.
func (p *Path) Columns(width int, names []string, outputs int) ([]int, error) {
	if p.Whole() {
		all := make([]int, width)
		for i := range all {
			all[i] = i
		}
		return all, nil
	}
	if len(p.segments) > 1 {
		return nil, &PathError{p.text, "columns have no members here: only one step, such as $[1:] or $['a','b'], can be given"}
	}
	return p.first(width, names, outputs)
}

// first is what the first step selects.
func (p *Path) first(width int, names []string, outputs int) ([]int, error) {
	var found []int
	for _, s := range p.segments[0] {
		at, reason := selectColumns(s, width, names, outputs)
		if reason != "" {
			return nil, &PathError{p.text, reason}
		}
		found = append(found, at...)
	}
	if p.except {
		found = othersThan(found, width)
	}
	if len(found) == 0 {
		return nil, &PathError{p.text, fmt.Sprintf("selects none of %d columns", width)}
	}
	return found, nil
}

// othersThan are the positions below width that are not among some.
func othersThan(some []int, width int) (others []int) {
	for i := range width {
		if !slices.Contains(some, i) {
			others = append(others, i)
		}
	}
	return others
}

func selectColumns(s spec.Selector, width int, names []string, outputs int) (at []int, reason string) {
	switch s := s.(type) {
	case spec.Index:
		i := int(s)
		if i < 0 {
			i += width
		}
		if i < 0 || i >= width {
			return nil, fmt.Sprintf("position %d is not there: there are %d columns", int(s), width)
		}
		return []int{i}, ""
	case spec.Name:
		return namedColumns(string(s), width, names, outputs)
	case spec.SliceSelector:
		from, to := s.Bounds(width)
		for i := from; i < to; i += s.Step() {
			at = append(at, i)
		}
	default: // a wildcard
		for i := range width {
			at = append(at, i)
		}
	}
	return at, ""
}

func namedColumns(name string, width int, names []string, outputs int) (at []int, reason string) {
	for i, n := range names {
		if n == name {
			return []int{i}, ""
		}
	}
	if name == OutputName && outputs > 0 {
		for i := width - outputs; i < width; i++ {
			at = append(at, i)
		}
		return at, ""
	}
	if names == nil {
		return nil, "column " + strconv.Quote(name) + " is not there: the columns have no names, so give positions from 0"
	}
	return nil, "column " + strconv.Quote(name) + " is not there; there are " + listNames(names)
}
