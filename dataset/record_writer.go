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
	Media  Media    // CSV with its delimiter (see Columns), JSON Lines, JSON or RecordIO
	Fields []Field  // a model's outputs
	Trail  []Field  // columns of text that stand behind whatever is written of a record
	Join   bool     // the outputs stand behind the input's record; else alone
	Width  int      // CSV: how many fields the input's records have; a rejected one may have others
	Names  []string // CSV: the names of the input's columns, where there are any
	Path   *Path    // what is written of that; nil: all. In RecordIO, of the outputs
	List   string   // JSON: see WriteOptions
}

// RecordWriter writes a model's outputs as records: alone or joined to the records they were made from, and of these what a path
// selects. A joined CSV record gets further fields; a JSON object gets the member SageMakerOutput, in place of one it has, and any
// other JSON value becomes its SageMakerInput (contract 5.4), as does the text of a record that is no JSON. What the user wrote keeps
// its text, quoting and precision. In JSON the outputs are a response document, see also Document. A record of RecordIO has the
// outputs in its label, and the uid and metadata of the record it was made from, or, joined, all of that record (contract 11.1).
type RecordWriter struct {
	w       io.Writer
	o       RecordOptions
	csv     *csvWriter
	json    *jsonWriter
	frames  *recordIOAnswers
	names   [][]byte // of JSON outputs and what trails them, with quotes and colon
	ends    Ends     // of a response, in JSON
	list    []byte   // the elements of the document that is being written
	line    []byte
	fields  [][]byte
	columns []int // what Path selects of CSV fields
	buf     bytes.Buffer
}

// NewRecordWriter returns a writer of records. A format of other records is a *MediaError.
func NewRecordWriter(w io.Writer, o RecordOptions) (*RecordWriter, error) {
	switch o.Media.Format {
	case RecordIO:
		frames, err := newRecordIOAnswers(o)
		return &RecordWriter{w: w, o: o, frames: frames}, err
	case CSV, JSONLines, JSON:
	default:
		return nil, &MediaError{ContentType: string(o.Media.Format), Reason: "input and prediction cannot be joined in this format"}
	}
	r := &RecordWriter{w: w, o: o, csv: &csvWriter{delimiter: o.Media.Delimiter}, json: &jsonWriter{}}
	if r.csv.delimiter == 0 {
		r.csv.delimiter = ','
	}
	for _, f := range slices.Concat(o.Fields, o.Trail) {
		name, err := marshalJSON(f.Name)
		if err != nil {
			return nil, err
		}
		r.names = append(r.names, append(name, ':'))
	}
	var err error
	switch o.Media.Format {
	case JSON:
		r.ends, err = jsonEnds(WriteOptions{List: o.List})
		if err != nil {
			return nil, err
		}
	case CSV:
		if r.columns, err = o.csvColumns(); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// Write writes one record per row: raw holds the records (see ReadOptions.RawColumn; nil unless they are joined, or RecordIO's), values
// the outputs, a column per field, and then what trails them.
func (r *RecordWriter) Write(raw Column, values ...Column) error {
	var records *array.Binary
	if raw != nil {
		var ok bool
		if records, ok = raw.(*array.Binary); !ok {
			return fmt.Errorf("dataset: raw records are a %s, not binary", raw.DataType())
		}
	}
	if r.frames != nil {
		return r.frames.write(r.w, records, values)
	}
	write, err := r.valueWriters(values)
	if err != nil {
		return err
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
	return r.flush()
}

func (r *RecordWriter) flush() error {
	_, err := r.w.Write(r.buf.Bytes())
	r.buf.Reset()
	return err
}

// valueWriters append a row's values to the line, one each.
func (r *RecordWriter) valueWriters(values []Column) ([]func(int) error, error) {
	write := make([]func(int) error, len(values))
	for k, col := range values {
		var err error
		if write[k], err = r.valueWriter(col); err != nil {
			return nil, &SchemaError{Column: slices.Concat(r.o.Fields, r.o.Trail)[k].Name, Reason: err.Error()}
		}
	}
	return write, nil
}

// valueWriter appends a column's values to the line.
func (r *RecordWriter) valueWriter(col Column) (func(int) error, error) {
	if r.o.Media.Format != CSV {
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
	if err := r.csvOutputs(text, i, write[:len(r.o.Fields)]); err != nil {
		return err
	}
	r.line = r.line[:0]
	for _, f := range write[len(r.o.Fields):] {
		r.line = append(r.line, r.csv.delimiter)
		if err := f(i); err != nil {
			return err
		}
	}
	r.buf.Write(r.line)
	return nil
}

// csvOutputs writes what the path selects of a record's fields and the outputs.
func (r *RecordWriter) csvOutputs(text []byte, i int, write []func(int) error) error {
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
	return append(names, FieldNames(o.Trail)...), nil
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
