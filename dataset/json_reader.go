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
	dec := json.NewDecoder(bytes.NewReader(text))
	tok, err := dec.Token()
	if err != nil {
		return dst, "is not JSON: " + err.Error()
	}
	if tok != json.Delim('{') {
		return dst, fmt.Sprintf("is not a JSON object but starts with %v", tok)
	}
	for dec.More() {
		name, err := dec.Token()
		if err != nil {
			return dst, "is not JSON: " + err.Error()
		}
		var raw json.RawMessage
		if err := dec.Decode(&raw); err != nil {
			return dst, "is not JSON: " + err.Error()
		}
		m := jsonMember{name: name.(string), value: raw}
		if raw[0] == '"' {
			var s string
			if err := json.Unmarshal(raw, &s); err != nil {
				return dst, "is not JSON: " + err.Error()
			}
			m.value, m.string = []byte(s), true
		}
		dst = append(dst, m)
	}
	if _, err := dec.Token(); err != nil {
		return dst, "is not JSON: the object does not end"
	}
	if dec.More() {
		return dst, "has text after its JSON object"
	}
	return dst, ""
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
