package dataset

import (
	"io"

	"github.com/apache/arrow/go/v15/arrow/ipc"
)

// arrowWriter writes an Arrow IPC stream. Rows are regrouped into messages of arrowRows rows, so that the bytes do not depend on
// the batches.
type arrowWriter struct {
	w       *ipc.Writer
	schema  *Schema
	pending []Batch
	rows    int64
}

const arrowRows = 65536

func newArrowWriter(w io.Writer, schema *Schema) (*arrowWriter, error) {
	return &arrowWriter{w: ipc.NewWriter(w, ipc.WithSchema(schema)), schema: schema}, nil
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

func (a *arrowWriter) Close() error {
	if err := a.flush(); err != nil {
		return err
	}
	return a.w.Close()
}
