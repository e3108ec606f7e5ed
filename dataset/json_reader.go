package dataset

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
)

// jsonParser turns JSON objects, one per record, into columns. A member that is absent or null is a missing value; nested values
// are kept as their JSON text.
type jsonParser struct {
	at      map[string]int
	parsers []fieldParser
	types   []DataType
	names   []string
	nulls   []string
	set     []bool
	members []jsonMember
}

// jsonMember is one member of a record.
type jsonMember struct {
	name   string
	value  []byte // the JSON text; of a string its content
	string bool
}

func newJSONParser(object string, o ReadOptions, schema *Schema) (*jsonParser, error) {
	p := &jsonParser{at: map[string]int{}, nulls: o.Media.Nulls, set: make([]bool, schema.NumFields())}
	for i, f := range schema.Fields() {
		parser, err := newFieldParser(f.Type, o.BatchRows)
		if err != nil {
			return nil, &SchemaError{Object: object, Column: f.Name, Reason: err.(*SchemaError).Reason}
		}
		p.at[f.Name] = i
		p.parsers = append(p.parsers, parser)
		p.types = append(p.types, f.Type)
		p.names = append(p.names, f.Name)
	}
	return p, nil
}

func (p *jsonParser) parse(text []byte) (column, reason string) {
	members, reason := jsonMembers(text, p.members[:0])
	p.members = members
	if reason != "" {
		return "", reason
	}
	clear(p.set)
	for _, m := range members {
		k, ok := p.at[m.name]
		if !ok {
			continue
		}
		if p.set[k] {
			return m.name, "the member stands twice in the record"
		}
		p.set[k] = true
		if m.missing(p.nulls) {
			p.parsers[k].null()
		} else if !p.parsers[k].parse(m.value) {
			return m.name, notA(m.value, p.types[k])
		}
	}
	for k, set := range p.set {
		if !set {
			p.parsers[k].null()
		}
	}
	return "", ""
}

func (m *jsonMember) missing(nulls []string) bool {
	if m.string {
		return len(m.value) == 0 || slices.Contains(nulls, unsafeString(m.value))
	}
	return string(m.value) == "null"
}

// jsonMembers reads the members of a JSON object in order.
func jsonMembers(text []byte, dst []jsonMember) ([]jsonMember, string) {
	if !json.Valid(text) {
		var v any
		return dst, "is not JSON: " + json.Unmarshal(text, &v).Error()
	}
	text = bytes.TrimSpace(text)
	if text[0] != '{' {
		return dst, fmt.Sprintf("is not a JSON object but starts with %c", text[0])
	}
	for i := 1; ; { // text is valid, so every index below is in range
		for text[i] != '"' && text[i] != '}' {
			i++
		}
		if text[i] == '}' {
			return dst, ""
		}
		end := jsonStringEnd(text, i)
		name := jsonString(text[i:end])
		i = end
		for text[i] == ':' || text[i] == ' ' || text[i] == '\t' || text[i] == '\r' || text[i] == '\n' {
			i++
		}
		end = jsonValueEnd(text, i)
		m := jsonMember{name: string(name), value: text[i:end]}
		if text[i] == '"' {
			m.value, m.string = jsonString(m.value), true
		}
		dst = append(dst, m)
		i = end
	}
}

// jsonValueEnd returns the index after the value at i of valid JSON.
func jsonValueEnd(text []byte, i int) int {
	depth := 0
	for ; ; i++ {
		switch text[i] {
		case '"':
			i = jsonStringEnd(text, i) - 1
		case '{', '[':
			depth++
			continue
		case '}', ']':
			depth--
			if depth < 0 { // the end of the object around a bare number or word
				return i
			}
		case ',', ' ', '\t', '\r', '\n':
			if depth == 0 {
				return i
			}
			continue
		default:
			continue
		}
		if depth == 0 {
			return i + 1
		}
	}
}

// jsonStringEnd returns the index after the string whose opening quote is at i.
func jsonStringEnd(text []byte, i int) int {
	for i++; text[i] != '"'; i++ {
		if text[i] == '\\' {
			i++
		}
	}
	return i + 1
}

// jsonString returns a string's content; without escapes it is a part of text.
func jsonString(quoted []byte) []byte {
	if bytes.IndexByte(quoted, '\\') < 0 {
		return quoted[1 : len(quoted)-1]
	}
	var s string
	if err := json.Unmarshal(quoted, &s); err != nil {
		return quoted
	}
	return []byte(s)
}

func (p *jsonParser) truncate(rows int) {
	for _, f := range p.parsers {
		f.truncate(rows)
	}
}

func (p *jsonParser) build() []Column {
	cols := make([]Column, len(p.parsers))
	for i, f := range p.parsers {
		cols[i] = f.build()
	}
	return cols
}
