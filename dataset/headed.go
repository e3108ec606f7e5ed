package dataset

import (
	"bytes"
	"context"
	"io"
	"sync"
)

// headBytes is how much of an object WithHead keeps.
const headBytes = 64 << 10

// WithHead returns an object that keeps its first 64 KiB once they were read: for whoever looks at the top of a text object several
// times, for its header, its first record, whether it is compressed. A small object is fetched once for all of that.
func WithHead(obj Object) Object { return &headedObject{Object: obj} }

type headedObject struct {
	Object
	mu   sync.Mutex
	head []byte
}

// Open reads from the top out of the head, and what lies behind that when it is asked for.
func (h *headedObject) Open(ctx context.Context, offset, length int64) (io.ReadCloser, error) {
	if offset > 0 {
		return h.Object.Open(ctx, offset, length)
	}
	if length == 0 {
		length = h.Size()
	}
	head, err := h.top(ctx)
	if err != nil {
		return nil, err
	}
	return &headedReader{ctx: ctx, obj: h.Object, head: bytes.NewReader(head[:min(length, int64(len(head)))]), from: int64(len(head)), end: length}, nil
}

// top reads the head, or recalls it.
func (h *headedObject) top(ctx context.Context) ([]byte, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.head == nil {
		head, err := readRange(ctx, h.Object, 0, min(h.Size(), headBytes))
		if err != nil {
			return nil, err
		}
		h.head = head
	}
	return h.head, nil
}

// headedReader reads the head, then the bytes behind it.
type headedReader struct {
	ctx       context.Context
	obj       Object
	head      *bytes.Reader
	rest      io.ReadCloser
	from, end int64 // of the rest
}

func (r *headedReader) Read(p []byte) (int, error) {
	if r.head.Len() > 0 {
		return r.head.Read(p)
	}
	if r.from >= r.end {
		return 0, io.EOF
	}
	if r.rest == nil {
		var err error
		if r.rest, err = r.obj.Open(r.ctx, r.from, r.end-r.from); err != nil {
			return 0, err
		}
	}
	return r.rest.Read(p)
}

func (r *headedReader) Close() error {
	if r.rest == nil {
		return nil
	}
	return r.rest.Close()
}
