package workflows

import (
	"encoding/json"
	"fmt"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/batchmill/batchmill/activities/protocol"
	"github.com/batchmill/batchmill/jobs"
)

// TransformJob runs a batch transform: plan, shards, commit. It returns the finished job's description; a job that failed
// or was stopped ends the workflow so, with the description in its memo.
func (w *Workflows) TransformJob(ctx workflow.Context, doc jobs.Document, resume *Resume) (*jobs.TransformJobDescription, error) {
	kind := jobs.TransformKind
	job, err := prepare(ctx, kind, doc)
	if err != nil {
		return nil, err
	}
	parsed, err := jobs.ParseTransformJob(job.Document)
	if err != nil {
		return nil, clientError(err)
	}
	arn := jobs.ARN(kind.IDPrefix, w.Region, w.Account, job.Name)
	if !canonical(ctx, kind, job.Name) {
		d := new(jobs.TransformJobDescription)
		return d, delegate(ctx, kind, job, arn, d)
	}
	d := jobs.DescribeTransform(*parsed, arn, workflow.GetInfo(ctx).WorkflowStartTime)
	if resume != nil {
		if err := json.Unmarshal(resume.Description, &d); err != nil {
			return nil, clientError(err)
		}
	}
	track := &tracker{kind: kind, job: job, status: func() string { return string(d.TransformJobStatus) }}
	track.describe = func() any { d.Progress = track.snapshot(); return &d }
	run := &shardedJob{
		tracker: track,
		plan:    protocol.PlanTransform, shards: protocol.TransformShards, stage: "Transforming",
		begin: func(ctx workflow.Context) error {
			return d.Transition(jobs.TransformJobStatusInProgress, workflow.Now(ctx))
		},
		stopping: func(ctx workflow.Context) error {
			return d.Transition(jobs.TransformJobStatusStopping, workflow.Now(ctx))
		},
		committed: func(ctx workflow.Context, c protocol.Committed) error {
			d.Manifest = c.ManifestURI
			return d.Transition(jobs.TransformJobStatusCompleted, workflow.Now(ctx))
		},
		stopped: func(ctx workflow.Context) error {
			return d.Transition(jobs.TransformJobStatusStopped, workflow.Now(ctx))
		},
		failed: func(ctx workflow.Context, err error) error { return d.Fail(err, workflow.Now(ctx)) },
	}
	if err := run.run(ctx, resume, w.TransformJob); err != nil {
		return nil, err
	}
	return &d, nil
}

// shardedJob is what split and transform have in common: plan, shards, commit, and what a stop or failure does at each.
type shardedJob struct {
	*tracker
	plan, shards, stage string
	begin, stopping     func(workflow.Context) error
	committed           func(workflow.Context, protocol.Committed) error
	stopped             func(workflow.Context) error
	failed              func(workflow.Context, error) error

	planned protocol.Planned
	scanned bool
	window  window
	heeded  bool // a stop: the description says so
}

// run returns nil if the job committed; workflow.ContinueAsNewError, a cancel or the job's failure otherwise.
func (s *shardedJob) run(ctx workflow.Context, resume *Resume, again any) error {
	if err := s.start(ctx); err != nil {
		return err
	}
	workflow.Go(ctx, s.awaitStop)
	committed, err := s.work(ctx, resume)
	if workflow.IsContinueAsNewError(err) || err == errRenew {
		return s.renew(ctx, again)
	}
	if err == nil {
		if err := s.committed(ctx, committed); err != nil {
			return err
		}
		return s.finish(ctx)
	}
	return s.end(ctx, err)
}

var errRenew = fmt.Errorf("workflows: continue as new")

func (s *shardedJob) work(ctx workflow.Context, resume *Resume) (protocol.Committed, error) {
	var c protocol.Committed
	if resume == nil {
		if err := s.begin(ctx); err != nil {
			return c, err
		}
		s.progress = jobs.Progress{Stage: "Planning"}
		if err := s.publish(ctx); err != nil {
			return c, err
		}
		if err := workflow.ExecuteActivity(light(ctx, "list the input and cut shards"), s.plan, s.job).Get(ctx, &s.planned); err != nil {
			return c, err
		}
		s.window = window{}
	} else {
		s.planned, s.scanned = resume.Planned, resume.Scanned
		s.window = window{cursor: resume.Cursor, left: resume.Left, done: resume.Done}
	}
	if s.planned.Scan && !s.scanned {
		if err := s.scan(ctx); err != nil {
			return c, err
		}
	}
	finished, err := s.handOut(ctx, s.shards, s.stage)
	if err != nil {
		return c, err
	}
	if !finished {
		return c, errRenew
	}
	s.progress.Stage, s.progress.Began = "Committing", nil
	s.show(ctx)
	err = workflow.ExecuteActivity(light(ctx, "assemble the output and write the manifest"), protocol.Commit, s.ref()).Get(ctx, &c)
	if err == nil {
		s.progress = jobs.Progress{Stage: "Committed", Unit: "rows", Done: c.Rows, Total: c.Rows, Rows: c.Rows, Rejected: c.Rejected}
		if s.planned.Series != "" {
			s.progress.Message = fmt.Sprintf("nothing to do: earlier jobs of series %s took every object", s.planned.Series)
		}
	}
	return c, err
}

// scan makes passes over all rows until the split is decided.
func (s *shardedJob) scan(ctx workflow.Context) error {
	for final := false; !final; {
		finished, err := s.handOut(ctx, protocol.ScanShards, "Scanning")
		if err != nil {
			return err
		}
		if !finished {
			return errRenew
		}
		if err := workflow.ExecuteActivity(light(ctx, "decide where the sides meet"), protocol.DecideSplit, s.ref()).Get(ctx, &final); err != nil {
			return err
		}
		s.window = window{}
	}
	s.scanned = true
	return nil
}

// handOut runs an activity over the shards that are left.
func (s *shardedJob) handOut(ctx workflow.Context, activity, stage string) (bool, error) {
	w := &s.window
	w.activity, w.planned, w.job = activity, s.planned, s.job
	s.progress = jobs.Progress{Stage: stage, Began: &jobs.Time{Time: workflow.Now(ctx)}, Unit: "rows", Total: max(s.planned.Rows, 0), Done: w.done.Rows, Rows: w.done.Rows, Rejected: w.done.Rejected}
	w.progress = func(done protocol.RangeDone) {
		s.progress.Done, s.progress.Rows, s.progress.Rejected, s.progress.Bytes = done.Rows, done.Rows, done.Rejected, done.Bytes
		s.progress.Shards = w.counts()
		s.show(ctx)
	}
	return w.run(ctx)
}

func (s *shardedJob) ref() protocol.PlanRef {
	return protocol.PlanRef{Job: s.job, Kind: s.kind.Name, PlanURI: s.planned.PlanURI, Digest: s.planned.Digest, Shards: s.planned.Shards}
}

// renew continues as a new run with a short history.
func (s *shardedJob) renew(ctx workflow.Context, again any) error {
	description, err := jobs.Encode(s.describe())
	if err != nil {
		return err
	}
	return workflow.NewContinueAsNewError(ctx, again, s.job.Document, &Resume{
		Planned: s.planned, Cursor: s.window.cursor, Left: s.window.left, Scanned: s.scanned, Done: s.window.done, Description: description,
	})
}

// awaitStop lets the description say that the job is stopping as soon as it is told to. What it waits for then, that attempts wind up, may
// take a while: those of a worker that was lost, as long as they are believed alive.
func (s *shardedJob) awaitStop(ctx workflow.Context) {
	ctx.Done().Receive(ctx, nil)
	ctx, cancel := workflow.NewDisconnectedContext(ctx)
	defer cancel()
	if err := s.heed(ctx); err != nil {
		workflow.GetLogger(ctx).Info("a stop came too late", "error", err)
	}
}

// heed says, once, that the job is stopping.
func (s *shardedJob) heed(ctx workflow.Context) error {
	if s.heeded {
		return nil
	}
	s.heeded = true
	if err := s.stopping(ctx); err != nil {
		return err
	}
	s.progress.Stage = "Stopping"
	return s.publish(ctx)
}

// end removes every trace of a job that failed or was stopped, and says which it was. A job whose commit got through
// before the stop reached it has completed.
func (s *shardedJob) end(ctx workflow.Context, err error) error {
	wasStopped := temporal.IsCanceledError(err) || ctx.Err() != nil
	ctx, cancel := workflow.NewDisconnectedContext(ctx)
	defer cancel()
	if wasStopped {
		return s.stop(ctx)
	}
	committed, cleaned := s.clear(ctx, protocol.CleanUp, "remove what was staged")
	if cleaned == nil && committed {
		if err := s.committed(ctx, protocol.Committed{}); err != nil {
			return err
		}
		return s.finish(ctx)
	}
	s.progress.Stage, s.progress.Message = "", cause(err).Error()
	if e := s.failed(ctx, cause(err)); e != nil {
		return e
	}
	s.keep(ctx)
	return failed(err)
}

// stop ends a job that was stopped, as soon as nobody works on it and nothing of it is visible. What it has staged may be hundreds of
// thousands of objects, and is removed behind that.
func (s *shardedJob) stop(ctx workflow.Context) error {
	if err := s.heed(ctx); err != nil {
		return err
	}
	committed, err := s.clear(ctx, protocol.Withdraw, "take back what is visible")
	if err == nil && committed {
		if err := s.committed(ctx, protocol.Committed{}); err != nil {
			return err
		}
	} else {
		s.progress.Stage = ""
		if err := s.stopped(ctx); err != nil {
			return err
		}
	}
	s.keep(ctx)
	if _, err := s.clear(ctx, protocol.CleanUp, "remove what was staged"); err != nil {
		workflow.GetLogger(ctx).Warn("could not clean up", "error", err)
	}
	if committed {
		return nil
	}
	return temporal.NewCanceledError()
}

// clear runs an activity that takes the job's traces away and tells whether it had committed after all.
func (s *shardedJob) clear(ctx workflow.Context, activity, summary string) (committed bool, err error) {
	err = workflow.ExecuteActivity(light(ctx, summary), activity, s.ref()).Get(ctx, &committed)
	return committed, err
}

// keep is finish for a job that has ended either way.
func (s *shardedJob) keep(ctx workflow.Context) {
	if err := s.finish(ctx); err != nil {
		workflow.GetLogger(ctx).Warn("could not keep the description", "error", err)
	}
}
