package activities

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"

	"github.com/batchmill/batchmill/activities/protocol"
	"github.com/batchmill/batchmill/jobs"
	"github.com/batchmill/batchmill/storage"
)

// failing runs attempts of a range, each a minute after the last one, until one says that it is the last, and returns which and why. The
// heartbeat of each is handed to the next one, as Temporal does.
func failing(t *testing.T, most int, shard func(attempt int) int, err error) (int, *temporal.ApplicationError) {
	t.Helper()
	now := time.Unix(0, 0)
	a := &Activities{now: func() time.Time { return now }}
	var last *protocol.Beat
	for n := 1; ; n++ {
		var suite testsuite.WorkflowTestSuite
		env := suite.NewTestActivityEnvironment()
		if last != nil {
			env.SetHeartbeatDetails(*last)
		}
		env.SetOnActivityHeartbeatListener(func(_ *activity.Info, details converter.EncodedValues) {
			last = new(protocol.Beat)
			require.NoError(t, details.Get(last))
		})
		work := guard(a.patiently(func(context.Context, protocol.Range) (protocol.RangeDone, error) {
			now = now.Add(time.Minute)
			return protocol.RangeDone{}, &shardError{shard(n), err}
		}))
		env.RegisterActivityWithOptions(work, activity.RegisterOptions{Name: "work"})
		_, got := env.ExecuteActivity(work, protocol.Range{Job: protocol.Job{Document: jobs.Document("{}")}, To: 100})
		var app *temporal.ApplicationError
		require.ErrorAs(t, got, &app)
		require.NotNil(t, last)
		if app.NonRetryable() || n == most {
			return n, app
		}
	}
}

// How long a range is tried again depends on what it fails with, and on whether it gets on.
func TestPatience(t *testing.T) {
	t.Parallel()
	at := storage.URI{Bucket: "b", Key: "out/k"}
	full := &storage.OpError{Op: "put", URI: at, Kind: storage.ErrFull, Code: "InsufficientStorage", Status: 507}
	down := &storage.OpError{Op: "put", URI: at, Kind: storage.ErrUnavailable, Err: errors.New("connection refused")}
	same := func(int) int { return 7 }
	back := func(n int) int { return 7 - n%2 } // the same shards are not done, but one may fail first or the other
	for name, c := range map[string]struct {
		shard func(int) int
		err   error
		want  int // attempts
		delay time.Duration
	}{
		"down":              {same, down, 25, 0},
		"down, between two": {back, down, 26, 0},
		"full":              {same, full, 60, time.Second},
		"getting on":        {func(n int) int { return n }, down, 60, 0},
		"something else":    {same, errors.New("odd"), 20, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n, err := failing(t, 60, c.shard, c.err)
			require.InDelta(t, c.want, n, 1)
			require.Equal(t, c.want == 60, !err.NonRetryable())
			require.Equal(t, string(jobs.InternalServerError), err.Type())
			require.Contains(t, err.Message(), c.err.Error())
			require.Equal(t, c.delay, err.NextRetryDelay())
		})
	}
	require.Equal(t, 64*time.Second, fullDelay(7))
	require.Equal(t, 2*time.Minute, fullDelay(200))
}
