package s3

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/batchmill/batchmill/storage"
)

// slowest is the slowest rate, in bytes per second, at which an upload is still waited for.
const slowest = 64 << 10

// fullFor is how long a full server is asked again here: space seldom comes back within a request.
const fullFor = 5 * time.Second

// retry calls attempt until it succeeds, fails for good, or Config.RetryFor (fullFor where there is no space) has passed.
func (s *Store) retry(ctx context.Context, op string, uri storage.URI, attempt func(context.Context) error) error {
	began := time.Now()
	for n := 0; ; n++ {
		if ctx.Err() != nil {
			return describe(ctx, op, uri, ctx.Err())
		}
		err := attempt(ctx)
		if err == nil {
			s.known.Store(uri.Bucket, true)
			return nil
		}
		e := describe(ctx, op, uri, err)
		wait, patience := s.backoff(n), s.cfg.RetryFor
		if errors.Is(e.Kind, storage.ErrFull) {
			patience = min(patience, fullFor)
		}
		if !e.Retryable() || time.Since(began)+wait > patience {
			return e
		}
		if !sleep(ctx, wait) {
			return describe(ctx, op, uri, ctx.Err())
		}
	}
}

// backoff is the wait after the n-th failure (from 0): doubling up to RetryMax, the upper half of it at random so that
// workers that failed together do not come back together.
func (s *Store) backoff(n int) time.Duration {
	d := s.cfg.RetryMin << min(n, 20)
	if d > s.cfg.RetryMax || d <= 0 {
		d = s.cfg.RetryMax
	}
	return d/2 + rand.N(d/2+1)
}

// sleep waits d, or returns false when ctx ends first.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// limited gives one upload attempt of size bytes the time it may take on a bad line, so that a peer that went away without a
// word does not hold it for ever.
func limited(ctx context.Context, size int64) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, 5*time.Minute+time.Duration(size/slowest)*time.Second)
}
