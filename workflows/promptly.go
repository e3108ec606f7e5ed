package workflows

import (
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/batchmill/batchmill/jobs"
)

// soon is how long an activity may take within a workflow task: long for one that mostly takes milliseconds, short for a
// server that waits for the task.
const soon = 2 * time.Second

// promptly runs an activity that mostly takes milliseconds as a part of the workflow's own task, which saves the server six
// writes. What takes longer than soon, or fails in a way that may pass, is done by an activity of its own instead: the attempt
// that was given up may still be under way then, so such an activity must bear to be done twice at once. before is called first
// where it comes to that.
func promptly(ctx workflow.Context, summary, activity string, in, out any, before func() error) error {
	local, cancel := workflow.NewDisconnectedContext(ctx) // a stop waits for it: nothing may be written after the clean-up
	defer cancel()
	local = workflow.WithLocalActivityOptions(local, workflow.LocalActivityOptions{
		ScheduleToCloseTimeout: soon, RetryPolicy: &temporal.RetryPolicy{MaximumAttempts: 1}, Summary: summary,
	})
	err := workflow.ExecuteLocalActivity(local, activity, in).Get(local, out)
	if err == nil || jobs.ClassOf(cause(err)) != jobs.InternalServerError {
		return err
	}
	if err := before(); err != nil {
		return err
	}
	return byItself(ctx, summary, activity, in, out)
}

// byItself runs an activity that mostly waits.
func byItself(ctx workflow.Context, summary, activity string, in, out any) error {
	return workflow.ExecuteActivity(light(ctx, summary), activity, in).Get(ctx, out)
}
