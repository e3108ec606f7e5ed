package dataset

import (
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
	path    *Path // of a record, what the columns are taken from
	cut     []byte
}

// jsonMember is one member of a record.
type jsonMember struct {
	name   string
	value  []byte // the JSON text; of a string its content
	string bool
}

func newJSONParser(object string, o ReadOptions, schema *Schema) (*jsonParser, error) {
	p := &jsonParser{path: o.Path, at: map[string]int{}, nulls: o.Media.Nulls, set: make([]bool, schema.NumFields())}
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
	if text, reason = p.path.record(&p.cut, text); reason != "" {
		return "", reason
	}
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
	text, reason := validJSON(text)
	if reason != "" {
		return dst, reason
	}
	if text[0] != '{' {
		return dst, fmt.Sprintf("is not a JSON object but starts with %c", text[0])
	}
	eachJSON(text, func(name, value []byte) {
		m := jsonMember{name: string(jsonString(name)), value: value}
		if value[0] == '"' {
			m.value, m.string = jsonString(value), true
		}
		dst = append(dst, m)
	})
	return dst, ""
}

func (p *jsonParser) missing() {
	for _, f := range p.parsers {
		f.null()
	}
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
