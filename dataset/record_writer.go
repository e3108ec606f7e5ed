package dataset

import (
	"bytes"
	"fmt"
	"io"
	"slices"

	"github.com/apache/arrow/go/v15/arrow/array"
)

// RecordOptions says what a RecordWriter makes of a record.
type RecordOptions struct {
	Media  Media    // CSV or JSON Lines, with its delimiter (see Columns)
	Fields []Field  // a model's outputs
	Join   bool     // the outputs stand behind the input's record; else alone
	Width  int      // CSV: how many fields the input's records have; a rejected one may have others
	Names  []string // CSV: the names of the input's columns, where there are any
	Path   *Path    // what is written of that; nil: all
}

// RecordWriter writes a model's outputs as records of a line format: alone or joined to the records they were made from, and of
// these what a path selects. A joined CSV record gets further fields; a JSON object gets the member SageMakerOutput, in place of
// one it has, and any other JSON value becomes its SageMakerInput (contract 5.4), as does the text of a record that is no JSON. What the user wrote keeps its text, quoting and precision.
type RecordWriter struct {
	w       io.Writer
	o       RecordOptions
	csv     *csvWriter
	json    *jsonWriter
	names   [][]byte // of JSON outputs, with quotes and colon
	line    []byte
	fields  [][]byte
	columns []int // what Path selects of CSV fields
	buf     bytes.Buffer
}

// NewRecordWriter returns a writer of records. A format of other records is a *MediaError.
func NewRecordWriter(w io.Writer, o RecordOptions) (*RecordWriter, error) {
	if o.Media.Format != CSV && o.Media.Format != JSONLines {
		return nil, &MediaError{ContentType: string(o.Media.Format), Reason: "input and prediction cannot be joined in this format"}
	}
	r := &RecordWriter{w: w, o: o, csv: &csvWriter{delimiter: o.Media.Delimiter}, json: &jsonWriter{}}
	if r.csv.delimiter == 0 {
		r.csv.delimiter = ','
	}
	for _, f := range o.Fields {
		name, err := marshalJSON(f.Name)
		if err != nil {
			return nil, err
		}
		r.names = append(r.names, append(name, ':'))
	}
	if o.Media.Format == CSV {
		var err error
		if r.columns, err = o.csvColumns(); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// Write writes one line per row: raw holds the records (see ReadOptions.RawColumn; nil unless they are joined), values the outputs, a
// column per field.
func (r *RecordWriter) Write(raw Column, values ...Column) error {
	var records *array.Binary
	if r.o.Join {
		var ok bool
		if records, ok = raw.(*array.Binary); !ok {
			return fmt.Errorf("dataset: raw records are a %s, not binary", raw.DataType())
		}
	}
	write := make([]func(int) error, len(values))
	for k, col := range values {
		var err error
		if write[k], err = r.valueWriter(col); err != nil {
			return &SchemaError{Column: r.o.Fields[k].Name, Reason: err.Error()}
		}
	}
	for i := range values[0].Len() {
		var text []byte
		if records != nil {
			text = records.Value(i)
		}
		if err := r.record(text, i, write); err != nil {
			return err
		}
	}
	_, err := r.w.Write(r.buf.Bytes())
	r.buf.Reset()
	return err
}

// valueWriter appends a column's values to the line.
func (r *RecordWriter) valueWriter(col Column) (func(int) error, error) {
	if r.o.Media.Format == JSONLines {
		write, err := r.json.valueWriter(col)
		return func(i int) error {
			err := write(i)
			r.take(&r.json.buf)
			return err
		}, err
	}
	write, err := r.csv.fieldWriter(col)
	return func(i int) error {
		write(i)
		r.take(&r.csv.buf)
		return nil
	}, err
}

func (r *RecordWriter) take(from *bytes.Buffer) {
	r.line = append(r.line, from.Bytes()...)
	from.Reset()
}

func (r *RecordWriter) record(text []byte, i int, write []func(int) error) error {
	r.line = r.line[:0]
	var err error
	if r.o.Media.Format == CSV {
		err = r.csvRecord(text, i, write)
	} else {
		err = r.jsonRecord(text, i, write)
	}
	if err != nil {
		return err
	}
	return r.buf.WriteByte('\n')
}

func (r *RecordWriter) csvRecord(text []byte, i int, write []func(int) error) error {
	whole := r.o.Path.Whole()
	if r.o.Join && whole {
		r.line = append(append(r.line, text...), r.csv.delimiter)
	}
	for k, f := range write {
		if k > 0 {
			r.line = append(r.line, r.csv.delimiter)
		}
		if err := f(i); err != nil {
			return err
		}
	}
	if whole {
		r.buf.Write(r.line)
		return nil
	}
	r.fields = r.fields[:0]
	if r.o.Join {
		r.fields = quotedFields(text, r.csv.delimiter, r.fields)
		for len(r.fields) < r.o.Width {
			r.fields = append(r.fields, nil)
		}
		r.fields = r.fields[:r.o.Width]
	}
	r.fields = quotedFields(r.line, r.csv.delimiter, r.fields)
	start := r.buf.Len()
	for k, column := range r.columns {
		if k > 0 {
			r.buf.WriteByte(r.csv.delimiter)
		}
		r.buf.Write(r.fields[column])
	}
	if r.buf.Len() == start { // a blank line would be no record
		r.buf.WriteString(`""`)
	}
	return nil
}

// csvColumns is what the path selects of the fields.
func (o *RecordOptions) csvColumns() ([]int, error) {
	outputs := FieldNames(o.Fields)
	var names []string
	if o.Names != nil || !o.Join {
		names = append(slices.Clone(o.Names), outputs...)
	}
	return o.Path.Columns(o.Width+len(outputs), names, len(outputs))
}

// Header is the names of the columns that come out of CSV; nil where the input's have none. A path that does not fit is a *PathError.
func (o *RecordOptions) Header() ([]string, error) {
	columns, err := o.csvColumns()
	if err != nil || o.Join && o.Names == nil {
		return nil, err
	}
	all := append(slices.Clone(o.Names), FieldNames(o.Fields)...)
	names := make([]string, len(columns))
	for i, c := range columns {
		names[i] = all[c]
	}
	return names, nil
}

// quotedFields cuts a record into fields as they are written, quotes included.
func quotedFields(text []byte, delimiter byte, dst [][]byte) [][]byte {
	for {
		end := 0
		if len(text) > 0 && text[0] == '"' {
			if end = closingQuote(text, 1); end < 0 {
				return append(dst, text)
			}
		}
		n := bytes.IndexByte(text[end:], delimiter)
		if n < 0 {
			return append(dst, text)
		}
		dst = append(dst, text[:end+n])
		text = text[end+n+1:]
	}
}

func (r *RecordWriter) jsonRecord(text []byte, i int, write []func(int) error) error {
	if r.o.Join {
		if err := r.openJoined(text); err != nil {
			return err
		}
	}
	for k, f := range write {
		if k == 0 {
			r.line = append(r.line, '{')
		} else {
			r.line = append(r.line, ',')
		}
		r.line = append(r.line, r.names[k]...)
		if err := f(i); err != nil {
			return err
		}
	}
	r.line = append(r.line, '}')
	if r.o.Join {
		r.line = append(r.line, '}')
	}
	out, reason := r.o.Path.jsonText(r.buf.AvailableBuffer(), r.line)
	if reason != "" {
		return &PathError{r.o.Path.text, fmt.Sprintf("%s in %s", reason, cutRaw(r.line))}
	}
	r.buf.Write(out)
	return nil
}

// openJoined begins a joined record, up to the value of its last member.
func (r *RecordWriter) openJoined(text []byte) error {
	valid, reason := validJSON(text)
	if reason != "" { // a rejected record
		quoted, err := marshalJSON(string(text))
		if err != nil {
			return err
		}
		valid = quoted
	}
	text = valid
	switch {
	case text[0] != '{':
		r.line = append(r.line, `{"`+inputName+`":`...)
		r.line = append(r.line, text...)
	case bytes.Contains(text, []byte(OutputName)):
		r.line = append(r.line, '{')
		eachJSON(text, func(name, value []byte) {
			if string(jsonString(name)) == OutputName {
				return
			}
			if len(r.line) > 1 {
				r.line = append(r.line, ',')
			}
			r.line = append(append(append(r.line, name...), ':'), value...)
		})
	default:
		r.line = append(r.line, text[:len(text)-1]...)
	}
	if len(bytes.TrimRight(r.line, " \t")) > 1 {
		r.line = append(r.line, ',')
	}
	r.line = append(r.line, `"`+OutputName+`":`...)
	return nil
}

// HeaderLine is a header of CSV with those names, with its line end; nil for media without a header.
func HeaderLine(names []string, m Media) []byte {
	if m.Format != CSV || !m.Header {
		return nil
	}
	w := &csvWriter{delimiter: m.Delimiter}
	if w.delimiter == 0 {
		w.delimiter = ','
	}
	w.names(names)
	return w.buf.Bytes()
}
