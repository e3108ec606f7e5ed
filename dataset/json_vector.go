package dataset

import (
	"encoding/json"
	"fmt"
	"strconv"
)

// vector is a record's features by position, in one of SageMaker's forms (contract 11.1): [1.5, 16], {"features": [1.5, 16]},
// {"data": {"features": {"values": [1.5, 16]}}}, or, sparse, {"data": {"features": {"keys": [26], "shape": [2000], "values": [4]}}}.
type vector struct {
	values [][]byte // JSON texts
	keys   [][]byte // positions of the values; nil: they are the first ones
	width  int
}

// vectorOf reads a record as a vector; ok is false where it is not in one of the forms.
func vectorOf(text []byte) (v vector, ok bool) {
	text, reason := validJSON(text)
	if reason != "" {
		return v, false
	}
	if text[0] == '[' {
		return denseVector(text), true
	}
	if features := jsonMemberOf(text, "features"); features != nil && features[0] == '[' {
		return denseVector(features), true
	}
	data := jsonMemberOf(text, "data")
	if data == nil {
		return v, false
	}
	features := jsonMemberOf(data, "features")
	if features == nil {
		return v, false
	}
	values, keys, shape := jsonMemberOf(features, "values"), jsonMemberOf(features, "keys"), jsonMemberOf(features, "shape")
	if values == nil || values[0] != '[' {
		return v, false
	}
	if keys == nil {
		return denseVector(values), true
	}
	var size []int
	if json.Unmarshal(shape, &size) != nil || len(size) == 0 || keys[0] != '[' {
		return v, false
	}
	v = vector{values: jsonElements(values), keys: jsonElements(keys), width: size[len(size)-1]}
	return v, len(v.keys) == len(v.values) && v.width >= 0 && v.width <= maxVectorWidth
}

// maxVectorWidth bounds the columns that a shape in the data can ask for.
const maxVectorWidth = 1 << 20

func denseVector(array []byte) vector {
	values := jsonElements(array)
	return vector{values: values, width: len(values)}
}

// jsonVectorParser turns records that are vectors into columns by position. A null, or a position that a sparse record leaves out, is a
// missing value.
type jsonVectorParser struct {
	path    *Path
	cut     []byte
	parsers []fieldParser // of the kept columns
	types   []DataType
	at      []int // by position, the index of its parser or -1
	row     [][]byte
	nulls   []string
}

func newJSONVectorParser(object string, o ReadOptions, keep []int) (*jsonVectorParser, error) {
	p := &jsonVectorParser{path: o.Path, at: make([]int, o.Schema.NumFields()), nulls: o.Media.Nulls}
	p.row = make([][]byte, len(p.at))
	for i := range p.at {
		p.at[i] = -1
	}
	for _, k := range keep {
		f := o.Schema.Field(k)
		parser, err := newFieldParser(f.Type, o.BatchRows)
		if err != nil {
			return nil, &SchemaError{Object: object, Column: f.Name, Reason: err.(*SchemaError).Reason}
		}
		p.at[k] = len(p.parsers)
		p.parsers, p.types = append(p.parsers, parser), append(p.types, f.Type)
	}
	return p, nil
}

func (p *jsonVectorParser) parse(text []byte) (column, reason string) {
	if text, reason = p.path.record(&p.cut, text); reason != "" {
		return "", reason
	}
	v, ok := vectorOf(text)
	switch {
	case !ok:
		if _, reason = validJSON(text); reason != "" {
			return "", reason
		}
		return "", "is not a list of values, as the first record is"
	case v.width != len(p.at):
		return "", fmt.Sprintf("has %d values, expected %d", v.width, len(p.at))
	}
	if column, reason = p.place(v); reason != "" {
		return column, reason
	}
	for i, value := range p.row {
		if k := p.at[i]; k >= 0 {
			if reason := p.add(k, value); reason != "" {
				return "value " + itoa(i+1), reason
			}
		}
	}
	return "", ""
}

// place puts the values of a record where they belong.
func (p *jsonVectorParser) place(v vector) (column, reason string) {
	if v.keys == nil {
		copy(p.row, v.values)
		return "", ""
	}
	clear(p.row)
	for i, key := range v.keys {
		at, err := strconv.Atoi(string(key))
		if err != nil || at < 0 || at >= v.width {
			return "", fmt.Sprintf("key %s is not a position below %d", key, v.width)
		}
		if p.row[at] != nil {
			return "", fmt.Sprintf("key %d stands twice", at)
		}
		p.row[at] = v.values[i]
	}
	return "", ""
}

func (p *jsonVectorParser) add(k int, value []byte) (reason string) {
	m := valueMember(value)
	if value == nil || m.missing(p.nulls) {
		p.parsers[k].null()
		return ""
	}
	if !p.parsers[k].parse(m.value) {
		return notA(m.value, p.types[k])
	}
	return ""
}

// valueMember is an element of a vector as a member without a name.
func valueMember(value []byte) jsonMember {
	if len(value) > 0 && value[0] == '"' {
		return jsonMember{value: jsonString(value), string: true}
	}
	return jsonMember{value: value}
}

func (p *jsonVectorParser) missing() {
	for _, f := range p.parsers {
		f.null()
	}
}

func (p *jsonVectorParser) truncate(rows int) {
	for _, f := range p.parsers {
		f.truncate(rows)
	}
}

func (p *jsonVectorParser) build() []Column {
	cols := make([]Column, len(p.parsers))
	for i, f := range p.parsers {
		cols[i] = f.build()
	}
	return cols
}
