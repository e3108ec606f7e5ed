package s3

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"

	"github.com/batchmill/batchmill/storage"
	"github.com/minio/minio-go/v7"
	"golang.org/x/sync/errgroup"
)

const (
	copyCut       = 1 << 30 // bytes one copy request asks for: it is answered only when the server is done
	fetchParallel = 4       // small ranges fetched at a time for one streamed part
)

// Compose concatenates parts. What the server may copy (ranges of 5 MiB and more) does not pass through this process; the rest
// does, gathered into parts of the upload. A result under 5 MiB is one PUT. Conditions travel with the completion of the
// upload, so the server decides them at the moment the object appears.
//
// The Info it returns has no ModTime: S3 does not tell it here.
func (s *Store) Compose(ctx context.Context, uri storage.URI, parts []storage.Part, opt storage.PutOptions) (storage.Info, error) {
	var total int64
	for i, p := range parts {
		if err := p.Validate(); err != nil {
			return storage.Info{}, &storage.OpError{Op: "compose", URI: uri, Err: fmt.Errorf("part %d: %w", i, err)}
		}
		total += p.Size()
	}
	if total < minPart {
		data, err := s.fetch(ctx, nil, parts, total)
		if err != nil {
			return storage.Info{}, err
		}
		return s.putWhole(ctx, "compose", uri, data, opt)
	}
	// Where there are very many pieces, larger ones are streamed as well, to stay within the number of parts.
	least := max(minPart, total/(maxParts-1000))
	target := max(least, s.cfg.PartSize)
	info, err := s.composeParts(ctx, uri, plan(parts, least, target, copyCut), total, opt)
	if errors.Is(err, errNoCopy) {
		return s.composeParts(ctx, uri, plan(parts, math.MaxInt64, target, copyCut), total, opt)
	}
	return info, err
}

// errNoCopy: the server does not copy ranges, or not of this size. Everything is streamed then.
var errNoCopy = errors.New("s3: the server copies no range")

func noCopy(err error) bool {
	var answer minio.ErrorResponse
	return errors.As(err, &answer) && (answer.Code == "InvalidRequest" || answer.Code == "NotImplemented" ||
		answer.StatusCode == http.StatusNotImplemented || answer.StatusCode == http.StatusMethodNotAllowed)
}

func (s *Store) composeParts(ctx context.Context, uri storage.URI, pieces []piece, total int64, opt storage.PutOptions) (info storage.Info, err error) {
	// Without checksums on the parts: a server that was promised them wants them of copied parts too, and not all compute those.
	u, err := s.begin(ctx, "compose", uri, opt.ContentType, false)
	if err != nil {
		return storage.Info{}, err
	}
	defer func() {
		if err != nil {
			u.abort(ctx)
		}
	}()
	parts := make([]minio.CompletePart, len(pieces))
	ps := newParallel(ctx, s.cfg.Concurrency)
	for i, p := range pieces {
		ps.do(func() (err error) {
			if p.stream == nil {
				parts[i], err = u.copy(ctx, i+1, p.copy)
				return err
			}
			data, err := s.fetch(ctx, s.buffer(p.size), p.stream, p.size)
			if err != nil {
				return err
			}
			var clean bool
			if parts[i], clean, err = u.send(ctx, i+1, data); err == nil && clean {
				s.release(data)
			}
			return err
		})
	}
	if err := ps.wait(); err != nil {
		return storage.Info{}, err
	}
	return u.complete(ctx, parts, total, opt)
}

// copy has the server copy a range of a stored object into a part.
func (u *upload) copy(ctx context.Context, number int, p storage.Part) (part minio.CompletePart, err error) {
	header := map[string]string{}
	if p.ETag != "" {
		header["x-amz-copy-source-if-match"] = `"` + p.ETag + `"`
	}
	err = u.store.retry(ctx, u.op, p.Source, func(ctx context.Context) error {
		part, err = u.store.core.CopyObjectPart(ctx, p.Source.Bucket, p.Source.Key, u.uri.Bucket, u.uri.Key, u.id, number,
			p.Offset, p.Length, header)
		if noCopy(err) {
			return &storage.OpError{Op: u.op, URI: p.Source, Err: errNoCopy}
		}
		if err == nil && part.ETag == "" { // S3 may find out that it failed after it has answered 200
			return &storage.OpError{Op: u.op, URI: p.Source, Kind: storage.ErrUnavailable, Err: errors.New("the server copied no part")}
		}
		return err
	})
	return part, err
}

// fetch reads the concatenation of parts, size bytes in all, into buf's storage.
func (s *Store) fetch(ctx context.Context, buf []byte, parts []storage.Part, size int64) ([]byte, error) {
	if int64(cap(buf)) < size {
		buf = make([]byte, size)
	}
	buf = buf[:size]
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(fetchParallel)
	rest := buf
	for _, p := range parts {
		dst := rest[:p.Size()]
		rest = rest[p.Size():]
		switch {
		case p.Source.IsZero():
			copy(dst, p.Bytes)
		case len(dst) > 0:
			group.Go(func() error { return s.fetchRange(ctx, dst, p) })
		}
	}
	return buf, group.Wait()
}

func (s *Store) fetchRange(ctx context.Context, dst []byte, p storage.Part) error {
	r, _, err := s.Get(ctx, p.Source, storage.GetOptions{Offset: p.Offset, Length: p.Length, IfMatch: p.ETag})
	if err != nil {
		return err
	}
	defer r.Close()
	_, err = io.ReadFull(r, dst)
	return err
}
