package activities

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"
)

// A stopped activity goes on reporting until it ends: the server would give up one that falls silent for the length of a
// training round, and the model of the rounds done would be lost.
func TestStoppedActivityStillHeartbeats(t *testing.T) {
	t.Parallel()
	var suite testsuite.WorkflowTestSuite
	env := suite.NewTestActivityEnvironment()
	cancelled, cancel := context.WithCancel(context.Background())
	cancel()
	env.SetWorkerOptions(worker.Options{BackgroundActivityContext: cancelled})
	var beats atomic.Int32
	env.SetOnActivityHeartbeatListener(func(*activity.Info, converter.EncodedValues) { beats.Add(1) })
	act := func(ctx context.Context) error {
		p, _ := startPulse(ctx)
		defer p.stop()
		require.Error(t, ctx.Err())
		require.Eventually(t, func() bool { return beats.Load() > 0 }, 5*beatEvery, 10*time.Millisecond)
		return nil
	}
	env.RegisterActivity(act)
	_, err := env.ExecuteActivity(act)
	require.NoError(t, err)
}
