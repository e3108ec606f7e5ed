package xgboost

import (
	"context"
	"fmt"
	"io"

	"github.com/batchmill/batchmill/algorithms"
	"github.com/batchmill/batchmill/dataset"
)

// chain makes one channel of two: the rows of the first, then those of the second, which must have the first's columns.
func chain(first, second *algorithms.Data) (*algorithms.Data, error) {
	both := *first
	if dataset.Sparse(first.Schema) != dataset.Sparse(second.Schema) {
		return nil, &algorithms.DataError{Channel: "validation", Reason: "one of the channels holds sparse rows, the other does not"}
	}
	var names []string
	for _, f := range first.Schema.Fields() {
		names = append(names, f.Name)
		at := second.Schema.FieldIndices(f.Name)
		if len(at) == 0 {
			return nil, &algorithms.DataError{Channel: "validation", Column: f.Name, Reason: "the train channel has the column, but it is not there"}
		}
		if other := second.Schema.Field(at[0]).Type; textual(f.Type) != textual(other) {
			return nil, &algorithms.DataError{Channel: "validation", Column: f.Name, Reason: fmt.Sprintf("the column is of type %s, in the train channel of type %s", other, f.Type)}
		}
	}
	both.Open = func(ctx context.Context) (dataset.Reader, error) {
		reader, err := first.Open(ctx)
		if err != nil {
			return nil, err
		}
		return &chainReader{Reader: reader, next: func() (dataset.Reader, error) {
			reader, err := second.Open(ctx)
			if err != nil || dataset.Sparse(second.Schema) {
				return reader, err
			}
			return &ordered{reader, names}, nil
		}}, nil
	}
	return &both, nil
}

// ordered puts a reader's columns in an order.
type ordered struct {
	dataset.Reader
	names []string
}

func (r *ordered) Next() (dataset.Batch, error) {
	batch, err := r.Reader.Next()
	if err != nil {
		return nil, err
	}
	defer batch.Release()
	return dataset.SelectColumns(batch, r.names)
}

// chainReader reads one reader after the other.
type chainReader struct {
	dataset.Reader
	next func() (dataset.Reader, error) // nil once the second is open
}

func (r *chainReader) Next() (dataset.Batch, error) {
	batch, err := r.Reader.Next()
	if err != io.EOF || r.next == nil {
		return batch, err
	}
	second, err := r.next()
	if err != nil {
		return nil, err
	}
	done := r.Reader
	r.Reader, r.next = second, nil
	if err := done.Close(); err != nil {
		return nil, err
	}
	return r.Reader.Next()
}
