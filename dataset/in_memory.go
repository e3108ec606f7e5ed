package dataset

import (
	"bytes"
	"context"
	"io"
)

// InMemory makes an object of bytes in memory, which must not change while it is read.
func InMemory(name string, data []byte) Object { return inMemory{name, data} }

type inMemory struct {
	name string
	data []byte
}

func (m inMemory) Name() string { return m.name }
func (m inMemory) Size() int64  { return int64(len(m.data)) }

func (m inMemory) Open(_ context.Context, offset, length int64) (io.ReadCloser, error) {
	if length == 0 {
		length = m.Size() - offset
	}
	return io.NopCloser(bytes.NewReader(m.data[offset : offset+length])), nil
}
