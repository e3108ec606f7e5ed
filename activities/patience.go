package activities

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.temporal.io/sdk/activity"

	"github.com/batchmill/batchmill/activities/protocol"
	"github.com/batchmill/batchmill/storage"
)

// How long a range of shards that fails is tried again. The retry policy allows for more attempts: those that end their worker need them.
const (
	outage      = 25 * time.Minute // while the store does not answer
	mostFailed  = 20               // failures of other kinds in a row
	fullLongest = 2 * time.Minute  // between two attempts while the store is full, which ends only with the attempts
)

// fullDelay is how long a full store is left alone after an attempt: it doubles from a second.
func fullDelay(attempt int) time.Duration {
	return min(time.Second<<min(max(attempt-1, 0), 10), fullLongest)
}

// shardError says which shard of a range an error comes from.
type shardError struct {
	shard int
	err   error
}

func (e *shardError) Error() string { return e.err.Error() }
func (e *shardError) Unwrap() error { return e.err }

// givenUpError is an error that might pass, but has not for too long.
type givenUpError struct {
	err   error
	since time.Duration
	times int
}

func (e *givenUpError) Error() string {
	return fmt.Sprintf("%v; given up after %s and %d attempts in a row", e.err, e.since.Round(time.Second), e.times)
}
func (e *givenUpError) Unwrap() error { return e.err }

// patiently keeps, in the heartbeat, for how long a range has failed, and gives up when that is too long. Only a shard that is done makes
// a new start: what was done before an outage does not.
func (a *Activities) patiently(work func(context.Context, protocol.Range) (protocol.RangeDone, error)) func(context.Context, protocol.Range) (protocol.RangeDone, error) {
	return func(ctx context.Context, r protocol.Range) (protocol.RangeDone, error) {
		last := lastBeat(ctx).Trouble
		began := a.now()
		done, err := work(ctx, r)
		if err == nil || ctx.Err() != nil || !activity.IsActivity(ctx) {
			return done, err
		}
		shard := r.From
		if at := new(shardError); errors.As(err, &at) {
			shard = at.shard
		}
		t := protocol.Trouble{Since: began, Shard: shard}
		if last != nil && shard <= last.Shard {
			t = *last
		}
		t.Failures++
		if tooLong(err, a.now().Sub(t.Since), t.Failures) {
			return done, &givenUpError{err, a.now().Sub(t.Since), t.Failures}
		}
		activity.RecordHeartbeat(ctx, protocol.Beat{Done: done.Rows, Cursor: shard, Trouble: &t}) // Temporal's SDK sends it before the failure
		return done, err
	}
}

func tooLong(err error, since time.Duration, failures int) bool {
	switch {
	case errors.Is(err, storage.ErrFull):
		return false
	case errors.Is(err, storage.ErrUnavailable):
		return since >= outage
	default:
		return failures >= mostFailed
	}
}
