package dataset

import (
	"fmt"
	"strings"

	"github.com/theory/jsonpath"
	"github.com/theory/jsonpath/spec"
)

// OutputName is what a path calls the outputs that a model gave for a record (SageMaker's name, contract 5.4).
const OutputName = "SageMakerOutput"

// inputName is the member that holds a joined record that is no JSON object.
const inputName = "SageMakerInput"

// Path selects parts of a record. It is a JSONPath (RFC 9535) of names, positions, slices and wildcards: $, $.id, $['a','b'],
// $[0,-1], $[1:], $.items[*].price. Positions count from 0, from the end if negative; the end of a slice is excluded, as in
// every JSONPath (SageMaker's guide once says otherwise). Of a table's columns the first step selects; those behind it go into
// structures and lists. $[!'a','b'], which is no JSONPath, is all members or columns but these. Recursive descent and filter expressions are refused: what they find
// may differ in number from record to record, and a table's columns may not.
type Path struct {
	text     string
	segments [][]spec.Selector
	except   bool // all but what the one segment selects
}

// exceptPrefix begins a path that selects all but what it names.
const exceptPrefix = "$[!"

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
	plain, except := strings.CutPrefix(text, exceptPrefix)
	if except {
		plain = "$[" + plain
	}
	parsed, err := jsonpath.Parse(plain)
	if err != nil {
		return nil, &PathError{text, err.Error()}
	}
	p := &Path{text: text, except: except}
	if n := len(parsed.Query().Segments()); except && n != 1 {
		return nil, &PathError{text, "all but some can only be taken of the record itself: nothing may follow the brackets"}
	}
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
