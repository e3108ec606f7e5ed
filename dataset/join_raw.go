package dataset

import (
	"bytes"
	"fmt"
	"io"

	"github.com/apache/arrow/go/v15/arrow/array"
)

// RawJoiner writes records of a line format as they were read, each with a value appended: a CSV record gets further fields, a
// JSON object a further member. What the user wrote keeps its text, quoting and precision.
type RawJoiner struct {
	w     io.Writer
	media Media
	field Field
	csv   *csvWriter
	buf   bytes.Buffer
}

// NewRawJoiner appends values of that field. The media must have its delimiter (see Columns).
func NewRawJoiner(w io.Writer, m Media, field Field) (*RawJoiner, error) {
	j := &RawJoiner{w: w, media: m, field: field}
	if m.Format != CSV && m.Format != JSONLines {
		return nil, &MediaError{ContentType: string(m.Format), Reason: "input and prediction cannot be joined in this format"}
	}
	j.csv = &csvWriter{delimiter: m.Delimiter}
	if j.csv.delimiter == 0 {
		j.csv.delimiter = ','
	}
	return j, nil
}

// Write writes one line per row: raw's record (see ReadOptions.RawColumn) and the value beside it.
func (j *RawJoiner) Write(raw, values Column) error {
	records, ok := raw.(*array.Binary)
	if !ok {
		return fmt.Errorf("dataset: raw records are a %s, not binary", raw.DataType())
	}
	write, err := j.csv.fieldWriter(values)
	if err != nil {
		return &SchemaError{Column: j.field.Name, Reason: err.Error()}
	}
	for i := range records.Len() {
		if err := j.line(records.Value(i), values, i, write); err != nil {
			return err
		}
	}
	_, err = j.w.Write(j.buf.Bytes())
	j.buf.Reset()
	return err
}

func (j *RawJoiner) line(text []byte, values Column, i int, write func(int)) error {
	if j.media.Format == CSV {
		j.buf.Write(text)
		j.buf.WriteByte(j.csv.delimiter)
		j.take(write, i)
		j.buf.WriteByte('\n')
		return nil
	}
	text = bytes.TrimRight(text, " \t\r")
	body, ok := bytes.CutSuffix(text, []byte{'}'})
	if !ok {
		return fmt.Errorf("dataset: record %q is no JSON object", cutRaw(text))
	}
	j.buf.Write(body)
	if len(bytes.TrimRight(body, " \t")) > 1 {
		j.buf.WriteByte(',')
	}
	fmt.Fprintf(&j.buf, "%q:", j.field.Name)
	_, vector, isVector := Vectors(values)
	if isVector && vector > 0 {
		j.buf.WriteByte('[')
		j.take(write, i)
		j.buf.WriteByte(']')
	} else {
		j.take(write, i)
	}
	j.buf.WriteString("}\n")
	return nil
}

// take moves what the field writer wrote to the line.
func (j *RawJoiner) take(write func(int), i int) {
	write(i)
	j.buf.Write(j.csv.buf.Bytes())
	j.csv.buf.Reset()
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
