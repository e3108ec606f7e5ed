package activities

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"go.temporal.io/sdk/activity"

	"github.com/batchmill/batchmill/activities/protocol"
	"github.com/batchmill/batchmill/activities/sharding"
	"github.com/batchmill/batchmill/jobs"
	"github.com/batchmill/batchmill/storage"
)

// commitParallel is how many outputs are assembled at once.
const commitParallel = 16

// Commit assembles the outputs of a job whose shards are all done, and writes the manifest. A retry goes on behind the
// outputs assembled before.
func (a *Activities) Commit(ctx context.Context, ref protocol.PlanRef) (protocol.Committed, error) {
	p, last := startPulse(ctx)
	defer p.stop()
	planURI, err := storage.ParseURI(ref.PlanURI)
	if err != nil {
		return protocol.Committed{}, err
	}
	base := storage.URI{Bucket: planURI.Bucket, Key: planURI.Key[:len(planURI.Key)-len(planURI.Base())]}
	opt := sharding.CommitOptions{
		From:      last.Cursor,
		Parallel:  commitParallel,
		Assembled: func(n int) { p.set(protocol.Beat{Stage: "commit", Cursor: n}) },
	}
	if err := a.commitOptions(ref, base, &opt); err != nil {
		return protocol.Committed{}, err
	}
	m, err := sharding.Commit(ctx, a.store, base, opt)
	if err != nil {
		return protocol.Committed{}, a.nameRejects(ctx, base, err)
	}
	done := protocol.Committed{
		ManifestURI: sharding.ManifestURI(base).String(),
		Rows:        m.Rows, Rejected: m.Rejected, Bytes: m.Bytes, Objects: len(m.Outputs),
	}
	if ref.Kind == jobs.SplitKind.Name {
		done.Sides, err = splitSides(ref.Job.Document, m)
	}
	return done, err
}

// commitOptions adds what the kind of job checks before and writes into the manifest.
func (a *Activities) commitOptions(ref protocol.PlanRef, base storage.URI, opt *sharding.CommitOptions) error {
	switch ref.Kind {
	case jobs.TransformKind.Name:
		doc, err := jobs.ParseTransformJob(ref.Job.Document)
		if err != nil {
			return err
		}
		settings, err := jobs.TransformSettings(doc.Environment)
		if err != nil {
			return err
		}
		opt.Keep = settings.KeepStaging
		opt.Check = func(rows, rejected int64) error { return checkRejects(settings.MaxRejected, rows, rejected) }
		var capture captured
		opt.Claim = func(ctx context.Context, plan *sharding.Plan, digest string) error {
			capture.plan = plan
			return a.claimSeries(ctx, plan, digest)
		}
		opt.Literal = capture.manifest
		opt.Details = transformDetails
		opt.Record = a.keepJournal
	case jobs.SplitKind.Name:
		doc, err := jobs.ParseSplitJob(ref.Job.Document)
		if err != nil {
			return err
		}
		settings, err := jobs.SplitSettings(doc.Environment)
		if err != nil {
			return err
		}
		opt.Keep = settings.KeepStaging
		opt.Details = a.splitDetails(base)
		opt.Literal = foldManifest
	default:
		return fmt.Errorf("activities: commit of unknown kind %q", ref.Kind)
	}
	return nil
}

// transformDetails puts the model's identity into the manifest, and all else that rows were predicted with.
func transformDetails(_ context.Context, plan *sharding.Plan, _ *sharding.Receipts) (json.RawMessage, error) {
	var params transformParams
	if err := json.Unmarshal(plan.Params, &params); err != nil {
		return nil, err
	}
	return json.Marshal(map[string]any{"Model": map[string]string{
		"Name": params.Model.Name, "Artifact": params.Model.URI, "SHA256": params.Model.SHA256,
	}, "Transform": plan.Params})
}

// Withdraw takes back what of a stopped job is visible, and what it has entered elsewhere: all but what it has staged. It reports whether
// the job had committed after all.
func (a *Activities) Withdraw(ctx context.Context, ref protocol.PlanRef) (bool, error) {
	p, _ := startPulse(ctx)
	defer p.stop()
	base, err := outputRoot(ref)
	if err != nil || ref.Digest == "" {
		return false, nil //nolint:nilerr // without an output path, or a plan, nothing can have been written
	}
	committed, err := sharding.Withdraw(ctx, a.store, base)
	if err != nil || committed {
		return committed, err
	}
	return false, a.leaveSeries(ctx, ref)
}

// CleanUp removes every trace of a job that failed or was stopped. It reports whether the job had committed after all.
func (a *Activities) CleanUp(ctx context.Context, ref protocol.PlanRef) (bool, error) {
	p, _ := startPulse(ctx)
	defer p.stop()
	base, err := outputRoot(ref)
	if err != nil {
		return false, nil //nolint:nilerr // no output path, so nothing can have been written
	}
	if ref.Digest == "" {
		// Planning did not report back. What lies there may be an earlier job's of the same name: only our own plan is undone.
		plan, _, err := sharding.ReadHead(ctx, a.store, sharding.PlanURI(base))
		if errors.Is(err, storage.ErrNotFound) || errors.Is(err, storage.ErrNoBucket) || err == nil && plan.Owner != owner(ctx) {
			return false, sharding.RemovePages(ctx, a.store, base, owner(ctx))
		}
		if err != nil {
			return false, err
		}
	}
	committed, err := sharding.Rollback(ctx, a.store, base)
	if err != nil {
		return false, err
	}
	if !committed {
		if err := a.leaveSeries(ctx, ref); err != nil {
			return false, err
		}
	}
	if activity.IsActivity(ctx) {
		activity.GetLogger(ctx).Info("cleaned up", "root", base.String(), "committed", committed)
	}
	return committed, nil
}

// outputRoot is the job's own folder, from its document.
func outputRoot(ref protocol.PlanRef) (storage.URI, error) {
	var path string
	switch ref.Kind {
	case jobs.TransformKind.Name:
		doc, err := jobs.ParseTransformJob(ref.Job.Document)
		if err != nil {
			return storage.URI{}, err
		}
		path = doc.TransformOutput.S3OutputPath
	case jobs.SplitKind.Name:
		doc, err := jobs.ParseSplitJob(ref.Job.Document)
		if err != nil {
			return storage.URI{}, err
		}
		path = doc.OutputDataConfig.S3OutputPath
	case jobs.TrainingKind.Name:
		doc, err := jobs.ParseTrainingJob(ref.Job.Document)
		if err != nil {
			return storage.URI{}, err
		}
		path = doc.OutputDataConfig.S3OutputPath
	}
	return root(path, ref.Job.Name)
}
