package s3

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/batchmill/batchmill/storage"
	"github.com/minio/minio-go/v7"
)

// resumes is how often in a row a body may break without having yielded a byte.
const resumes = 8

// Stat describes one object with a HEAD request.
func (s *Store) Stat(ctx context.Context, uri storage.URI) (storage.Info, error) {
	var info storage.Info
	err := s.retry(ctx, "stat", uri, func(ctx context.Context) error {
		o, err := s.core.StatObject(ctx, uri.Bucket, uri.Key, minio.StatObjectOptions{})
		info = storage.Info{URI: uri, Size: o.Size, ETag: o.ETag, ModTime: o.LastModified}
		return err
	})
	if err != nil {
		return storage.Info{}, s.missing(ctx, err)
	}
	return info, nil
}

// missing finds out whether it is the object or the bucket that does not exist: the answer to HEAD has no body to say so. That
// to a listing has. (HEAD of the bucket would not do: some servers answer 404 to an unknown access key as well.)
func (s *Store) missing(ctx context.Context, err error) error {
	var e *storage.OpError
	if !errors.As(err, &e) || e.Kind != storage.ErrNotFound {
		return err
	}
	if _, ok := s.known.Load(e.URI.Bucket); ok {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	for o := range s.core.ListObjectsIter(ctx, e.URI.Bucket, minio.ListObjectsOptions{MaxKeys: 1}) {
		if o.Err == nil {
			break
		}
		switch why := describe(ctx, e.Op, e.URI, o.Err); why.Kind {
		case storage.ErrNoBucket, storage.ErrAccessDenied:
			return why
		default:
			return err
		}
	}
	s.known.Store(e.URI.Bucket, true)
	return err
}

// Get opens a range of an object. What the body yields is one version's bytes: the first answer's ETag conditions every
// request that resumes it.
func (s *Store) Get(ctx context.Context, uri storage.URI, opt storage.GetOptions) (io.ReadCloser, storage.Info, error) {
	if _, _, ok := opt.Span(1 << 62); !ok {
		return nil, storage.Info{}, rangeError(uri, opt, -1)
	}
	b := &body{store: s, ctx: ctx, uri: uri}
	err := s.retry(ctx, "get", uri, func(ctx context.Context) error { return b.open(ctx, opt) })
	if errors.Is(err, storage.ErrRange) {
		return s.emptyRange(ctx, uri, opt, err)
	}
	if err != nil {
		return nil, storage.Info{}, err
	}
	return b, b.info, nil
}

// emptyRange answers what S3 has no range for: a suffix of an empty object, and the bytes behind the last one.
func (s *Store) emptyRange(ctx context.Context, uri storage.URI, opt storage.GetOptions, rangeErr error) (io.ReadCloser, storage.Info, error) {
	info, err := s.Stat(ctx, uri)
	if err != nil {
		return nil, storage.Info{}, err
	}
	if opt.IfMatch != "" && opt.IfMatch != info.ETag {
		return nil, storage.Info{}, &storage.OpError{Op: "get", URI: uri, Kind: storage.ErrPrecondition}
	}
	if start, end, ok := opt.Span(info.Size); !ok || start != end {
		return nil, storage.Info{}, rangeErr
	}
	return io.NopCloser(strings.NewReader("")), info, nil
}

// body reads one range and resumes it when the connection is lost.
type body struct {
	store    *Store
	ctx      context.Context
	uri      storage.URI
	info     storage.Info
	pos, end int64 // absolute offsets of the next byte and the one after the last

	conn   io.ReadCloser      // nil between connections
	cancel context.CancelFunc // ends conn
	stall  *time.Timer        // calls cancel
	broken int                // connections lost in a row without a byte
	err    error              // what every further Read returns
}

// open sends the request and checks that the answer is what was asked for.
func (b *body) open(ctx context.Context, opt storage.GetOptions) error {
	var req minio.GetObjectOptions
	if r := rangeHeader(opt); r != "" {
		req.Set("Range", r)
	}
	if opt.IfMatch != "" {
		req.Set("If-Match", strconv.Quote(opt.IfMatch))
	}
	ctx, cancel := context.WithCancel(ctx)
	conn, o, header, err := b.store.core.GetObject(ctx, b.uri.Bucket, b.uri.Key, req)
	if err != nil {
		cancel()
		return err
	}
	start, end, size, err := answered(header, o.Size)
	if err == nil {
		wantStart, wantEnd, ok := opt.Span(size)
		if !ok {
			err = rangeError(b.uri, opt, size)
		} else if start != wantStart || end != wantEnd {
			err = fmt.Errorf("s3: asked for bytes %d to %d of %d, the server sent %d to %d", wantStart, wantEnd, size, start, end)
		}
	}
	if err != nil {
		cancel()
		conn.Close()
		return err
	}
	b.info = storage.Info{URI: b.uri, Size: size, ETag: o.ETag, ModTime: o.LastModified}
	b.pos, b.end, b.conn, b.cancel = start, end, conn, cancel
	b.stall = time.AfterFunc(b.store.cfg.Stall, cancel)
	b.stall.Stop()
	return nil
}

// Read implements io.Reader.
func (b *body) Read(p []byte) (int, error) {
	for b.err == nil {
		if b.pos == b.end {
			b.err = io.EOF
			break
		}
		if len(p) == 0 {
			return 0, nil
		}
		if b.conn == nil {
			if b.err = b.resume(); b.err != nil {
				break
			}
		}
		b.stall.Reset(b.store.cfg.Stall)
		n, err := b.conn.Read(p[:min(int64(len(p)), b.end-b.pos)])
		b.stall.Stop()
		b.pos += int64(n)
		if b.pos == b.end || err != nil {
			b.disconnect()
		}
		if n > 0 {
			b.broken = 0
			return n, nil
		}
	}
	return 0, b.err
}

// resume continues where the lost connection stopped, on the same version of the object.
func (b *body) resume() error {
	b.broken++
	if b.broken > resumes {
		return &storage.OpError{Op: "get", URI: b.uri, Kind: storage.ErrUnavailable,
			Err: fmt.Errorf("the connection broke %d times at byte %d", resumes, b.pos)}
	}
	if b.broken > 1 && !sleep(b.ctx, b.store.backoff(b.broken-2)) {
		return describe(b.ctx, "get", b.uri, b.ctx.Err())
	}
	opt := storage.GetOptions{Offset: b.pos, Length: b.end - b.pos, IfMatch: b.info.ETag}
	return b.store.retry(b.ctx, "get", b.uri, func(ctx context.Context) error { return b.open(ctx, opt) })
}

// disconnect lets go of the connection. One that was read to its end goes back to the pool once it has said so.
func (b *body) disconnect() {
	if b.conn == nil {
		return
	}
	if b.pos == b.end {
		var one [1]byte
		b.conn.Read(one[:])
	}
	b.conn.Close()
	b.cancel()
	b.conn = nil
}

// Close implements io.Closer.
func (b *body) Close() error {
	b.disconnect()
	if b.err == nil {
		b.err = &storage.OpError{Op: "get", URI: b.uri, Err: errors.New("read after Close")}
	}
	return nil
}

func rangeHeader(opt storage.GetOptions) string {
	switch {
	case opt.Offset < 0:
		return fmt.Sprintf("bytes=%d", opt.Offset)
	case opt.Length > 0:
		return fmt.Sprintf("bytes=%d-%d", opt.Offset, opt.Offset+opt.Length-1)
	case opt.Offset > 0:
		return fmt.Sprintf("bytes=%d-", opt.Offset)
	}
	return ""
}

// answered tells which bytes of how many a response holds. Without Content-Range that is all of them.
func answered(header http.Header, length int64) (start, end, size int64, err error) {
	r := header.Get("Content-Range")
	if r == "" {
		if length < 0 {
			return 0, 0, 0, errors.New("s3: the server did not say how long the object is")
		}
		return 0, length, length, nil
	}
	var last int64
	if _, err := fmt.Sscanf(r, "bytes %d-%d/%d", &start, &last, &size); err != nil {
		return 0, 0, 0, fmt.Errorf("s3: Content-Range %q: %w", r, err)
	}
	return start, last + 1, size, nil
}

func rangeError(uri storage.URI, opt storage.GetOptions, size int64) error {
	return &storage.OpError{Op: "get", URI: uri, Kind: storage.ErrRange,
		Err: fmt.Errorf("offset %d, length %d, size %d", opt.Offset, opt.Length, size)}
}
