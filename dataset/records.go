package dataset

import (
	"bytes"
	"fmt"
	"io"
)

// maxRecordBytes bounds one text record, so that an unclosed quote cannot fill the memory.
const maxRecordBytes = 64 << 20

// recordRules says how a line format's bytes fall into records. Units and readers share them, so they always agree.
type recordRules struct {
	quotes    bool // CSV: a quoted field may hold line ends
	delimiter byte // CSV
	comments  bool // libsvm: a line that starts with # is no record
}

// record is one text record.
type record struct {
	text   []byte // without its terminator; valid until the next call
	offset int64  // of its first byte within the object
	end    int64  // offset after its terminator
	line   int64  // its first line within the object, from 1
	open   bool   // the text ended inside quotes
	reason string // why it cannot be read, where that is known
	place  int64  // from 1, of several records in a document that is one of many; else 0
}

// recordSource cuts a stream into records.
type recordSource interface {
	// top reads what stands above the first record of an object: see recordScanner.
	top(*Media) ([]string, error)
	// next returns the next record, or io.EOF.
	next() (record, error)
}

// newRecordSource cuts a stream that starts at offset within the object, on that line. path cuts JSON documents; nil: they are taken whole.
func newRecordSource(r io.Reader, name string, m Media, path *Path, offset, line int64) recordSource {
	if m.Format == RecordIO {
		return &frameSource{frameReader{r: r, offset: offset}, name}
	}
	s := newRecordScanner(r, name, rulesOf(m), offset, line)
	switch {
	case m.Format == JSON && m.LineSplit:
		return &documentLines{recordScanner: s, path: path}
	case m.Format == JSON && offset > 0:
		return &documentScanner{recordScanner: s, state: insideList, unit: true, first: true}
	case m.Format == JSON:
		return &documentScanner{recordScanner: s, path: path}
	}
	return s
}

// recordScanner cuts a stream into records. Blank lines are no records. Its buffer grows to the longest record.
type recordScanner struct {
	r      io.Reader
	rules  recordRules
	name   string
	buf    []byte
	from   int   // start of the unread part of buf
	to     int   // end of the bytes in buf
	offset int64 // of buf[from] within the object
	line   int64 // of buf[from] within the object
	eof    bool
	err    error
}

func newRecordScanner(r io.Reader, name string, rules recordRules, offset, line int64) *recordScanner {
	return &recordScanner{r: r, rules: rules, name: name, buf: make([]byte, 256<<10), offset: offset, line: line}
}

// skipBOM drops a UTF-8 byte order mark at the top of an object.
func (s *recordScanner) skipBOM() error {
	for s.to-s.from < 3 && !s.eof {
		if err := s.fill(); err != nil {
			return err
		}
	}
	if bytes.HasPrefix(s.buf[s.from:s.to], []byte("\xef\xbb\xbf")) {
		s.from += 3
		s.offset += 3
	}
	return nil
}

// next returns the next record, or io.EOF.
func (s *recordScanner) next() (record, error) {
	for {
		rec, err := s.nextLine()
		if err != nil {
			return record{}, err
		}
		if !s.blank(rec.text) {
			return rec, nil
		}
	}
}

func (s *recordScanner) blank(text []byte) bool {
	if s.rules.quotes {
		return len(text) == 0
	}
	if len(text) > 0 && text[0] > ' ' && text[0] != '#' {
		return false
	}
	text = bytes.TrimSpace(text)
	return len(text) == 0 || s.rules.comments && text[0] == '#'
}

func (s *recordScanner) nextLine() (record, error) {
	for {
		b := s.buf[s.from:s.to]
		end, lines, open := s.recordEnd(b)
		if end < 0 && !s.eof {
			if s.to-s.from >= maxRecordBytes {
				return record{}, s.tooLong(b)
			}
			if err := s.fill(); err != nil {
				return record{}, err
			}
			continue
		}
		if len(b) == 0 {
			return record{}, io.EOF
		}
		used := end + 1
		if end < 0 {
			end, used = len(b), len(b)
		}
		rec := record{text: trimCR(b[:end]), offset: s.offset, end: s.offset + int64(used), line: s.line, open: open}
		s.from += used
		s.offset = rec.end
		s.line += lines
		return rec, nil
	}
}

func trimCR(b []byte) []byte {
	if n := len(b); n > 0 && b[n-1] == '\r' {
		return b[:n-1]
	}
	return b
}

func (s *recordScanner) tooLong(b []byte) error {
	question := "are its line ends others than LF and CRLF?"
	if s.rules.quotes {
		question = "is a quote not closed?"
	}
	return &RecordError{Object: s.name, RowGroup: -1, Line: s.line, Raw: cutRaw(b),
		Reason: fmt.Sprintf("the record is longer than %d MiB, the bound; %s", maxRecordBytes>>20, question)}
}

// recordEnd returns the index of the newline that ends the record at the start of b (-1 if it is not in b), the number of
// lines the record takes, and whether b ends inside quotes. A quote opens a quoted field only at the start of a field, as
// in RFC 4180; any other quote is text here, and the field splitter complains about it.
func (s *recordScanner) recordEnd(b []byte) (end int, lines int64, open bool) {
	nl := bytes.IndexByte(b, '\n')
	if !s.rules.quotes {
		return nl, 1, false
	}
	line := b
	if nl >= 0 {
		line = b[:nl]
	}
	q := bytes.IndexByte(line, '"')
	if q < 0 {
		return nl, 1, false
	}
	return quotedRecordEnd(b, s.rules.delimiter, q)
}

// quotedRecordEnd is recordEnd for a record whose first quote is at q.
func quotedRecordEnd(b []byte, delimiter byte, q int) (end int, lines int64, open bool) {
	lines = 1
	for {
		// b[q] is a quote outside a quoted field.
		if q == 0 || b[q-1] == delimiter {
			p := closingQuote(b, q+1)
			if p < 0 {
				return -1, lines, true
			}
			lines += int64(bytes.Count(b[q+1:p], []byte{'\n'}))
			q = p
		}
		rest := b[q+1:]
		nl := bytes.IndexByte(rest, '\n')
		next := rest
		if nl >= 0 {
			next = rest[:nl]
		}
		n := bytes.IndexByte(next, '"')
		if n < 0 {
			if nl < 0 {
				return -1, lines, false
			}
			return q + 1 + nl, lines, false
		}
		q += 1 + n
	}
}

// closingQuote finds the quote that ends a quoted field whose content starts at i; two quotes in a row are one of text.
func closingQuote(b []byte, i int) int {
	for {
		n := bytes.IndexByte(b[i:], '"')
		if n < 0 {
			return -1
		}
		i += n
		if i+1 >= len(b) || b[i+1] != '"' {
			return i
		}
		i += 2
	}
}

// fill reads more bytes after those not yet used.
func (s *recordScanner) fill() error {
	if s.err != nil {
		return s.err
	}
	if s.from > 0 {
		copy(s.buf, s.buf[s.from:s.to])
		s.to -= s.from
		s.from = 0
	}
	if s.to == len(s.buf) {
		s.buf = append(s.buf, make([]byte, len(s.buf))...)
	}
	for s.to < len(s.buf) {
		n, err := s.r.Read(s.buf[s.to:])
		s.to += n
		if err == io.EOF {
			s.eof = true
			return nil
		}
		if err != nil {
			s.err = err
			return err
		}
	}
	return nil
}

// cutRaw copies the first bytes of a record for a message.
func cutRaw(b []byte) string {
	const most = 300
	if len(b) > most {
		return string(b[:most]) + "..."
	}
	return string(b)
}
