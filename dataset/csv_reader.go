package dataset

import (
	"fmt"
	"slices"
)

// csvParser turns CSV records into columns.
type csvParser struct {
	delimiter byte
	width     int   // fields of a record
	target    []int // per field of the record: index into parsers, or -1
	parsers   []fieldParser
	types     []DataType
	labels    []string // column names for messages
	nulls     []string
	fields    [][]byte
	scratch   []byte
}

// newCSVParser makes a parser for the kept columns of o.Schema. header is nil if the data has none.
func newCSVParser(object string, o ReadOptions, header []string, keep []int) (*csvParser, error) {
	schema := o.Schema
	names, named := header, o.Media.Header
	if header == nil {
		names = ColumnNames(schema)
	}
	match, err := columnMatch(object, names, named, schema)
	if err != nil {
		return nil, err
	}
	p := &csvParser{delimiter: o.Media.Delimiter, width: len(names), target: make([]int, len(names)), nulls: o.Media.Nulls}
	for i := range p.target {
		p.target[i] = -1
	}
	for _, k := range keep {
		f := schema.Field(k)
		parser, err := newFieldParser(f.Type, o.BatchRows)
		if err != nil {
			return nil, &SchemaError{Object: object, Column: f.Name, Reason: err.(*SchemaError).Reason}
		}
		if p.target[match[k]] >= 0 {
			return nil, &SchemaError{Object: object, Column: f.Name, Reason: "the column is asked for twice"}
		}
		p.target[match[k]] = len(p.parsers)
		p.parsers = append(p.parsers, parser)
		p.types = append(p.types, f.Type)
		label := "column " + itoa(match[k]+1)
		if named {
			label = names[match[k]]
		}
		p.labels = append(p.labels, label)
	}
	return p, nil
}

func (p *csvParser) parse(text []byte) (column, reason string) {
	var at int
	p.fields, reason, at = splitCSV(text, p.delimiter, p.fields[:0], &p.scratch)
	if reason != "" {
		return "column " + itoa(at+1), reason
	}
	if len(p.fields) != p.width {
		return "", fmt.Sprintf("has %d fields, expected %d", len(p.fields), p.width)
	}
	for i, field := range p.fields {
		k := p.target[i]
		if k < 0 {
			continue
		}
		if len(field) == 0 || p.nulls != nil && slices.Contains(p.nulls, unsafeString(field)) {
			p.parsers[k].null()
			continue
		}
		if !p.parsers[k].parse(field) {
			return p.labels[k], notA(field, p.types[k])
		}
	}
	return "", ""
}

func (p *csvParser) missing() {
	for _, f := range p.parsers {
		f.null()
	}
}

func (p *csvParser) truncate(rows int) {
	for _, f := range p.parsers {
		f.truncate(rows)
	}
}

func (p *csvParser) build() []Column {
	cols := make([]Column, len(p.parsers))
	for i, f := range p.parsers {
		cols[i] = f.build()
	}
	return cols
}
