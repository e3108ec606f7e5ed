package dataset

import (
	"context"
	"fmt"
	"io"
	"slices"
)

// inferFirm is the number of records after which a column of numbers is taken to be one.
const inferFirm = 10000

// columnKinds is what the values of a column have looked like.
type columnKinds struct {
	name           string
	forced         bool // the user says text
	ints, floats   bool
	bools, texts   bool
	later          bool // a number was seen after the first record
	firstIsText    bool // the first record holds text here
	textAfterFirst bool
	numbers, words int64
	stray          *RecordError // the first text, in case it is an exception among numbers
}

// strayShare bounds the texts that make a column of numbers a faulty one, not one of text: one in so many.
const strayShare = 20

// look notes a value. It returns false if the value is text where numbers are expected by now.
func (c *columnKinds) look(field []byte, record int64, missing bool) bool {
	if missing || c.forced {
		return true
	}
	field = trimSpaces(field)
	switch {
	case isMissingNumber(field):
		return true
	case !c.floats && isInt64(field):
		c.ints = true
		c.numbers++
	case isNumber(field):
		c.floats = true
		c.numbers++
	default:
		if _, ok := parseBool(field); ok {
			c.bools = true
			break
		}
		firm := record >= inferFirm && (c.ints || c.floats) && !c.texts && !c.bools
		if record == 0 {
			c.firstIsText = true
		} else {
			c.textAfterFirst = true
		}
		c.texts = true
		c.words++
		return !firm
	}
	if record > 0 {
		c.later = true
	}
	return true
}

func isNumber(b []byte) bool {
	if _, _, _, ok := simpleDecimal(b); ok {
		return true
	}
	_, ok := slowFloat(b, 64)
	return ok
}

// dataType is the column's type; nil if it has no value.
func (c *columnKinds) dataType() DataType {
	switch {
	case c.forced || c.texts || c.bools && (c.ints || c.floats):
		return StringType
	case c.bools:
		return BoolType
	case c.floats:
		return Float64Type
	case c.ints:
		return Int64Type
	}
	return nil
}

// lineInference reads through one text object.
type lineInference struct {
	name    string
	m       Media
	columns []*columnKinds
	byName  map[string]*columnKinds
	fields  [][]byte
	scratch []byte
	members []jsonMember
	svm     *libsvmParser
	vectors bool // JSON: records are vectors, whose columns have no names
	first   record
}

func inferLines(ctx context.Context, obj Object, m Media) (*objectSchema, error) {
	stream, err := openLines(ctx, obj, m, 0, 0)
	if err != nil {
		return nil, err
	}
	defer stream.Close()
	l := &lineInference{name: obj.Name(), byName: map[string]*columnKinds{}}
	s := newRecordSource(stream, obj.Name(), m, nil, 0, 1)
	names, err := s.top(&m)
	if err != nil {
		return nil, err
	}
	l.m = m
	for _, n := range names {
		l.add(n)
	}
	if m.Format == LibSVM {
		l.svm = &libsvmParser{}
	}
	rows := int64(0)
	for {
		rec, err := s.next()
		if err == io.EOF {
			break
		}
		if err != nil {
			if re, ok := err.(*RecordError); ok {
				re.Row = rows + 1
			}
			return nil, err
		}
		if rows == 0 {
			l.first = rec
			l.first.text = slices.Clone(rec.text)
		}
		l.look(rec, rows, &err)
		if err != nil {
			return nil, err
		}
		rows++
	}
	return l.result(rows)
}

func (l *lineInference) add(name string) *columnKinds {
	c := &columnKinds{name: name, forced: slices.Contains(l.m.Text, name)}
	if l.m.Format == CSV && !l.m.Header {
		c.forced = c.forced || slices.Contains(l.m.Text, itoa(len(l.columns)+1))
	}
	l.columns = append(l.columns, c)
	l.byName[name] = c
	return c
}

// look notes what a record's values look like. A record that cannot be read at all is left to the reader, which may be told to
// reject it; only a value that contradicts its column is an error here.
func (l *lineInference) look(rec record, index int64, err *error) {
	switch l.m.Format {
	case LibSVM:
		l.svm.parse(rec.text)
		l.svm.truncate(0)
	case JSONLines, JSON:
		if l.lookAtVector(rec, index, err) {
			return
		}
		var reason string
		if l.members, reason = jsonMembers(rec.text, l.members[:0]); reason != "" {
			return
		}
		for i := range l.members {
			m := &l.members[i]
			c := l.byName[m.name]
			if c == nil {
				c = l.add(m.name)
			}
			l.note(c, m.value, m.missing(l.m.Nulls), m.string, rec, index, err)
		}
	case CSV:
		var reason string
		if l.fields, reason, _ = splitCSV(rec.text, l.m.Delimiter, l.fields[:0], &l.scratch); reason != "" || rec.open {
			return
		}
		if len(l.columns) == 0 {
			for i := range l.fields {
				l.add(positionName(i))
			}
		}
		if len(l.fields) != len(l.columns) {
			return
		}
		for i, f := range l.fields {
			missing := len(f) == 0 || l.m.Nulls != nil && slices.Contains(l.m.Nulls, string(f))
			l.note(l.columns[i], f, missing, false, rec, index, err)
		}
	}
}

// lookAtVector notes the values of a JSON document's record that is a vector.
func (l *lineInference) lookAtVector(rec record, index int64, err *error) bool {
	if l.m.Format != JSON || len(l.columns) > 0 && !l.vectors {
		return false
	}
	v, ok := vectorOf(rec.text)
	if !ok || v.keys != nil {
		return false
	}
	for i, value := range v.values {
		if i == len(l.columns) {
			l.vectors = true
			l.add(positionName(i))
		}
		m := valueMember(value)
		l.note(l.columns[i], m.value, m.missing(l.m.Nulls), m.string, rec, index, err)
	}
	return true
}

func (l *lineInference) note(c *columnKinds, value []byte, missing, quoted bool, rec record, index int64, err *error) {
	if quoted && !missing {
		c.texts = true
		return
	}
	before := c.words
	ok := c.look(value, index, missing)
	if c.words > before && c.stray == nil {
		c.stray = l.strayText(c, value, rec, index)
	}
	if !ok && *err == nil {
		*err = l.strayText(c, value, rec, index)
	}
}

func (l *lineInference) strayText(c *columnKinds, value []byte, rec record, index int64) *RecordError {
	return &RecordError{Object: l.name, RowGroup: -1, Row: index + 1, Line: rec.line, Column: l.label(c), Raw: cutRaw(rec.text),
		Reason: fmt.Sprintf("%q is text in a column of numbers; mend it, or say in the content type null=%s if it stands for a missing value, or text=%s to take the column as text",
			cutRaw(value), cutRaw(value), l.parameter(c))}
}

// label names a column in messages.
func (l *lineInference) label(c *columnKinds) string {
	if l.m.Format == CSV && !l.m.Header {
		return "column " + l.parameter(c)
	}
	return c.name
}

// parameter is how a user would name the column in a content type.
func (l *lineInference) parameter(c *columnKinds) string {
	if l.m.Format == CSV && !l.m.Header {
		return itoa(slices.Index(l.columns, c) + 1)
	}
	return c.name
}

func (l *lineInference) result(rows int64) (*objectSchema, error) {
	if l.m.Format == LibSVM {
		if rows == 0 {
			return nil, nil
		}
		s := libsvmSchema(l.svm.seen.weight, l.svm.seen.qid)
		return &objectSchema{object: l.name, schema: s, empty: make([]bool, s.NumFields())}, nil
	}
	if len(l.columns) == 0 {
		return nil, nil
	}
	if err := l.forgottenHeader(); err != nil {
		return nil, err
	}
	s := &objectSchema{object: l.name}
	var fields []Field
	for _, c := range l.columns {
		if !c.forced && c.stray != nil && c.words*strayShare <= c.numbers {
			return nil, c.stray
		}
		t := c.dataType()
		s.empty = append(s.empty, t == nil)
		if t == nil {
			t = Float64Type
		}
		fields = append(fields, NullField(c.name, t))
	}
	s.schema = NewSchema(!l.vectors && (l.m.Format != CSV || l.m.Header), fields...)
	return s, nil
}

// forgottenHeader finds a first record of words over columns that otherwise hold numbers.
func (l *lineInference) forgottenHeader() error {
	if l.m.Format != CSV || l.m.Header {
		return nil
	}
	numbers := false
	for _, c := range l.columns {
		if !c.firstIsText && !c.forced {
			return nil
		}
		numbers = numbers || c.later && !c.textAfterFirst && (c.ints || c.floats)
	}
	if !numbers {
		return nil
	}
	return &RecordError{Object: l.name, RowGroup: -1, Row: 1, Line: l.first.line, Raw: cutRaw(l.first.text),
		Reason: "the first record holds text where the others hold numbers; if it is a header, say header=present in the content type"}
}
