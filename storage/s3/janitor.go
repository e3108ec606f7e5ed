package s3

import (
	"context"
	"time"

	"github.com/batchmill/batchmill/storage"
)

var _ storage.Janitor = (*Store)(nil)

// RemoveIncomplete implements storage.Janitor.
func (s *Store) RemoveIncomplete(ctx context.Context, prefix storage.URI, olderThan time.Duration) (removed int, err error) {
	limit := time.Now().Add(-olderThan)
	err = s.retry(ctx, "clean", prefix, func(ctx context.Context) error {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		for up := range s.core.ListIncompleteUploads(ctx, prefix.Bucket, prefix.Key, true) {
			if up.Err != nil {
				return up.Err
			}
			if up.Initiated.After(limit) {
				continue
			}
			if err := s.core.AbortMultipartUpload(ctx, prefix.Bucket, up.Key, up.UploadID); err != nil {
				return err
			}
			removed++
		}
		return ctx.Err()
	})
	return removed, err
}
