// Package storage keeps objects: s3:// URIs, one Store interface, and its drivers (storage/s3 over minio-go,
// storage/memory for tests) with decorators for retries and fault injection (storage/faulty). It knows no file format,
// no job and no algorithm.
package storage

import (
	"context"
	"errors"
	"io"
	"time"
)

// Sentinel errors. Drivers wrap them (errors.Is); callers never decide by text.
var (
	// ErrNotFound: the object does not exist.
	ErrNotFound = errors.New("storage: object not found")
	// ErrNoBucket: the bucket does not exist.
	ErrNoBucket = errors.New("storage: bucket not found")
	// ErrPrecondition: an If-Match or If-None-Match condition did not hold (the object changed, or exists already).
	ErrPrecondition = errors.New("storage: precondition failed")
	// ErrAccessDenied: wrong credentials or no permission. Never retried.
	ErrAccessDenied = errors.New("storage: access denied")
	// ErrUnavailable: the server could not be reached or answered with a server error after all retries. Worth retrying later.
	ErrUnavailable = errors.New("storage: service unavailable")
	// ErrFull: the server has no space left, or the quota is used up. It is an ErrUnavailable that somebody has to see to: drivers retry it
	// for seconds only, so that callers hear of it.
	ErrFull error = noSpace{}
)

// Info describes one stored object.
type Info struct {
	URI     URI
	Size    int64  // bytes
	ETag    string // without quotes
	ModTime time.Time
}

// GetOptions selects what Get reads. The zero value reads the whole object.
type GetOptions struct {
	Offset  int64  // first byte; negative means that many bytes from the end (a suffix range), Length must then be 0
	Length  int64  // bytes; 0 means to the end of the object
	IfMatch string // ETag the object must still have, else ErrPrecondition
}

// PutOptions conditions a Put or Compose. The zero value overwrites.
type PutOptions struct {
	IfNoneMatch bool   // write only if the key is absent, else ErrPrecondition ("If-None-Match: *")
	IfMatch     string // write only over this ETag, else ErrPrecondition
	ContentType string
}

// Part is one piece of a composed object: literal bytes, or a byte range of a stored object.
type Part struct {
	Bytes  []byte // literal content, used when Source is zero
	Source URI
	ETag   string // the source must still have this ETag (when not empty), else ErrPrecondition
	Offset int64
	Length int64 // bytes, exact
}

// Store is an object store. Implementations are safe for concurrent use, retry transient failures themselves
// (bounded, with backoff, honouring ctx), and never leave a half-written object visible: an object appears whole, with
// its final bytes, or not at all, also when ctx is cancelled or the reader fails in mid-Put.
type Store interface {
	// List calls fn for each object whose key starts with prefix.Key, in ascending byte order of keys. An error from fn
	// ends the listing and is returned as is. fn is called at most once per object.
	List(ctx context.Context, prefix URI, fn func(Info) error) error
	// Stat returns ErrNotFound or ErrNoBucket if there is nothing.
	Stat(ctx context.Context, uri URI) (Info, error)
	// Get opens a range of an object. The reader yields exactly the range or an error (never a silent short read) and must be closed.
	// A range that does not lie within the object is ErrRange (see GetOptions.Span). The Info is of the whole object.
	// A connection lost in mid-body is resumed by the driver from where it broke, with If-Match.
	Get(ctx context.Context, uri URI, opt GetOptions) (io.ReadCloser, Info, error)
	// Put stores r under uri. size is the exact number of bytes, or -1 if unknown (then a multipart upload is used once the
	// content exceeds one part). r is read once, whatever is retried. A reader that fails, ends before size or goes on after it
	// (ErrSize) stores nothing; only a bare io.EOF is an end, io.ErrUnexpectedEOF and wrapped EOFs are failures. If-Match on an
	// absent object is ErrPrecondition.
	// A Put that turns out to have succeeded before a lost answer (If-None-Match after retry) is recognised by the driver
	// only if the content is equal; otherwise ErrPrecondition.
	Put(ctx context.Context, uri URI, r io.Reader, size int64, opt PutOptions) (Info, error)
	// Compose writes the concatenation of parts to uri, by server-side copy where pieces are large enough for the store's
	// rules (5 MiB for S3 multipart parts) and by streaming the rest through. The result appears atomically.
	Compose(ctx context.Context, uri URI, parts []Part, opt PutOptions) (Info, error)
	// Delete removes objects; absent ones are not an error.
	Delete(ctx context.Context, uris ...URI) error
	// EnsureBucket creates the bucket if it does not exist.
	EnsureBucket(ctx context.Context, bucket string) error
}

// Janitor is implemented by stores where a killed process may leave pieces of an upload that never appeared: invisible, but
// taking space.
type Janitor interface {
	// RemoveIncomplete drops the uploads below prefix that were begun more than olderThan ago, and says how many. Choose
	// olderThan longer than any upload takes: one under way would fail.
	RemoveIncomplete(ctx context.Context, prefix URI, olderThan time.Duration) (removed int, err error)
}
