package s3

import (
	"bytes"
	"cmp"
	"context"
	"crypto/md5"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/batchmill/batchmill/storage"
	"github.com/minio/minio-go/v7"
)

// upload is one multipart upload under way. Its parts may be sent concurrently; nothing is visible until complete.
type upload struct {
	store *Store
	op    string
	uri   storage.URI
	id    string
	sums  bool // parts carry checksums
}

// begin starts an upload. sums asks the server to expect CRC32C checksums of the parts.
func (s *Store) begin(ctx context.Context, op string, uri storage.URI, contentType string, sums bool) (*upload, error) {
	u := &upload{store: s, op: op, uri: uri, sums: sums && s.cfg.Checksums != ChecksumNone}
	req := minio.PutObjectOptions{ContentType: contentType}
	if u.sums {
		req.UserMetadata = map[string]string{"X-Amz-Checksum-Algorithm": minio.ChecksumCRC32C.String()}
	}
	err := s.retry(ctx, op, uri, func(ctx context.Context) (err error) {
		u.id, err = s.core.NewMultipartUpload(ctx, uri.Bucket, uri.Key, req)
		return err
	})
	return u, err
}

// abort drops the upload and its parts, also when ctx has ended. A part whose request was cancelled may still be on its way
// into the server, so it asks again until the server knows of no such upload. It is best effort: what a server that is down
// keeps, RemoveIncomplete finds later.
func (u *upload) abort(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	for n := range 6 {
		err := u.store.core.AbortMultipartUpload(ctx, u.uri.Bucket, u.uri.Key, u.id)
		if describe(ctx, u.op, u.uri, err).Code == minio.NoSuchUpload || !sleep(ctx, u.store.backoff(n)) {
			return
		}
	}
}

// send uploads one part. first tells whether the first attempt went through.
func (u *upload) send(ctx context.Context, number int, data []byte) (part minio.CompletePart, first bool, err error) {
	attempts := 0
	err = u.store.retry(ctx, u.op, u.uri, func(ctx context.Context) error {
		attempts++
		ctx, cancel := limited(ctx, int64(len(data)))
		defer cancel()
		req := minio.PutObjectPartOptions{DisableContentSha256: true}
		sum := ""
		if u.sums {
			sum = crc32c(data)
			header := http.Header{http.CanonicalHeaderKey(minio.ChecksumCRC32C.Key()): {sum}}
			if u.store.cfg.Checksums == ChecksumTrailer {
				req.Trailer = header
			} else {
				req.CustomHeader = header
			}
		}
		p, err := u.store.core.PutObjectPart(ctx, u.uri.Bucket, u.uri.Key, u.id, number, bytes.NewReader(data), int64(len(data)), req)
		part = minio.CompletePart{PartNumber: number, ETag: p.ETag, ChecksumCRC32C: sum}
		return err
	})
	return part, attempts == 1, err
}

// complete makes the object appear, if opt's conditions hold on the server at that moment.
func (u *upload) complete(ctx context.Context, parts []minio.CompletePart, size int64, opt storage.PutOptions) (storage.Info, error) {
	var req minio.PutObjectOptions
	condition(&req, opt)
	info := storage.Info{URI: u.uri, Size: size}
	unclear := false
	err := u.store.retry(ctx, u.op, u.uri, func(ctx context.Context) error {
		done, err := u.store.core.CompleteMultipartUpload(ctx, u.uri.Bucket, u.uri.Key, u.id, parts, req)
		if err != nil {
			unclear = unclear || mayHaveWorked(err)
			return err
		}
		info.ETag = done.ETag
		return nil
	})
	if err == nil {
		return info, nil
	}
	err = u.store.refused(opt, err)
	if unclear && settled(err) {
		if found, statErr := u.store.Stat(ctx, u.uri); statErr == nil && found.Size == size && found.ETag == multipartETag(parts) {
			return found, nil
		}
	}
	return storage.Info{}, err
}

// settled tells whether err is what a second completion of a finished upload gets.
func settled(err error) bool {
	var e *storage.OpError
	return errors.As(err, &e) && (e.Kind == storage.ErrPrecondition || e.Code == minio.NoSuchUpload)
}

// multipartETag is the ETag S3 gives an object uploaded in parts: the MD5 of the parts' MD5s and their number. Servers that
// encrypt with keys of their own make others; then a lost answer stays lost.
func multipartETag(parts []minio.CompletePart) string {
	h := md5.New()
	for _, p := range parts {
		sum, err := hex.DecodeString(strings.Trim(p.ETag, `"`))
		if err != nil {
			return "unknown"
		}
		h.Write(sum)
	}
	return fmt.Sprintf("%x-%d", h.Sum(nil), len(parts))
}

// putParts uploads src in parts, the first of which is read already.
func (s *Store) putParts(ctx context.Context, uri storage.URI, src *source, first []byte, partSize int64, opt storage.PutOptions) (info storage.Info, err error) {
	u, err := s.begin(ctx, "put", uri, opt.ContentType, true)
	if err != nil {
		return storage.Info{}, err
	}
	defer func() {
		if err != nil {
			u.abort(ctx)
		}
	}()
	ps := newParallel(ctx, s.cfg.Concurrency)
	src.ctx = ps.ctx // a failed part stops the reading
	var size int64
	var mu sync.Mutex
	var parts []minio.CompletePart // in order of arrival
	readErr := func() error {
		piece, last := first, false
		for number := 1; ; number++ {
			if number > maxParts {
				return &storage.OpError{Op: "put", URI: uri, Kind: storage.ErrSize,
					Err: fmt.Errorf("content of unknown size is limited to %d parts of %d bytes", maxParts, partSize)}
			}
			data := piece
			size += int64(len(data))
			ps.do(func() error {
				part, clean, err := u.send(ctx, number, data)
				if err == nil && clean {
					s.release(data) // a repeated request may still be reading it
				}
				mu.Lock()
				defer mu.Unlock()
				parts = append(parts, part)
				return err
			})
			if last {
				return nil
			}
			var err error
			if piece, last, err = src.next(s.buffer(partSize), partSize); err != nil {
				return err
			}
		}
	}()
	if err := ps.wait(); err != nil {
		return storage.Info{}, err // before readErr, which is only its echo
	}
	if readErr != nil {
		return storage.Info{}, readErr
	}
	slices.SortFunc(parts, func(a, b minio.CompletePart) int { return cmp.Compare(a.PartNumber, b.PartNumber) })
	return u.complete(ctx, parts, size, opt)
}

// buffer lends a buffer of one part.
func (s *Store) buffer(size int64) []byte {
	if p, ok := s.buffers.Get().(*[]byte); ok && int64(cap(*p)) >= size {
		return *p
	}
	return make([]byte, 0, size)
}

func (s *Store) release(b []byte) {
	if int64(cap(b)) >= s.cfg.PartSize {
		b = b[:0]
		s.buffers.Put(&b)
	}
}
