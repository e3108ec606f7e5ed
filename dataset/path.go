package dataset

import (
	"fmt"
	"strconv"

	"github.com/theory/jsonpath"
	"github.com/theory/jsonpath/spec"
)

// OutputName is what a path calls the outputs that a model gave for a record (SageMaker's name, contract 5.4).
const OutputName = "SageMakerOutput"

// inputName is the member that holds a joined record that is no JSON object.
const inputName = "SageMakerInput"

// Path selects parts of a record. It is a JSONPath (RFC 9535) of names, positions, slices and wildcards: $, $.id, $['a','b'],
// $[0,-1], $[1:], $.items[*].price. Positions count from 0, from the end if negative; the end of a slice is excluded, as in
// every JSONPath (SageMaker's guide once says otherwise). Recursive descent and filter expressions are refused: what they find
// may differ in number from record to record, and a table's columns may not.
type Path struct {
	text     string
	segments [][]spec.Selector
}

// PathError is a path that cannot be used. Path is the whole path.
type PathError struct {
	Path   string
	Reason string
}

func (e *PathError) Error() string { return fmt.Sprintf("path %s: %s", e.Path, e.Reason) }

// ParsePath parses a path; the empty one is $. Errors are *PathError.
func ParsePath(text string) (*Path, error) {
	if text == "" {
		text = "$"
	}
	parsed, err := jsonpath.Parse(text)
	if err != nil {
		return nil, &PathError{text, err.Error()}
	}
	p := &Path{text: text}
	for _, segment := range parsed.Query().Segments() {
		if segment.IsDescendant() {
			return nil, &PathError{text, "recursive descent (..) is not supported"}
		}
		for _, s := range segment.Selectors() {
			switch s := s.(type) {
			case spec.Name, spec.Index, spec.WildcardSelector:
			case spec.SliceSelector:
				if s.Step() < 1 {
					return nil, &PathError{text, "the step of a slice must be 1 or more"}
				}
			default:
				return nil, &PathError{text, "filter expressions are not supported"}
			}
		}
		p.segments = append(p.segments, segment.Selectors())
	}
	return p, nil
}

// String returns the path as it was written.
func (p *Path) String() string { return p.text }

// Whole says whether the path is $, the whole record. So is a nil path.
func (p *Path) Whole() bool { return p == nil || len(p.segments) == 0 }

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
		return nil, &PathError{p.text, "columns have no members: only one step, such as $[1:] or $['a','b'], can be given"}
	}
	var found []int
	for _, s := range p.segments[0] {
		at, reason := selectColumns(s, width, names, outputs)
		if reason != "" {
			return nil, &PathError{p.text, reason}
		}
		found = append(found, at...)
	}
	if len(found) == 0 {
		return nil, &PathError{p.text, fmt.Sprintf("selects none of %d columns", width)}
	}
	return found, nil
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
