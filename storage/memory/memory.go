// Package memory keeps objects in the process's memory, with the semantics of an S3 bucket: ETags that are MD5 sums,
// conditional puts, ranges, listings in byte order. It is the store of unit tests and of programs that need none on disk; it
// knows nothing of what it stores.
package memory

import (
	"context"
	"crypto/md5"
	"encoding/hex"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/batchmill/batchmill/storage"
)

// Store is an in-memory storage.Store. The zero value is not usable: call New.
type Store struct {
	// Now stamps ModTime; set it before first use to have a clock of your own.
	Now func() time.Time

	mu      sync.RWMutex
	buckets map[string]map[string]object
}

// object is one version; data is never written to again.
type object struct {
	data    []byte
	etag    string
	modTime time.Time
}

var _ storage.Store = (*Store)(nil)

// New makes a store that has the named buckets.
func New(buckets ...string) *Store {
	s := &Store{Now: time.Now, buckets: map[string]map[string]object{}}
	for _, b := range buckets {
		s.buckets[b] = map[string]object{}
	}
	return s
}

// EnsureBucket creates the bucket if it does not exist.
func (s *Store) EnsureBucket(ctx context.Context, bucket string) error {
	if err := ctx.Err(); err != nil {
		return fail("ensure", storage.URI{Bucket: bucket}, nil, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.buckets[bucket] == nil {
		s.buckets[bucket] = map[string]object{}
	}
	return nil
}

// List calls fn for the objects that exist when List is called, in byte order. fn may call the store.
func (s *Store) List(ctx context.Context, prefix storage.URI, fn func(storage.Info) error) error {
	infos, err := s.snapshot(prefix)
	if err != nil {
		return err
	}
	for _, info := range infos {
		if err := ctx.Err(); err != nil {
			return fail("list", prefix, nil, err)
		}
		if err := fn(info); err != nil {
			return err
		}
	}
	return nil
}

func (s *Store) snapshot(prefix storage.URI) ([]storage.Info, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	bucket, ok := s.buckets[prefix.Bucket]
	if !ok {
		return nil, fail("list", prefix, storage.ErrNoBucket, nil)
	}
	var infos []storage.Info
	for key, o := range bucket {
		if strings.HasPrefix(key, prefix.Key) {
			infos = append(infos, o.info(storage.URI{Bucket: prefix.Bucket, Key: key}))
		}
	}
	slices.SortFunc(infos, func(a, b storage.Info) int { return strings.Compare(a.URI.Key, b.URI.Key) })
	return infos, nil
}

// Stat describes one object.
func (s *Store) Stat(ctx context.Context, uri storage.URI) (storage.Info, error) {
	o, err := s.lookup(ctx, "stat", uri)
	return o.info(uri), err
}

// Delete removes objects; absent ones are not an error.
func (s *Store) Delete(ctx context.Context, uris ...storage.URI) error {
	for _, uri := range uris {
		if err := ctx.Err(); err != nil {
			return fail("delete", uri, nil, err)
		}
		s.mu.Lock()
		bucket, ok := s.buckets[uri.Bucket]
		delete(bucket, uri.Key)
		s.mu.Unlock()
		if !ok {
			return fail("delete", uri, storage.ErrNoBucket, nil)
		}
	}
	return nil
}

func (s *Store) lookup(ctx context.Context, op string, uri storage.URI) (object, error) {
	if err := ctx.Err(); err != nil {
		return object{}, fail(op, uri, nil, err)
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	bucket, ok := s.buckets[uri.Bucket]
	if !ok {
		return object{}, fail(op, uri, storage.ErrNoBucket, nil)
	}
	o, ok := bucket[uri.Key]
	if !ok {
		return object{}, fail(op, uri, storage.ErrNotFound, nil)
	}
	return o, nil
}

// publish makes data the object under uri if opt's conditions hold at that moment.
func (s *Store) publish(ctx context.Context, op string, uri storage.URI, data []byte, opt storage.PutOptions) (storage.Info, error) {
	sum := md5.Sum(data)
	o := object{data: data, etag: hex.EncodeToString(sum[:]), modTime: s.Now().UTC()}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return storage.Info{}, fail(op, uri, nil, err)
	}
	bucket, ok := s.buckets[uri.Bucket]
	if !ok {
		return storage.Info{}, fail(op, uri, storage.ErrNoBucket, nil)
	}
	old, exists := bucket[uri.Key]
	switch {
	case opt.IfNoneMatch && exists, opt.IfMatch != "" && exists && old.etag != opt.IfMatch:
		return storage.Info{}, fail(op, uri, storage.ErrPrecondition, nil)
	case opt.IfMatch != "" && !exists:
		return storage.Info{}, fail(op, uri, storage.ErrPrecondition, storage.ErrNotFound)
	}
	bucket[uri.Key] = o
	return o.info(uri), nil
}

func (o object) info(uri storage.URI) storage.Info {
	if o.etag == "" {
		return storage.Info{}
	}
	return storage.Info{URI: uri, Size: int64(len(o.data)), ETag: o.etag, ModTime: o.modTime}
}

func fail(op string, uri storage.URI, kind, cause error) error {
	return &storage.OpError{Op: op, URI: uri, Kind: kind, Err: cause}
}
