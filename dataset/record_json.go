package dataset

import (
	"bytes"
	"fmt"
)

// jsonRecord writes a record of JSON Lines, or a document of one record.
func (r *RecordWriter) jsonRecord(text []byte, i int, write []func(int) error) error {
	if r.o.Join {
		if err := r.openJoined(text); err != nil {
			return err
		}
	}
	r.line = append(r.line, r.ends.Head...)
	if err := r.jsonOutputs(i, write[:len(r.o.Fields)]); err != nil {
		return err
	}
	r.line = append(r.line, bytes.TrimRight(r.ends.Tail, "\n")...)
	if r.o.Join {
		r.line = append(r.line, '}')
	}
	start := r.buf.Len()
	if err := r.cutJSON(); err != nil {
		return err
	}
	return r.trail(start, i, write[len(r.o.Fields):])
}

// jsonOutputs appends an object of outputs to the line.
func (r *RecordWriter) jsonOutputs(i int, write []func(int) error) error {
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
	return nil
}

// cutJSON writes what the path selects of the line.
func (r *RecordWriter) cutJSON() error {
	out, reason := r.o.Path.jsonText(r.buf.AvailableBuffer(), r.line)
	if reason != "" {
		return &PathError{r.o.Path.text, fmt.Sprintf("%s in %s", reason, cutRaw(r.line))}
	}
	r.buf.Write(out)
	return nil
}

// trail adds members to the object that was written from start on.
func (r *RecordWriter) trail(start, i int, write []func(int) error) error {
	if len(write) == 0 {
		return nil
	}
	written := bytes.TrimSpace(r.buf.Bytes()[start:])
	if written[0] != '{' {
		return &PathError{r.o.Path.text, fmt.Sprintf("leaves no object to put %s into", r.o.Trail[0].Name)}
	}
	r.buf.Truncate(start + len(written) - 1)
	empty := len(bytes.TrimSpace(written[1:len(written)-1])) == 0
	for k, f := range write {
		r.line = r.line[:0]
		if !empty || k > 0 {
			r.line = append(r.line, ',')
		}
		r.line = append(r.line, r.names[len(r.o.Fields)+k]...)
		if err := f(i); err != nil {
			return err
		}
		r.buf.Write(r.line)
	}
	return r.buf.WriteByte('}')
}

// Rows adds elements to the list of the response that Document will write, with what trails them as members.
func (r *RecordWriter) Rows(values ...Column) error {
	write, err := r.valueWriters(values)
	if err != nil {
		return err
	}
	r.line = r.list
	for i := range values[0].Len() {
		if len(r.line) > 0 {
			r.line = append(r.line, ',')
		}
		if err := r.jsonOutputs(i, write); err != nil {
			return err
		}
	}
	r.list, r.line = r.line, nil
	return nil
}

// Document writes the response of the rows since the last one, on a line: alone, or joined to the document they were made from.
func (r *RecordWriter) Document(text []byte) error {
	r.line = r.line[:0]
	if r.o.Join {
		if err := r.openJoined(text); err != nil {
			return err
		}
	}
	r.line = append(append(append(r.line, r.ends.Head...), r.list...), bytes.TrimRight(r.ends.Tail, "\n")...)
	if r.o.Join {
		r.line = append(r.line, '}')
	}
	r.list = r.list[:0]
	if err := r.cutJSON(); err != nil {
		return err
	}
	r.buf.WriteByte('\n')
	return r.flush()
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
