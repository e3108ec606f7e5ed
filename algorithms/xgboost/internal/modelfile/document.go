// Package modelfile reads and writes XGBoost's model files: JSON and UBJSON of the schema that XGBoost 1.x to 3.x share. It
// reads the old binary form and pickled Boosters too.
// Files come from anywhere: whatever they hold, reading them ends with a model or an error, in time and memory
// proportional to the file.
package modelfile

import "fmt"

// A document is read into these values: nil, bool, float64, string, []float64 (arrays of numbers only), []any, *object.
type object struct {
	values map[string]any
}

// maxNesting bounds nested arrays and objects; XGBoost's own files need 8.
const maxNesting = 64

// Error says why a file is not a model that can be read.
type Error struct {
	Where  string // path within the document, e.g. "learner.gradient_booster.model.trees[3]"; may be empty
	Reason string
}

func (e *Error) Error() string {
	if e.Where == "" {
		return "xgboost model: " + e.Reason
	}
	return "xgboost model: " + e.Where + ": " + e.Reason
}

// cursor walks a document and remembers where it is and what went wrong first.
type cursor struct {
	value any
	path  string
	fault *error
}

func newCursor(v any) cursor { return cursor{value: v, fault: new(error)} }

func (c cursor) fail(format string, args ...any) {
	if *c.fault == nil {
		*c.fault = &Error{Where: c.path, Reason: fmt.Sprintf(format, args...)}
	}
}

func (c cursor) at(value any, step string) cursor {
	path := step
	if c.path != "" && step[0] != '[' {
		path = c.path + "." + step
	} else if c.path != "" {
		path = c.path + step
	}
	return cursor{value, path, c.fault}
}

// has tells whether the value is an object with that member.
func (c cursor) has(name string) bool {
	o, ok := c.value.(*object)
	return ok && o.values[name] != nil
}

// member returns a member that must be there.
func (c cursor) member(name string) cursor {
	o, ok := c.value.(*object)
	if !ok {
		c.fail("not an object")
		return c.at(nil, name)
	}
	m := c.at(o.values[name], name)
	if m.value == nil {
		m.fail("missing")
	}
	return m
}

// members returns an object's members.
func (c cursor) members() map[string]any {
	if o, ok := c.value.(*object); ok {
		return o.values
	}
	c.fail("not an object")
	return nil
}

// elements returns an array's elements.
func (c cursor) elements() []any {
	switch a := c.value.(type) {
	case []any:
		return a
	case []float64:
		if len(a) == 0 {
			return nil
		}
	}
	c.fail("not an array of objects")
	return nil
}

// numbers returns an array of numbers; true and false count as 1 and 0.
func (c cursor) numbers() []float64 {
	switch a := c.value.(type) {
	case []float64:
		return a
	case []any:
		if len(a) == 0 {
			return nil
		}
	}
	c.fail("not an array of numbers")
	return nil
}

func (c cursor) text() string {
	s, ok := c.value.(string)
	if !ok {
		c.fail("not a string")
	}
	return s
}

func (c cursor) texts() []string {
	var out []string
	for _, v := range c.elements() {
		s, ok := v.(string)
		if !ok {
			c.fail("not an array of strings")
			return nil
		}
		out = append(out, s)
	}
	return out
}
