package dataset

import (
	"context"
	"io"
	"slices"

	"github.com/apache/arrow/go/v15/arrow/array"
)

// recordParser turns text records into columns.
type recordParser interface {
	// parse adds one row, or returns where and why it cannot; then truncate takes back what was added.
	parse(text []byte) (column, reason string)
	missing() // adds a row of missing values
	truncate(rows int)
	build() []Column
}

// lineReader reads the text formats.
type lineReader struct {
	name    string
	opts    ReadOptions
	schema  *Schema
	stream  *lineStream
	scanner recordSource
	parser  recordParser
	raw     *textParser
	marks   []bool // of the rows of the batch, those that were rejected
	row     int64  // records read so far within the object, -1 if unknown
	err     error
}

func newLineReader(ctx context.Context, obj Object, o ReadOptions) (*lineReader, error) {
	offset, length, line := int64(0), int64(0), int64(1)
	l := &lineReader{name: obj.Name(), opts: o}
	if u := o.Unit; u != nil {
		offset, length, line, l.row = u.Offset, u.Length, u.FirstLine, u.FirstRow
	}
	header := o.Header
	if offset > 0 && o.Media.Format == CSV && (o.Media.Delimiter == 0 || o.Media.Header && header == nil) {
		o.Media.Compression = CompressionNone // compressed objects are one unit, from 0
		m, names, err := ReadHeader(ctx, obj, o.Media)
		if err != nil {
			return nil, err
		}
		o.Media.Delimiter = m.Delimiter
		header = names
	}
	stream, err := openLines(ctx, obj, o.Media, offset, length)
	if err != nil {
		return nil, err
	}
	l.stream = stream
	l.scanner = newRecordSource(stream, obj.Name(), o.Media, o.Path, offset, line)
	if offset == 0 {
		names, err := l.scanner.top(&o.Media)
		if err != nil {
			return nil, l.abandon(err)
		}
		if names != nil || !o.Media.Header {
			header = names
		}
	}
	if err := l.setParser(o, header); err != nil {
		return nil, l.abandon(err)
	}
	return l, nil
}

func (l *lineReader) abandon(err error) error {
	_ = l.stream.Close()
	return err
}

func (l *lineReader) setParser(o ReadOptions, header []string) error {
	schema, keep, err := outputSchema(l.name, o.Schema, o.Columns)
	if err != nil {
		return err
	}
	switch o.Media.Format {
	case CSV:
		l.parser, err = newCSVParser(l.name, o, header, keep)
	case JSONLines, JSON:
		if o.Media.Format == JSON { // the records are cut out of the document already
			o.Path = nil
		}
		if Named(o.Schema) {
			l.parser, err = newJSONParser(l.name, o, schema)
		} else {
			l.parser, err = newJSONVectorParser(l.name, o, keep)
		}
	case LibSVM:
		l.parser, err = newLibSVMParser(l.name, schema)
	}
	if err != nil {
		return err
	}
	l.schema = o.withRejected(schema)
	if o.RawColumn != "" {
		l.raw = &textParser{typ: BinaryType}
		l.schema = withFields(schema, append(slices.Clone(l.schema.Fields()), Field{Name: o.RawColumn, Type: BinaryType}))
	}
	return nil
}

func (l *lineReader) Schema() *Schema { return l.schema }

func (l *lineReader) Next() (Batch, error) {
	if l.err != nil {
		return nil, l.err
	}
	rows, bytes := 0, 0
	for rows < l.opts.BatchRows && bytes < maxBatchBytes {
		rec, err := l.scanner.next()
		if err != nil {
			l.err = l.withRow(err)
			break
		}
		index := l.row
		if l.row >= 0 {
			l.row++
		}
		column, reason := l.parseRecord(rec)
		if reason != "" {
			l.parser.truncate(rows)
			bad := &RecordError{Object: l.name, RowGroup: -1, Row: index + 1, Line: rec.line, Instance: l.instance(rec, index), Column: column, Reason: reason, Raw: cutRaw(rec.text)}
			if l.err = l.reject(bad); l.err != nil {
				break
			}
			if l.opts.RejectedColumn == "" {
				continue
			}
			l.parser.missing()
		}
		l.marks = append(l.marks, reason != "")
		if l.raw != nil {
			l.raw.parse(rec.text)
		}
		rows++
		bytes += len(rec.text)
	}
	if l.err != nil && l.err != io.EOF || rows == 0 {
		return nil, l.err
	}
	cols := l.parser.build()
	if l.opts.RejectedColumn != "" {
		cols = append(cols, NewBools(l.marks))
	}
	l.marks = l.marks[:0]
	if l.raw != nil {
		cols = append(cols, l.raw.build())
	}
	return array.NewRecord(l.schema, cols, int64(rows)), nil
}

// instance is a record's place in its JSON document, from 1.
func (l *lineReader) instance(rec record, index int64) int64 {
	if l.opts.Media.Format == JSON && !l.opts.Media.LineSplit {
		return index + 1
	}
	return rec.place
}

// reject reports a record, or returns it where nobody asked.
func (l *lineReader) reject(bad *RecordError) error {
	if l.opts.OnReject == nil {
		return bad
	}
	return l.opts.OnReject(bad)
}

func (l *lineReader) parseRecord(rec record) (column, reason string) {
	if rec.open {
		return "", "a quoted field is not closed before the end of the data"
	}
	if rec.reason != "" {
		return "", rec.reason
	}
	return l.parser.parse(rec.text)
}

// withRow adds the record number to an error of the scanner.
func (l *lineReader) withRow(err error) error {
	if re, ok := err.(*RecordError); ok && l.row >= 0 {
		re.Row = l.row + 1
	}
	return err
}

func (l *lineReader) Close() error {
	if l.err == nil {
		l.err = io.ErrClosedPipe
	}
	return l.stream.Close()
}

// rulesOf says how a format's records are bounded. A CSV delimiter that is not said is filled in by top.
func rulesOf(m Media) recordRules {
	return recordRules{quotes: m.Format == CSV, delimiter: m.Delimiter, comments: m.Format == LibSVM}
}

// top reads what stands above the first record of an object: a byte order mark and a CSV header, whose names it returns. It
// finds out the delimiter if m does not say it.
func (s *recordScanner) top(m *Media) ([]string, error) {
	if err := s.skipBOM(); err != nil {
		return nil, err
	}
	if m.Format != CSV {
		return nil, nil
	}
	if m.Delimiter == 0 {
		if s.from == s.to || !s.eof {
			if err := s.fill(); err != nil {
				return nil, err
			}
		}
		m.Delimiter = sniffDelimiter(s.buf[s.from:s.to])
		s.rules.delimiter = m.Delimiter
	}
	if !m.Header {
		return nil, nil
	}
	rec, err := s.next()
	if err == io.EOF {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var scratch []byte
	fields, reason, _ := splitCSV(rec.text, m.Delimiter, nil, &scratch)
	if reason != "" {
		return nil, &SchemaError{Object: s.name, Reason: "the header line cannot be read: " + reason}
	}
	return headerNames(s.name, fields)
}

// ReadHeader reads the top of a CSV object and returns the media with the delimiter filled in and the column names; the names
// are nil if the object has no header or is empty. For other formats it returns the media as it is.
func ReadHeader(ctx context.Context, obj Object, m Media) (Media, []string, error) {
	if m.Format != CSV {
		return m, nil, nil
	}
	length := int64(0) // of a compressed object all; what is not needed is not waited for
	if m.Compression == CompressionNone {
		length = min(obj.Size(), 64<<10)
	}
	for {
		stream, err := openLines(ctx, obj, m, 0, length)
		if err != nil {
			return m, nil, err
		}
		s := newRecordScanner(stream, obj.Name(), rulesOf(m), 0, 1)
		found := m
		names, err := s.top(&found)
		_ = stream.Close()
		if err == nil && (length == 0 || length == obj.Size() || s.offset < length && s.to > s.from) {
			return found, names, nil
		}
		if err != nil && (length == 0 || length == obj.Size()) {
			return m, nil, err
		}
		length = min(obj.Size(), length*16)
	}
}
