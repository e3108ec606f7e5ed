package dataset

import (
	"io"

	"github.com/apache/arrow/go/v15/arrow/ipc"
)

// arrowWriter writes an Arrow IPC stream. Rows are regrouped into messages of arrowRows rows, so that the bytes do not depend on
// the batches.
type arrowWriter struct {
	w        *ipc.Writer
	schema   *Schema
	pending  []Batch
	rows     int64
	fragment bool // without schema and end
}

const arrowRows = 65536

func newArrowWriter(w io.Writer, schema *Schema, fragment bool) (*arrowWriter, error) {
	if fragment {
		head, _, err := arrowEnds(schema)
		if err != nil {
			return nil, err
		}
		w = &dropFirst{w, len(head)}
	}
	return &arrowWriter{w: ipc.NewWriter(w, ipc.WithSchema(schema)), schema: schema, fragment: fragment}, nil
}

// dropFirst drops the first bytes that are written.
type dropFirst struct {
	w     io.Writer
	count int
}

func (d *dropFirst) Write(p []byte) (int, error) {
	n := min(d.count, len(p))
	d.count -= n
	if n == len(p) {
		return n, nil
	}
	written, err := d.w.Write(p[n:])
	return n + written, err
}

func (a *arrowWriter) Write(b Batch) error {
	if err := checkColumns(a.schema, b.Schema()); err != nil {
		return err
	}
	for from := int64(0); from < b.NumRows(); {
		n := min(b.NumRows()-from, arrowRows-a.rows)
		a.pending = append(a.pending, b.NewSlice(from, from+n))
		a.rows += n
		from += n
		if a.rows == arrowRows {
			if err := a.flush(); err != nil {
				return err
			}
		}
	}
	return nil
}

func (a *arrowWriter) flush() error {
	if a.rows == 0 {
		return nil
	}
	b, err := concatBatches(a.schema, a.pending)
	if err != nil {
		return err
	}
	a.pending, a.rows = nil, 0
	defer b.Release()
	return a.w.Write(b)
}

// CutRowGroup ends the message.
func (a *arrowWriter) CutRowGroup() error { return a.flush() }

func (a *arrowWriter) Close() error {
	if err := a.flush(); err != nil || a.fragment {
		return err
	}
	return a.w.Close()
}
