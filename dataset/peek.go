package dataset

import (
	"context"
	"errors"
	"io"

	"github.com/apache/arrow/go/v15/arrow"
)

// peekRecords is how many records of JSON are looked at for the names of columns, and of RecordIO for their kind.
const peekRecords = 1000

// Columns tells which columns an object has, without reading it through: Parquet's from the footer, with their types; those of
// text formats from the header or the first record, all of them text, since only values could tell more. JSON has the members of
// the first thousand records; RecordIO's records are sparse if one of those is, else of the first one's width. The media comes back with a delimiter that was not said filled in.
//
// A path cuts records before columns are looked for, where they are JSON; nil: they are taken whole. Records that are lists of values
// then make columns without names.
func Columns(ctx context.Context, obj Object, m Media, path *Path) (*Schema, Media, error) {
	switch m.Format {
	case Parquet:
		f, err := footerOf(ctx, obj, footerGuess)
		if err != nil {
			return nil, m, err
		}
		return f.inferred(m), m, nil
	case CSV:
		return csvColumns(ctx, obj, m)
	case JSONLines, JSON:
		schema, err := jsonColumns(ctx, obj, m, path)
		return schema, m, err
	case LibSVM:
		return libsvmSchema(false, false), m, nil
	}
	if m.Format == RecordIO {
		schema, err := recordIOColumns(ctx, obj, m)
		return schema, m, err
	}
	s, err := inferObject(ctx, obj, m)
	if err != nil {
		return nil, m, err
	}
	return s.schema, m, nil
}

func csvColumns(ctx context.Context, obj Object, m Media) (*Schema, Media, error) {
	found, names, err := ReadHeader(ctx, obj, m)
	if err != nil {
		return nil, m, err
	}
	if !m.Header {
		fields, err := firstCSVRecord(ctx, obj, found)
		if err != nil {
			return nil, m, err
		}
		for i := range fields {
			names = append(names, positionName(i))
		}
	}
	fields := make([]Field, len(names))
	for i, n := range names {
		fields[i] = NullField(n, StringType)
	}
	return NewSchema(m.Header, fields...), found, nil
}

func firstCSVRecord(ctx context.Context, obj Object, m Media) ([][]byte, error) {
	var first [][]byte
	err := peek(ctx, obj, m, nil, func(rec record) (bool, error) {
		var scratch []byte
		fields, reason, _ := splitCSV(rec.text, m.Delimiter, nil, &scratch)
		if reason != "" {
			return false, &RecordError{Object: obj.Name(), RowGroup: -1, Row: 1, Line: rec.line, Reason: reason, Raw: cutRaw(rec.text)}
		}
		first = fields
		return false, nil
	})
	return first, err
}

func jsonColumns(ctx context.Context, obj Object, m Media, path *Path) (*Schema, error) {
	var fields []Field
	var cut []byte
	seen, rows, vectors := map[string]bool{}, 0, false
	documents := path
	if m.Format == JSON {
		path = nil // the documents are cut before records are taken from them
	}
	err := peek(ctx, obj, m, documents, func(rec record) (bool, error) {
		rows++
		text, reason := rec.text, rec.reason
		if reason == "" {
			text, reason = path.record(&cut, text)
		}
		if reason != "" { // a record that cannot be read is the reader's to report
			return rows < peekRecords, nil
		}
		if v, ok := vectorOf(text); ok && len(fields) == 0 {
			for i := range v.width {
				fields = append(fields, NullField(positionName(i), StringType))
			}
			vectors = true
			return false, nil
		}
		members, _ := jsonMembers(text, nil)
		for i := range members {
			if name := members[i].name; !seen[name] {
				seen[name] = true
				fields = append(fields, NullField(name, StringType))
			}
		}
		return rows < peekRecords, nil
	})
	return NewSchema(!vectors, fields...), err
}

// peek reads records from the top of a text object as long as more says so.
func peek(ctx context.Context, obj Object, m Media, path *Path, more func(record) (bool, error)) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stream, err := openLines(ctx, obj, m, 0, 0)
	if err != nil {
		return err
	}
	defer stream.Close()
	s := newRecordSource(stream, obj.Name(), m, path, 0, 1)
	if _, err := s.top(&m); err != nil {
		return err
	}
	for {
		rec, err := s.next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if on, err := more(rec); err != nil || !on {
			return err
		}
	}
}

// Retype gives columns other types: those types names, by name. Others stay as they are.
func Retype(s *Schema, types map[string]DataType) *Schema {
	fields := make([]arrow.Field, s.NumFields())
	for i, f := range s.Fields() {
		if t, ok := types[f.Name]; ok {
			f.Type, f.Nullable = t, true
		}
		fields[i] = f
	}
	return withFields(s, fields)
}

// Select cuts a schema to the named columns, in that order. A column that is not there is a *SchemaError.
func Select(s *Schema, names []string) (*Schema, error) {
	cut, _, err := selectFields(s, names)
	return cut, err
}
