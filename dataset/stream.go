package dataset

import (
	"bufio"
	"compress/gzip"
	"context"
	"fmt"
	"io"

	"github.com/klauspost/compress/zstd"
)

const (
	chunkBytes    = 1 << 20 // what the prefetcher reads at a time
	prefetchDepth = 8       // chunks read ahead, so at most 8 MiB per stream
)

// prefetcher reads a stream ahead of its consumer in a goroutine of its own, at most prefetchDepth chunks.
type prefetcher struct {
	chunks chan []byte
	free   chan []byte
	err    error // valid once chunks is closed
	failed error // the error Read has returned, other than io.EOF
	cur    []byte
	rest   []byte
	cancel context.CancelFunc
	done   chan struct{}
}

func openPrefetched(ctx context.Context, obj Object, offset, length int64) *prefetcher {
	ctx, cancel := context.WithCancel(ctx)
	p := &prefetcher{chunks: make(chan []byte, prefetchDepth), free: make(chan []byte, prefetchDepth+2), cancel: cancel, done: make(chan struct{})}
	go p.run(ctx, obj, offset, length)
	return p
}

func (p *prefetcher) run(ctx context.Context, obj Object, offset, length int64) {
	defer close(p.done)
	defer close(p.chunks)
	r, err := obj.Open(ctx, offset, length)
	if err != nil {
		p.err = err
		return
	}
	defer r.Close()
	want := length
	if want == 0 {
		want = obj.Size() - offset
	}
	for {
		var buf []byte
		select {
		case buf = <-p.free:
		default:
			buf = make([]byte, min(chunkBytes, max(want, 512)))
		}
		n, err := io.ReadFull(r, buf)
		want -= int64(n)
		if n > 0 {
			select {
			case p.chunks <- buf[:n]:
			case <-ctx.Done():
				p.err = ctx.Err()
				return
			}
		}
		if (err == io.EOF || err == io.ErrUnexpectedEOF) && want <= 0 {
			return
		}
		if err != nil { // an end before the end is one too
			p.err = fmt.Errorf("dataset: reading %s: %w", obj.Name(), err)
			return
		}
	}
}

func (p *prefetcher) Read(b []byte) (int, error) {
	for len(p.rest) == 0 {
		if p.cur != nil {
			select {
			case p.free <- p.cur[:cap(p.cur)]:
			default:
			}
			p.cur = nil
		}
		chunk, ok := <-p.chunks
		if !ok {
			if p.err != nil {
				p.failed = p.err
				return 0, p.err
			}
			return 0, io.EOF
		}
		p.cur, p.rest = chunk, chunk
	}
	n := copy(b, p.rest)
	p.rest = p.rest[n:]
	return n, nil
}

// Close ends the reading and waits for the goroutine.
func (p *prefetcher) Close() error {
	p.cancel()
	<-p.done
	return nil
}

// lineStream is the decompressed bytes of an object or of a range of it.
type lineStream struct {
	io.Reader
	source  *prefetcher // nil for an empty range
	closers []func()
}

// failed is the store's error, if reading ended with one.
func (s *lineStream) failed() error {
	if s.source == nil {
		return nil
	}
	return s.source.failed
}

func (s *lineStream) Close() error {
	for i := len(s.closers) - 1; i >= 0; i-- {
		s.closers[i]()
	}
	return nil
}

// openLines opens a byte range and undoes the compression of a whole object. Corrupt compressed bytes are a *SchemaError.
func openLines(ctx context.Context, obj Object, m Media, offset, length int64) (*lineStream, error) {
	if obj.Size() == 0 || offset >= obj.Size() {
		return &lineStream{Reader: eofReader{}}, nil
	}
	p := openPrefetched(ctx, obj, offset, length)
	s := &lineStream{source: p, closers: []func(){func() { _ = p.Close() }}}
	kind := m.Compression
	br := bufio.NewReaderSize(p, 64<<10)
	if kind == CompressionAuto && offset == 0 {
		head, err := br.Peek(4)
		if err != nil && err != io.EOF {
			_ = s.Close()
			return nil, err
		}
		kind = sniffCompression(head)
	}
	switch {
	case kind == Gzip && offset == 0:
		z, err := gzip.NewReader(br)
		if err != nil {
			_ = s.Close()
			return nil, decompressError(obj, Gzip, p, err)
		}
		s.Reader = &decompressed{obj, Gzip, p, z}
	case kind == Zstd && offset == 0:
		z, err := zstd.NewReader(br, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(256<<20))
		if err != nil {
			_ = s.Close()
			return nil, decompressError(obj, Zstd, p, err)
		}
		s.closers = append(s.closers, z.Close)
		s.Reader = &decompressed{obj, Zstd, p, z}
	default:
		s.Reader = br
	}
	return s, nil
}

func sniffCompression(head []byte) Compression {
	switch {
	case len(head) >= 2 && head[0] == 0x1f && head[1] == 0x8b:
		return Gzip
	case len(head) >= 4 && head[0] == 0x28 && head[1] == 0xb5 && head[2] == 0x2f && head[3] == 0xfd:
		return Zstd
	}
	return CompressionNone
}

// decompressed turns a decompressor's complaints about the bytes into *SchemaError and leaves errors of the store alone.
type decompressed struct {
	obj    Object
	kind   Compression
	source *prefetcher
	r      io.Reader
}

func (d *decompressed) Read(b []byte) (int, error) {
	n, err := d.r.Read(b)
	if err != nil && err != io.EOF {
		err = decompressError(d.obj, d.kind, d.source, err)
	}
	return n, err
}

func decompressError(obj Object, kind Compression, source *prefetcher, err error) error {
	if source.failed != nil {
		return source.failed
	}
	return &SchemaError{Object: obj.Name(), Reason: fmt.Sprintf("the %s data is corrupt or cut short: %v", kind, err)}
}

type eofReader struct{}

func (eofReader) Read([]byte) (int, error) { return 0, io.EOF }
