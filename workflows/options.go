package workflows

import (
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/batchmill/batchmill/activities/protocol"
	"github.com/batchmill/batchmill/jobs"
)

// retries are for what may pass: a lost worker, a store that is down. The user's errors say themselves that they are final.
var retries = temporal.RetryPolicy{
	InitialInterval:    time.Second,
	BackoffCoefficient: 2,
	MaximumInterval:    30 * time.Second,
	MaximumAttempts:    20,
	// An answer over Temporal's size limit is called retryable by the server, but would be as large again.
	NonRetryableErrorTypes: []string{string(jobs.ClientError), string(jobs.AlgorithmError), "payloadSizeError"},
}

// shardRetries are for ranges of shards: a shard that ends its workers is searched for what is at fault, and each death on the way is an
// attempt, as is each look at a store that is full. Of attempts that fail for other reasons the activities allow fewer.
func shardRetries() *temporal.RetryPolicy {
	r := retries
	r.MaximumAttempts = 200
	return &r
}

// shards sets the options of an activity over a range of a job's shards. Temporal servers that know fairness give each job with ranges
// to do the same share of workers, however many ranges it has out.
func shards(ctx workflow.Context, job, summary string) workflow.Context {
	ctx = workflow.WithRetryPolicy(compute(ctx, summary), *shardRetries())
	return workflow.WithPriority(ctx, temporal.Priority{FairnessKey: job[:min(len(job), fairnessKeyBytes)]})
}

// fairnessKeyBytes is the longest key that Temporal takes.
const fairnessKeyBytes = 64

// light sets the options of an activity that mostly waits.
func light(ctx workflow.Context, summary string) workflow.Context {
	return options(ctx, protocol.Queue, 24*time.Hour, summary)
}

// compute sets the options of an activity that keeps cores busy.
func compute(ctx workflow.Context, summary string) workflow.Context {
	return options(ctx, protocol.ComputeQueue, 28*24*time.Hour, summary)
}

func options(ctx workflow.Context, queue string, limit time.Duration, summary string) workflow.Context {
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		TaskQueue:           queue,
		StartToCloseTimeout: limit,
		HeartbeatTimeout:    protocol.HeartbeatTimeout,
		WaitForCancellation: true, // a stop removes what was staged only when nobody writes any more
		RetryPolicy:         &retries,
		Summary:             summary,
	})
}
