package dataset

import (
	"context"
	"fmt"
	"io"
)

// Document is one JSON document of an object. It is an Object of its own, by the name of the one it is in.
type Document struct {
	Text []byte // without blanks around it where it is whole; valid until the next one is read
	Line int64  // it starts on
	Bad  bool   // it is no JSON
	name string
}

// Name is the name of the object that the document is in.
func (d *Document) Name() string { return d.name }

// Size is the document's length in bytes.
func (d *Document) Size() int64 { return int64(len(d.Text)) }

// Open reads a range of the document.
func (d *Document) Open(ctx context.Context, offset, length int64) (io.ReadCloser, error) {
	return inMemory{d.name, d.Text}.Open(ctx, offset, length)
}

// Documents reads the JSON documents of an object or unit one after the other: those that are answered as a whole.
type Documents struct {
	name   string
	stream *lineStream
	whole  *documentScanner // of an object that is one document
	lines  *recordScanner   // of one with a document on each line
}

// OpenDocuments opens an object, or a unit of one with a document on each line. Close what it returns.
func OpenDocuments(ctx context.Context, obj Object, m Media, unit *Unit) (*Documents, error) {
	offset, length, line := int64(0), int64(0), int64(1)
	if unit != nil {
		offset, length, line = unit.Offset, unit.Length, unit.FirstLine
	}
	stream, err := openLines(ctx, obj, m, offset, length)
	if err != nil {
		return nil, err
	}
	d := &Documents{name: obj.Name(), stream: stream}
	s := newRecordScanner(stream, obj.Name(), rulesOf(m), offset, line)
	if offset == 0 {
		if err := s.skipBOM(); err != nil {
			_ = stream.Close()
			return nil, err
		}
	}
	if m.LineSplit {
		d.lines = s
	} else {
		d.whole = &documentScanner{recordScanner: s}
	}
	return d, nil
}

// Next returns the next document, or io.EOF. Documents are held in memory: a longer one than a record may be is a *RecordError, as is
// one that is not closed.
func (d *Documents) Next() (*Document, error) {
	var rec record
	var err error
	switch {
	case d.lines != nil:
		rec, err = d.lines.next()
	case d.whole.state == behindDocument:
		return nil, d.whole.end()
	default:
		if _, err = d.whole.peek(); err == nil {
			rec, err = d.whole.value()
			d.whole.state = behindDocument
		}
	}
	if err != nil {
		return nil, err
	}
	doc := &Document{Text: rec.text, Line: rec.line, name: d.name}
	if text, reason := validJSON(rec.text); reason == "" {
		doc.Text = text
	} else if d.lines == nil {
		return nil, &RecordError{Object: d.name, RowGroup: -1, Line: rec.line, Reason: reason, Raw: cutRaw(rec.text)}
	} else {
		doc.Bad = true
	}
	return doc, nil
}

// Close ends the reading.
func (d *Documents) Close() error { return d.stream.Close() }

// MaxDocumentBytes bounds documents that are held in memory.
const MaxDocumentBytes = maxRecordBytes

// CheckDocument is a *SchemaError for an object that is one document and longer than may be held in memory, as far as its size tells.
func CheckDocument(obj Object, m Media) error {
	if m.LineSplit || obj.Size() <= MaxDocumentBytes || m.Compression == Gzip || m.Compression == Zstd {
		return nil
	}
	return &SchemaError{Object: obj.Name(), Reason: fmt.Sprintf("is longer than %d MiB, the bound for JSON documents that are joined or filtered, which are held in memory; write one document per line (SplitType Line), or %s",
		MaxDocumentBytes>>20, JSONLines)}
}
