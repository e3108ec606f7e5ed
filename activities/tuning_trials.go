package activities

import (
	"context"
	"encoding/json"
	"errors"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/converter"

	"github.com/batchmill/batchmill/activities/protocol"
	"github.com/batchmill/batchmill/jobs"
	"github.com/batchmill/batchmill/storage"
)

// CheckTrials tells which of a tuning job's training jobs have ended without its knowledge: terminated from outside, say. It
// is the safety net below the reports that training jobs send themselves.
func (a *Activities) CheckTrials(ctx context.Context, ref protocol.TrialsRef) ([]protocol.TrialReport, error) {
	p, _ := startPulse(ctx)
	defer p.stop()
	var ended []protocol.TrialReport
	for _, t := range ref.Trials {
		r, err := a.checkTrial(ctx, jobs.ChildName(ref.Job, t.Number), t)
		if err != nil {
			return nil, err
		}
		if r != nil {
			ended = append(ended, *r)
		}
	}
	return ended, nil
}

// checkTrial returns nil for a training job that runs on.
func (a *Activities) checkTrial(ctx context.Context, name string, t protocol.TrialRef) (*protocol.TrialReport, error) {
	found, err := activity.GetClient(ctx).DescribeWorkflowExecution(ctx, jobs.TrainingKind.WorkflowID(name), "")
	var missing *serviceerror.NotFound
	if errors.As(err, &missing) {
		return a.storedTrial(ctx, name, t)
	}
	if err != nil {
		return nil, err
	}
	info := found.GetWorkflowExecutionInfo()
	if info.GetStatus() == enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING {
		return nil, nil
	}
	if info.GetStatus() == enumspb.WORKFLOW_EXECUTION_STATUS_COMPLETED {
		var report protocol.TrialReport
		err := activity.GetClient(ctx).GetWorkflow(ctx, jobs.TrainingKind.WorkflowID(name), "").Get(ctx, &report)
		if err == nil && report.Trial == t.Number { // else it is a training job of that name that somebody else had started
			return &report, nil
		}
	}
	var d jobs.TrainingJobDescription
	if memo, ok := info.GetMemo().GetFields()[protocol.MemoDescription]; ok {
		if err := converter.GetDefaultDataConverter().FromPayload(memo, &d); err != nil {
			return nil, err
		}
	}
	return endOf(d, t, info.GetStatus().String()), nil
}

// storedTrial is for a training job that Temporal has forgotten.
func (a *Activities) storedTrial(ctx context.Context, name string, t protocol.TrialRef) (*protocol.TrialReport, error) {
	var d jobs.TrainingJobDescription
	data, _, err := storage.ReadAll(ctx, a.store, a.state.Join(protocol.DescriptionObject(jobs.TrainingKind, name)...))
	if err == nil {
		err = json.Unmarshal(data, &d)
	}
	if err != nil && !errors.Is(err, storage.ErrNotFound) {
		return nil, err
	}
	return endOf(d, t, "not found"), nil
}

// endOf makes a report of a training job's last description. One whose description was not brought to an end has failed.
func endOf(d jobs.TrainingJobDescription, t protocol.TrialRef, ended string) *protocol.TrialReport {
	if !d.TrainingJobStatus.Terminal() {
		r := protocol.TrialReport{Trial: t.Number, Status: jobs.TrainingJobStatusFailed, Started: d.TrainingStartTime}
		r.Reason = jobs.FailureReason(jobs.Failf(jobs.InternalServerError, "the training job's workflow ended (%s)", ended))
		return &r
	}
	return protocol.ReportOf(&d, t.Number, t.Objective)
}
