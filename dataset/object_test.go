package dataset

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/batchmill/batchmill/internal/testdata"
)

// bytesObject is an Object in memory that counts how it is read.
type bytesObject struct {
	name  string
	data  []byte
	opens atomic.Int64
	bytes atomic.Int64
}

func newObject(name string, data []byte) *bytesObject { return &bytesObject{name: name, data: data} }

func (o *bytesObject) Name() string { return o.name }
func (o *bytesObject) Size() int64  { return int64(len(o.data)) }

func (o *bytesObject) Open(_ context.Context, offset, length int64) (io.ReadCloser, error) {
	if offset < 0 || length < 0 || offset+length > o.Size() {
		return nil, fmt.Errorf("range %d+%d of %d", offset, length, o.Size())
	}
	if length == 0 {
		length = o.Size() - offset
	}
	o.opens.Add(1)
	o.bytes.Add(length)
	return io.NopCloser(bytes.NewReader(o.data[offset : offset+length])), nil
}

func fileObject(t testing.TB, elem ...string) *bytesObject {
	t.Helper()
	data, err := os.ReadFile(testdata.Path(t, elem...))
	require.NoError(t, err)
	return newObject(elem[len(elem)-1], data)
}

func mustMedia(t testing.TB, s string) Media {
	t.Helper()
	m, err := ParseMedia(s)
	require.NoError(t, err)
	return m
}

// readAll reads everything into one batch.
func readAll(t testing.TB, obj Object, o ReadOptions) Batch {
	t.Helper()
	b, err := tryReadAll(obj, o)
	require.NoError(t, err)
	return b
}

func tryReadAll(obj Object, o ReadOptions) (Batch, error) {
	r, err := NewReader(context.Background(), obj, o)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	var all []Batch
	for {
		b, err := r.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, err
		}
		all = append(all, b)
	}
	if len(all) == 0 {
		return NewBatch(r.Schema(), emptyColumns(r.Schema()), 0), nil
	}
	return concatBatches(r.Schema(), all)
}

func emptyColumns(s *Schema) []Column {
	cols := make([]Column, s.NumFields())
	for i := range cols {
		cols[i] = nullColumn(s.Field(i).Type, 0)
	}
	return cols
}

// write writes batches and returns the bytes.
func write(t testing.TB, schema *Schema, o WriteOptions, batches ...Batch) []byte {
	t.Helper()
	var buf bytes.Buffer
	w, err := NewWriter(&buf, schema, o)
	require.NoError(t, err)
	for _, b := range batches {
		require.NoError(t, w.Write(b))
	}
	require.NoError(t, w.Close())
	return buf.Bytes()
}
