package s3

import (
	"context"
	"errors"
	"fmt"

	"github.com/batchmill/batchmill/storage"
	"github.com/minio/minio-go/v7"
)

// errStopped ends a listing attempt that the caller's function ended.
var errStopped = errors.New("s3: listing stopped")

// List calls fn in byte order of keys. A listing that breaks off goes on behind the last key that fn saw.
func (s *Store) List(ctx context.Context, prefix storage.URI, fn func(storage.Info) error) error {
	last := ""
	var fnErr error
	for {
		progress := last
		err := s.retry(ctx, "list", prefix, func(ctx context.Context) error {
			ctx, cancel := context.WithCancel(ctx)
			defer cancel()
			for o := range s.core.ListObjectsIter(ctx, prefix.Bucket, minio.ListObjectsOptions{
				Prefix: prefix.Key, Recursive: true, StartAfter: last, MaxKeys: 1000}) {
				if o.Err != nil {
					return o.Err
				}
				if o.Key <= last {
					return fmt.Errorf("s3: the server listed %q after %q", o.Key, last)
				}
				last = o.Key
				uri := storage.URI{Bucket: prefix.Bucket, Key: o.Key}
				if fnErr = fn(storage.Info{URI: uri, Size: o.Size, ETag: o.ETag, ModTime: o.LastModified}); fnErr != nil {
					return errStopped
				}
			}
			return ctx.Err()
		})
		switch {
		case fnErr != nil:
			return fnErr
		case errors.Is(err, storage.ErrUnavailable) && last != progress:
			continue // the time limit is for one request, not for a long listing
		}
		return err
	}
}
