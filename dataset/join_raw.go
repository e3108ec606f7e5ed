package dataset

import (
	"bytes"
	"fmt"
	"io"

	"github.com/apache/arrow/go/v15/arrow/array"
)

// RawJoiner writes records of a line format as they were read, each with values appended: a CSV record gets further fields, a
// JSON object further members. What the user wrote keeps its text, quoting and precision.
type RawJoiner struct {
	w      io.Writer
	media  Media
	fields []Field
	csv    *csvWriter
	json   *jsonWriter
	names  [][]byte // of JSON members, with quotes and colon
	buf    bytes.Buffer
}

// NewRawJoiner appends values of those fields. The media must have its delimiter (see Columns).
func NewRawJoiner(w io.Writer, m Media, fields ...Field) (*RawJoiner, error) {
	j := &RawJoiner{w: w, media: m, fields: fields, csv: &csvWriter{delimiter: m.Delimiter}, json: &jsonWriter{}}
	if m.Format != CSV && m.Format != JSONLines {
		return nil, &MediaError{ContentType: string(m.Format), Reason: "input and prediction cannot be joined in this format"}
	}
	if j.csv.delimiter == 0 {
		j.csv.delimiter = ','
	}
	for _, f := range fields {
		name, err := marshalJSON(f.Name)
		if err != nil {
			return nil, err
		}
		j.names = append(j.names, append(name, ':'))
	}
	return j, nil
}

// Write writes one line per row: raw's record (see ReadOptions.RawColumn) and the values beside it, a column per field.
func (j *RawJoiner) Write(raw Column, values ...Column) error {
	records, ok := raw.(*array.Binary)
	if !ok {
		return fmt.Errorf("dataset: raw records are a %s, not binary", raw.DataType())
	}
	write := make([]func(int) error, len(values))
	for k, col := range values {
		var err error
		if write[k], err = j.valueWriter(col); err != nil {
			return &SchemaError{Column: j.fields[k].Name, Reason: err.Error()}
		}
	}
	for i := range records.Len() {
		if err := j.line(records.Value(i), i, write); err != nil {
			return err
		}
	}
	_, err := j.w.Write(j.buf.Bytes())
	j.buf.Reset()
	return err
}

// valueWriter appends a column's values to the line.
func (j *RawJoiner) valueWriter(col Column) (func(int) error, error) {
	if j.media.Format == JSONLines {
		write, err := j.json.valueWriter(col)
		return func(i int) error {
			err := write(i)
			j.take(&j.json.buf)
			return err
		}, err
	}
	write, err := j.csv.fieldWriter(col)
	return func(i int) error {
		write(i)
		j.take(&j.csv.buf)
		return nil
	}, err
}

func (j *RawJoiner) take(from *bytes.Buffer) {
	j.buf.Write(from.Bytes())
	from.Reset()
}

func (j *RawJoiner) line(text []byte, i int, write []func(int) error) error {
	if j.media.Format == CSV {
		j.buf.Write(text)
		for _, f := range write {
			j.buf.WriteByte(j.csv.delimiter)
			if err := f(i); err != nil {
				return err
			}
		}
		return j.buf.WriteByte('\n')
	}
	text = bytes.TrimRight(text, " \t\r")
	body, ok := bytes.CutSuffix(text, []byte{'}'})
	if !ok {
		return fmt.Errorf("dataset: record %q is no JSON object", cutRaw(text))
	}
	j.buf.Write(body)
	empty := len(bytes.TrimRight(body, " \t")) <= 1
	for k, f := range write {
		if k > 0 || !empty {
			j.buf.WriteByte(',')
		}
		j.buf.Write(j.names[k])
		if err := f(i); err != nil {
			return err
		}
	}
	j.buf.WriteString("}\n")
	return nil
}

// HeaderLine is the header of a CSV file of that schema, with its line end; nil for media without a header.
func HeaderLine(schema *Schema, m Media) ([]byte, error) {
	if m.Format != CSV || !m.Header {
		return nil, nil
	}
	var buf bytes.Buffer
	w, err := newCSVWriter(&buf, schema, m)
	if err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return buf.Bytes(), nil
}
