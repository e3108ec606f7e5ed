package s3

import (
	"context"
	"errors"
	"slices"

	"github.com/batchmill/batchmill/storage"
	"github.com/minio/minio-go/v7"
)

// deleteBatch is the most keys one request may name.
const deleteBatch = 1000

// Delete removes objects, up to a thousand per request.
func (s *Store) Delete(ctx context.Context, uris ...storage.URI) error {
	buckets := map[string][]storage.URI{}
	var order []string
	for _, uri := range uris {
		if buckets[uri.Bucket] == nil {
			order = append(order, uri.Bucket)
		}
		buckets[uri.Bucket] = append(buckets[uri.Bucket], uri)
	}
	for _, bucket := range order {
		for batch := range slices.Chunk(buckets[bucket], deleteBatch) {
			if err := s.deleteBatch(ctx, batch); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *Store) deleteBatch(ctx context.Context, uris []storage.URI) error {
	uri := uris[0]
	if len(uris) == 1 {
		return s.retry(ctx, "delete", uri, func(ctx context.Context) error {
			err := s.core.RemoveObject(ctx, uri.Bucket, uri.Key, minio.RemoveObjectOptions{})
			if absent(err) {
				return nil
			}
			return err
		})
	}
	return s.retry(ctx, "delete", uri, func(ctx context.Context) error {
		objects := func(yield func(minio.ObjectInfo) bool) {
			for _, u := range uris {
				if !yield(minio.ObjectInfo{Key: u.Key}) {
					return
				}
			}
		}
		results, err := s.core.RemoveObjectsWithIter(ctx, uri.Bucket, objects, minio.RemoveObjectsOptions{})
		if err != nil {
			return err
		}
		var failed error
		for r := range results {
			if r.Err != nil && !absent(r.Err) && failed == nil {
				failed = r.Err
			}
		}
		return failed
	})
}

func absent(err error) bool {
	var answer minio.ErrorResponse
	return errors.As(err, &answer) && answer.Code == minio.NoSuchKey
}

// EnsureBucket creates the bucket if it does not exist.
func (s *Store) EnsureBucket(ctx context.Context, bucket string) error {
	return s.retry(ctx, "ensure", storage.URI{Bucket: bucket}, func(ctx context.Context) error {
		// Asked first, because using a bucket does not need the right to create one.
		exists, err := s.core.BucketExists(ctx, bucket)
		if err != nil || exists {
			return err
		}
		err = s.core.MakeBucket(ctx, bucket, minio.MakeBucketOptions{Region: s.cfg.Region})
		var answer minio.ErrorResponse
		if errors.As(err, &answer) && answer.Code == minio.BucketAlreadyOwnedByYou {
			return nil // another worker was faster
		}
		return err
	})
}
