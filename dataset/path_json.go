package dataset

import (
	"fmt"

	"github.com/theory/jsonpath/spec"
)

// jsonText appends the selected part of a JSON text, which must be valid and without spaces around it; what is selected keeps its own text. A path of single
// names and positions yields the value itself, one that ends in several names an object of those that are there, any other an
// array. A member that is not there is null where it alone is asked for; a position beyond an array's end is a reason.
func (p *Path) jsonText(dst, text []byte) (out []byte, reason string) {
	if p.Whole() {
		return append(dst, text...), ""
	}
	if p.except {
		return p.jsonExcept(dst, text)
	}
	nodes, single := [][]byte{text}, true
	for i, selectors := range p.segments {
		if single && len(nodes) == 1 && i == len(p.segments)-1 && severalNames(selectors) {
			return p.jsonMembersOf(dst, nodes[0], selectors)
		}
		var next [][]byte
		for _, node := range nodes {
			if next, reason = selectJSON(next, node, selectors); reason != "" {
				return dst, reason
			}
		}
		single = single && singular(selectors)
		nodes = next
	}
	if single {
		if len(nodes) == 0 {
			return append(dst, "null"...), ""
		}
		return append(dst, nodes[0]...), ""
	}
	dst = append(dst, '[')
	for i, node := range nodes {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, node...)
	}
	return append(dst, ']'), ""
}

// jsonExcept leaves members of an object, or elements of an array, out. Any other value is kept.
func (p *Path) jsonExcept(dst, text []byte) ([]byte, string) {
	if text[0] != '{' && text[0] != '[' {
		return append(dst, text...), ""
	}
	var values, names [][]byte
	eachJSON(text, func(name, value []byte) { names, values = append(names, name), append(values, value) })
	out, reason := p.leftOut(text[0] == '{', names)
	if reason != "" {
		return dst, reason
	}
	dst = append(dst, text[0])
	first := true
	for i, value := range values {
		if out[i] {
			continue
		}
		if !first {
			dst = append(dst, ',')
		}
		first = false
		if text[0] == '{' {
			dst = append(append(dst, names[i]...), ':')
		}
		dst = append(dst, value...)
	}
	return append(dst, text[0]+2), "" // ] and } stand two behind [ and {
}

// leftOut marks the members that the path names, or the elements whose positions it selects.
func (p *Path) leftOut(object bool, names [][]byte) (out []bool, reason string) {
	out = make([]bool, len(names))
	for _, s := range p.segments[0] {
		if name, ok := s.(spec.Name); ok {
			for i := range names {
				out[i] = out[i] || object && string(jsonString(names[i])) == string(name)
			}
			continue
		}
		if object {
			continue
		}
		at, reason := selectColumns(s, len(out), nil, 0)
		if reason != "" {
			return nil, reason
		}
		for _, i := range at {
			out[i] = true
		}
	}
	return out, ""
}

// jsonMembersOf makes an object of named members.
func (p *Path) jsonMembersOf(dst, text []byte, names []spec.Selector) ([]byte, string) {
	dst = append(dst, '{')
	first := true
	for _, s := range names {
		value := jsonMemberOf(text, string(s.(spec.Name)))
		if value == nil {
			continue
		}
		if !first {
			dst = append(dst, ',')
		}
		first = false
		name, err := marshalJSON(string(s.(spec.Name)))
		if err != nil {
			return dst, err.Error()
		}
		dst = append(append(append(dst, name...), ':'), value...)
	}
	return append(dst, '}'), ""
}

// record cuts a record to the selected part, which it puts into *scratch. Without a path that is the record as it is, which then need not be
// valid JSON.
func (p *Path) record(scratch *[]byte, text []byte) (cut []byte, reason string) {
	if p.Whole() {
		return text, ""
	}
	if text, reason = validJSON(text); reason != "" {
		return nil, reason
	}
	if *scratch, reason = p.jsonText((*scratch)[:0], text); reason != "" {
		return nil, "path " + p.text + ": " + reason
	}
	return *scratch, ""
}

func severalNames(selectors []spec.Selector) bool {
	for _, s := range selectors {
		if _, ok := s.(spec.Name); !ok {
			return false
		}
	}
	return len(selectors) > 1
}

func singular(selectors []spec.Selector) bool {
	switch selectors[0].(type) {
	case spec.Name, spec.Index:
		return len(selectors) == 1
	}
	return false
}

// selectJSON appends what selectors find in a value. Selectors of another kind of value than this one find nothing.
func selectJSON(found [][]byte, text []byte, selectors []spec.Selector) ([][]byte, string) {
	var elements [][]byte
	if text[0] == '[' {
		elements = jsonElements(text)
	}
	for _, s := range selectors {
		switch s := s.(type) {
		case spec.Name:
			if value := jsonMemberOf(text, string(s)); value != nil {
				found = append(found, value)
			}
		case spec.Index:
			if text[0] != '[' {
				continue
			}
			i := int(s)
			if i < 0 {
				i += len(elements)
			}
			if i < 0 || i >= len(elements) {
				return nil, fmt.Sprintf("position %d is not there: there are %d values", int(s), len(elements))
			}
			found = append(found, elements[i])
		case spec.SliceSelector:
			from, to := s.Bounds(len(elements))
			for i := from; i < to; i += s.Step() {
				found = append(found, elements[i])
			}
		default: // a wildcard
			if text[0] == '{' {
				elements = jsonElements(text)
			}
			found = append(found, elements...)
		}
	}
	return found, ""
}

// jsonElements returns the texts of a valid JSON array's elements, or of an object's values, in order.
func jsonElements(text []byte) [][]byte {
	var elements [][]byte
	eachJSON(text, func(_, value []byte) { elements = append(elements, value) })
	return elements
}

// jsonMemberOf returns the text of an object's member; nil where there is none, or the value is no object. Of members of one name the
// last counts, as everywhere.
func jsonMemberOf(text []byte, name string) []byte {
	if text[0] != '{' {
		return nil
	}
	var value []byte
	eachJSON(text, func(n, v []byte) {
		if string(jsonString(n)) == name {
			value = v
		}
	})
	return value
}
