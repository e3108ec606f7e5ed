package s3

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"net/http"

	"github.com/batchmill/batchmill/storage"
	"github.com/minio/minio-go/v7"
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Put stores r. Every piece passes through a buffer before it is sent, so that a failing reader is noticed before its bytes
// are, and a request can be repeated whatever r is. Content up to Config.PartSize is one PUT, more a multipart upload that
// holds Config.Concurrency+1 buffers. A Read of r that blocks is not interrupted when ctx ends: close its other end.
//
// The Info it returns has no ModTime: S3 does not tell it here.
func (s *Store) Put(ctx context.Context, uri storage.URI, r io.Reader, size int64, opt storage.PutOptions) (storage.Info, error) {
	partSize, err := s.partSize(uri, size)
	if err != nil {
		return storage.Info{}, err
	}
	src := &source{ctx: ctx, uri: uri, r: r, lend: s.buffer, left: max(size, -1)}
	first, last, err := src.next(nil, partSize)
	if err != nil {
		return storage.Info{}, err
	}
	if last {
		return s.putWhole(ctx, "put", uri, first, opt)
	}
	return s.putParts(ctx, uri, src, first, partSize, opt)
}

// partSize is Config.PartSize, or more where the declared size would need more parts than S3 allows.
func (s *Store) partSize(uri storage.URI, size int64) (int64, error) {
	const mib = 1 << 20
	if size <= s.cfg.PartSize*maxParts {
		return s.cfg.PartSize, nil
	}
	p := (size/maxParts + mib) / mib * mib
	if p > maxCopy {
		return 0, &storage.OpError{Op: "put", URI: uri, Kind: storage.ErrSize, Err: errors.New("larger than S3 can store")}
	}
	return p, nil
}

// putWhole sends data, which it takes over, in one request.
func (s *Store) putWhole(ctx context.Context, op string, uri storage.URI, data []byte, opt storage.PutOptions) (storage.Info, error) {
	req := minio.PutObjectOptions{ContentType: opt.ContentType, DisableContentSha256: true}
	condition(&req, opt)
	switch s.cfg.Checksums {
	case ChecksumTrailer:
		req.Checksum = minio.ChecksumCRC32C
	case ChecksumHeader:
		req.UserMetadata = map[string]string{minio.ChecksumCRC32C.Key(): crc32c(data)}
	}
	var info storage.Info
	attempts, unclear := 0, false
	err := s.retry(ctx, op, uri, func(ctx context.Context) error {
		attempts++
		ctx, cancel := limited(ctx, int64(len(data)))
		defer cancel()
		up, err := s.core.PutObject(ctx, uri.Bucket, uri.Key, bytes.NewReader(data), int64(len(data)), "", "", req)
		if err != nil {
			unclear = unclear || mayHaveWorked(err)
			return err
		}
		info = storage.Info{URI: uri, Size: int64(len(data)), ETag: up.ETag}
		return nil
	})
	if err == nil && attempts == 1 {
		s.release(data) // a repeated request may still be reading it
	}
	err = s.refused(opt, err)
	if err == nil || !unclear || !errors.Is(err, storage.ErrPrecondition) {
		return info, err
	}
	if found, same := s.holds(ctx, uri, data); same {
		return found, nil
	}
	return storage.Info{}, err
}

// mayHaveWorked tells whether a failed request may still have had its effect: an answer of the server's that blames the
// request says no.
func mayHaveWorked(err error) bool {
	var answer minio.ErrorResponse
	return !errors.As(err, &answer) || answer.StatusCode >= http.StatusInternalServerError || answer.StatusCode == 0
}

// holds tells whether the object is data, byte for byte: the way to recognise one's own conditional put whose answer was lost.
func (s *Store) holds(ctx context.Context, uri storage.URI, data []byte) (storage.Info, bool) {
	r, info, err := s.Get(ctx, uri, storage.GetOptions{})
	if err != nil {
		return storage.Info{}, false
	}
	defer r.Close()
	if info.Size != int64(len(data)) {
		return storage.Info{}, false
	}
	buf := make([]byte, 64<<10)
	for rest := data; len(rest) > 0; {
		n, err := r.Read(buf)
		if !bytes.Equal(buf[:n], rest[:n]) {
			return storage.Info{}, false
		}
		if rest = rest[n:]; err != nil && len(rest) > 0 {
			return storage.Info{}, false
		}
	}
	return info, true
}

// refused maps "no such key", which S3 answers to If-Match on an absent object, to a failed precondition.
func (s *Store) refused(opt storage.PutOptions, err error) error {
	var e *storage.OpError
	if opt.IfMatch != "" && errors.As(err, &e) && e.Kind == storage.ErrNotFound {
		e.Kind, e.Err = storage.ErrPrecondition, storage.ErrNotFound
	}
	return err
}

func condition(req *minio.PutObjectOptions, opt storage.PutOptions) {
	if opt.IfNoneMatch {
		req.SetMatchETagExcept("*")
	}
	if opt.IfMatch != "" {
		req.SetMatchETag(opt.IfMatch)
	}
}

// crc32c is the checksum as S3 headers have it.
func crc32c(data []byte) string {
	return base64.StdEncoding.EncodeToString(binary.BigEndian.AppendUint32(nil, crc32.Checksum(data, castagnoli)))
}
