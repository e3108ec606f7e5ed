package workflows

import (
	"encoding/json"

	"go.temporal.io/sdk/workflow"

	"github.com/batchmill/batchmill/activities/protocol"
	"github.com/batchmill/batchmill/jobs"
)

// SplitJob divides the rows of a channel into sides: plan, scan if the strategy needs the whole table, shards, commit.
func (w *Workflows) SplitJob(ctx workflow.Context, doc jobs.Document, resume *Resume) (*jobs.SplitJobDescription, error) {
	kind := jobs.SplitKind
	job, err := prepare(ctx, kind, doc)
	if err != nil {
		return nil, err
	}
	parsed, err := jobs.ParseSplitJob(job.Document)
	if err != nil {
		return nil, clientError(err)
	}
	arn := jobs.ARN(kind.IDPrefix, w.Region, w.Account, job.Name)
	if !canonical(ctx, kind, job.Name) {
		d := new(jobs.SplitJobDescription)
		return d, delegate(ctx, kind, job, arn, d)
	}
	d := jobs.DescribeSplit(*parsed, arn, workflow.GetInfo(ctx).WorkflowStartTime)
	if resume != nil {
		if err := json.Unmarshal(resume.Description, &d); err != nil {
			return nil, clientError(err)
		}
	}
	track := &tracker{kind: kind, job: job, status: func() string { return string(d.SplitJobStatus) }}
	track.describe = func() any { d.Progress = track.snapshot(); return &d }
	run := &shardedJob{
		tracker: track,
		plan:    protocol.PlanSplit, shards: protocol.SplitShards, stage: "Splitting",
		begin: func(ctx workflow.Context) error {
			return d.Transition(jobs.SplitJobStatusInProgress, workflow.Now(ctx))
		},
		stopping: func(ctx workflow.Context) error {
			return d.Transition(jobs.SplitJobStatusStopping, workflow.Now(ctx))
		},
		committed: func(ctx workflow.Context, c protocol.Committed) error {
			d.Manifest, d.SplitResults = c.ManifestURI, c.Sides
			return d.Transition(jobs.SplitJobStatusCompleted, workflow.Now(ctx))
		},
		stopped: func(ctx workflow.Context) error {
			return d.Transition(jobs.SplitJobStatusStopped, workflow.Now(ctx))
		},
		failed: func(ctx workflow.Context, err error) error { return d.Fail(err, workflow.Now(ctx)) },
	}
	if err := run.run(ctx, resume, w.SplitJob); err != nil {
		return nil, err
	}
	return &d, nil
}
