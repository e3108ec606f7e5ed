package dataset

import (
	"io"

	"github.com/apache/arrow/go/v15/arrow/array"
	"google.golang.org/protobuf/encoding/protowire"
)

// recordIOAnswers writes records that answer records: every output is an entry of the label map under its own name, a float32 tensor.
// The answer has the uid and metadata of the record, or, joined, all of it.
type recordIOAnswers struct {
	fields []Field
	kept   []int // of the outputs, those that are written
	join   bool
	writer recordIOWriter
}

func newRecordIOAnswers(o RecordOptions) (*recordIOAnswers, error) {
	kept, err := o.Path.Columns(len(o.Fields), FieldNames(o.Fields), len(o.Fields))
	if err != nil {
		return nil, err
	}
	a := &recordIOAnswers{kept: kept, join: o.Join}
	for _, k := range kept {
		a.fields = append(a.fields, o.Fields[k])
	}
	return a, CheckRecordIO(a.fields)
}

func (a *recordIOAnswers) write(w io.Writer, records *array.Binary, values []Column) error {
	some := make([]Column, len(a.kept))
	for i, k := range a.kept {
		some[i] = values[k]
	}
	entries, err := scoreVectors(a.fields, some)
	if err != nil {
		return err
	}
	r := &a.writer
	r.buf = r.buf[:0]
	for i := range values[0].Len() {
		r.record = r.record[:0]
		if a.join && readable(records.Value(i)) {
			r.record = append(r.record, records.Value(i)...)
		}
		for k := range entries {
			entries[k].append(r, i)
		}
		if !a.join && records != nil {
			r.record = appendIdentity(r.record, records.Value(i))
		}
		r.buf = appendFrame(r.buf, r.record)
	}
	_, err = w.Write(r.buf)
	return err
}

// readable says whether bytes are a message at all: to a rejected record that is none, nothing can be added.
func readable(record []byte) bool {
	return eachField(record, func(protowire.Number, protowire.Type, []byte) error { return nil }) == nil
}

// appendIdentity adds a record's fields uid and metadata.
func appendIdentity(dst, record []byte) []byte {
	kept := dst
	err := eachField(record, func(number protowire.Number, wire protowire.Type, value []byte) error {
		if wire == protowire.BytesType && (number == recordUID || number == recordMetadata) {
			kept = protowire.AppendBytes(protowire.AppendTag(kept, number, wire), value)
		}
		return nil
	})
	if err != nil {
		return dst // a rejected record
	}
	return kept
}
