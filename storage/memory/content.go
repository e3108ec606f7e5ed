package memory

import (
	"bytes"
	"context"
	"fmt"
	"io"

	"github.com/batchmill/batchmill/storage"
)

// Get reads a range of the version that exists now.
func (s *Store) Get(ctx context.Context, uri storage.URI, opt storage.GetOptions) (io.ReadCloser, storage.Info, error) {
	data, o, err := s.slice(ctx, "get", uri, opt)
	if err != nil {
		return nil, storage.Info{}, err
	}
	return &reader{ctx: ctx, uri: uri, r: bytes.NewReader(data)}, o.info(uri), nil
}

func (s *Store) slice(ctx context.Context, op string, uri storage.URI, opt storage.GetOptions) ([]byte, object, error) {
	o, err := s.lookup(ctx, op, uri)
	if err != nil {
		return nil, o, err
	}
	if opt.IfMatch != "" && opt.IfMatch != o.etag {
		return nil, o, fail(op, uri, storage.ErrPrecondition, nil)
	}
	start, end, ok := opt.Span(int64(len(o.data)))
	if !ok {
		return nil, o, fail(op, uri, storage.ErrRange,
			fmt.Errorf("offset %d, length %d, size %d", opt.Offset, opt.Length, len(o.data)))
	}
	return o.data[start:end], o, nil
}

// reader ends with ctx, as a body over the network does.
type reader struct {
	ctx context.Context
	uri storage.URI
	r   *bytes.Reader
}

func (r *reader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, fail("get", r.uri, nil, err)
	}
	return r.r.Read(p)
}

func (r *reader) Close() error { return nil }

// Put stores r's content once all of it has been read.
func (s *Store) Put(ctx context.Context, uri storage.URI, r io.Reader, size int64, opt storage.PutOptions) (storage.Info, error) {
	var buf bytes.Buffer
	chunk := make([]byte, 64<<10)
	for {
		if err := ctx.Err(); err != nil {
			return storage.Info{}, fail("put", uri, nil, err)
		}
		n, err := r.Read(chunk)
		buf.Write(chunk[:n])
		if size >= 0 && int64(buf.Len()) > size {
			return storage.Info{}, fail("put", uri, storage.ErrSize, nil)
		}
		if err == io.EOF { // not errors.Is: a wrapped EOF is a failure, not an end
			break
		}
		if err != nil {
			return storage.Info{}, fail("put", uri, nil, fmt.Errorf("read content: %w", err))
		}
	}
	if size >= 0 && int64(buf.Len()) != size {
		return storage.Info{}, fail("put", uri, storage.ErrSize, nil)
	}
	return s.publish(ctx, "put", uri, buf.Bytes(), opt)
}

// Compose concatenates the parts.
func (s *Store) Compose(ctx context.Context, uri storage.URI, parts []storage.Part, opt storage.PutOptions) (storage.Info, error) {
	var out []byte
	for i, p := range parts {
		if err := p.Validate(); err != nil {
			return storage.Info{}, fail("compose", uri, nil, fmt.Errorf("part %d: %w", i, err))
		}
		if p.Source.IsZero() {
			out = append(out, p.Bytes...)
			continue
		}
		if p.Length == 0 {
			continue // in GetOptions a Length of 0 means "to the end"
		}
		data, _, err := s.slice(ctx, "compose", p.Source, storage.GetOptions{Offset: p.Offset, Length: p.Length, IfMatch: p.ETag})
		if err != nil {
			return storage.Info{}, err
		}
		out = append(out, data...)
	}
	return s.publish(ctx, "compose", uri, out, opt)
}
