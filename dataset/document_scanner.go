package dataset

import (
	"fmt"
	"io"
)

// documentScanner takes the records out of one JSON document as it is read, so that only a record, and the members before the list of
// records, need to fit the memory. It sees to the document's brackets and commas; what stands inside a record is the parser's to check.
type documentScanner struct {
	*recordScanner
	path   *Path // what of the document the records are taken from; then all of it is held in memory
	state  documentState
	unit   bool // the bytes are a part of a list of records
	object bool // the list is an object's member
	first  bool // no record of the list has been met
	cut    []byte
	queue  [][]byte // records of a document that was read whole
	whole  record
}

type documentState int

const (
	beforeDocument documentState = iota
	insideList
	behindList
	behindDocument
)

func (d *documentScanner) next() (record, error) {
	for {
		switch d.state {
		case beforeDocument:
			if rec, found, err := d.open(); found || err != nil {
				return rec, err
			}
		case insideList:
			if rec, found, err := d.element(); found || err != nil {
				return rec, err
			}
		case behindList:
			if err := d.closeObject(); err != nil {
				return record{}, err
			}
			d.state = behindDocument
		default:
			if len(d.queue) > 0 {
				rec := d.whole
				rec.text, d.queue = d.queue[0], d.queue[1:]
				return rec, nil
			}
			return record{}, d.end()
		}
	}
}

// open finds the document's list of records, or takes it whole where it is one record or is to be cut.
func (d *documentScanner) open() (rec record, found bool, err error) {
	c, err := d.peek()
	switch {
	case err != nil:
		return record{}, false, err
	case !d.path.Whole():
		return record{}, false, d.openCut()
	case c == '[' || c == '{':
		at, err := d.listStart(c)
		if err != nil {
			return record{}, false, err
		}
		if at > 0 {
			d.skip(at)
			d.state, d.object, d.first = insideList, c == '{', true
			return record{}, false, nil
		}
	}
	d.state = behindDocument
	rec, err = d.value()
	return rec, true, err
}

// openCut reads the whole document and takes the records from a part of it.
func (d *documentScanner) openCut() error {
	rec, err := d.value()
	if err != nil {
		return err
	}
	text, reason := validJSON(rec.text)
	if reason == "" {
		text, reason = d.path.record(&d.cut, append([]byte(nil), text...))
	}
	if reason != "" {
		return d.fault(rec.line, reason)
	}
	d.state, d.whole, d.queue = behindDocument, rec, instancesOf(text)
	return nil
}

// listStart looks ahead for the bracket that opens the list of records: how many bytes there are up to behind it, 0 where there is no
// list.
func (d *documentScanner) listStart(c byte) (int, error) {
	if c == '[' {
		first, _, err := d.ahead(1)
		if first == '[' || first == '{' || first == ']' {
			return 1, err
		}
		return 0, err
	}
	for i := 1; ; {
		c, at, err := d.ahead(i)
		if err != nil || c != '"' {
			return 0, err // no member, or none that can be told
		}
		end, err := d.valueEnd(at)
		if err != nil {
			return 0, err
		}
		name := string(jsonString(d.buf[d.from+at : d.from+end]))
		if c, at, err = d.ahead(end); err != nil || c != ':' {
			return 0, err
		}
		if c, at, err = d.ahead(at + 1); err != nil {
			return 0, err
		}
		if c == '[' {
			first, _, err := d.ahead(at + 1)
			if err != nil || isInstanceList(name, first) {
				return at + 1, err
			}
		}
		if end, err = d.valueEnd(at); err != nil {
			return 0, err
		}
		if c, at, err = d.ahead(end); err != nil || c != ',' {
			return 0, err
		}
		i = at + 1
	}
}

// element takes the next record of the list; none is found at its end.
func (d *documentScanner) element() (rec record, found bool, err error) {
	c, err := d.peek()
	if err == io.EOF && d.unit {
		return record{}, false, io.EOF
	}
	if err != nil {
		return record{}, false, d.early(err)
	}
	switch {
	case c == ']' && !d.unit:
		d.skip(1)
		if d.state = behindDocument; d.object {
			d.state = behindList
		}
		return record{}, false, nil
	case d.first:
	case c != ',':
		return record{}, false, d.fault(d.line, fmt.Sprintf("a comma or the end of the list should follow a record, not %q", c))
	default:
		d.skip(1)
		if _, err := d.peek(); err != nil {
			return record{}, false, d.early(err)
		}
	}
	d.first = false
	rec, err = d.value()
	return rec, true, err
}

// closeObject reads the members behind the list, which say nothing about the records.
func (d *documentScanner) closeObject() error {
	for {
		c, err := d.peek()
		if err != nil {
			return d.early(err)
		}
		d.skip(1)
		switch c {
		case '}':
			return nil
		case ',':
		default:
			return d.fault(d.line, fmt.Sprintf("a comma or the end of the document should follow the list of records, not %q", c))
		}
		if err := d.member(); err != nil {
			return err
		}
	}
}

// member reads a name and a value.
func (d *documentScanner) member() error {
	for _, want := range []byte{'"', ':', 0} {
		c, err := d.peek()
		if err != nil {
			return d.early(err)
		}
		switch {
		case want == ':' && c == ':':
			d.skip(1)
			continue
		case want != 0 && c != want:
			return d.fault(d.line, fmt.Sprintf("%q should follow, not %q", want, c))
		}
		rec, err := d.value()
		if err != nil {
			return err
		}
		if _, reason := validJSON(rec.text); reason != "" {
			return d.fault(rec.line, reason)
		}
	}
	return nil
}

// end sees that nothing follows the document.
func (d *documentScanner) end() error {
	if _, err := d.peek(); err != nil {
		return err
	}
	return d.fault(d.line, "holds more than one JSON document; say SplitType Line, or split=line in the content type, if each line is one")
}

// peek skips blanks and returns the next byte, or io.EOF.
func (d *documentScanner) peek() (byte, error) {
	for {
		for d.from < d.to {
			c := d.buf[d.from]
			if c != ' ' && c != '\t' && c != '\n' && c != '\r' {
				return c, nil
			}
			d.skip(1)
		}
		if d.eof {
			return 0, io.EOF
		}
		if err := d.fill(); err != nil {
			return 0, err
		}
	}
}

// skip moves on by n bytes that are in the buffer.
func (d *documentScanner) skip(n int) {
	for _, c := range d.buf[d.from : d.from+n] {
		if c == '\n' {
			d.recordScanner.line++
		}
	}
	d.from += n
	d.offset += int64(n)
}

// ahead returns the first byte from i on that is no blank, and where it is, counted from the next byte.
func (d *documentScanner) ahead(i int) (byte, int, error) {
	for ; ; i++ {
		if err := d.hold(i); err != nil {
			return 0, i, d.early(err)
		}
		switch c := d.buf[d.from+i]; c {
		case ' ', '\t', '\n', '\r':
		default:
			return c, i, nil
		}
	}
}

// hold reads until byte i, counted from the next one, is in the buffer.
func (d *documentScanner) hold(i int) error {
	for d.from+i >= d.to {
		if d.eof {
			return io.EOF
		}
		if d.to-d.from >= maxRecordBytes {
			return d.fault(d.line, fmt.Sprintf("a record, or what stands above the list of records, is longer than %d MiB", maxRecordBytes>>20))
		}
		if err := d.fill(); err != nil {
			return err
		}
	}
	return nil
}

// value takes the next value.
func (d *documentScanner) value() (record, error) {
	n, err := d.valueEnd(0)
	if err != nil {
		return record{}, err
	}
	rec := record{text: d.buf[d.from : d.from+n], offset: d.offset, end: d.offset + int64(n), line: d.line}
	d.skip(n)
	return rec, nil
}

// valueEnd is the end of the value at i, counted from the next byte. Only brackets, strings and what ends a bare word are looked at.
func (d *documentScanner) valueEnd(i int) (int, error) {
	start := i
	for depth := 0; ; i++ {
		if d.from+i >= d.to {
			if err := d.hold(i); err == io.EOF && depth == 0 && i > start {
				return i, nil // the end of a bare word
			} else if err != nil {
				return 0, d.early(err)
			}
		}
		switch d.buf[d.from+i] {
		case '"':
			end, err := d.stringEnd(i)
			if err != nil {
				return 0, err
			}
			i = end - 1
		case '{', '[':
			depth++
			continue
		case '}', ']':
			if depth--; depth < 0 {
				return d.bareEnd(start, i)
			}
		case ',', ':', ' ', '\t', '\r', '\n':
			if depth == 0 {
				return d.bareEnd(start, i)
			}
			continue
		default:
			continue
		}
		if depth == 0 {
			return i + 1, nil
		}
	}
}

// bareEnd ends a bare word before byte i: a word of no bytes is no value.
func (d *documentScanner) bareEnd(start, i int) (int, error) {
	if i == start {
		return 0, d.fault(d.line, fmt.Sprintf("a value should stand before %q", d.buf[d.from+i]))
	}
	return i, nil
}

// stringEnd is the end of the string whose opening quote is at i.
func (d *documentScanner) stringEnd(i int) (int, error) {
	for i++; ; i++ {
		if d.from+i >= d.to {
			if err := d.hold(i); err != nil {
				return 0, d.early(err)
			}
		}
		switch d.buf[d.from+i] {
		case '\\':
			i++
		case '"':
			return i + 1, nil
		}
	}
}

// early turns the end of the data into what is wrong with the document.
func (d *documentScanner) early(err error) error {
	if err == io.EOF {
		return d.fault(d.line, "the JSON document is not closed before the end of the data")
	}
	return err
}

func (d *documentScanner) fault(line int64, reason string) error {
	return &RecordError{Object: d.name, RowGroup: -1, Line: line, Reason: reason, Raw: cutRaw(d.buf[d.from:d.to])}
}
