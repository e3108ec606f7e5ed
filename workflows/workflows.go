// Package workflows orchestrates jobs, deterministically: what happens in which order, what a stop or a failure does, what
// a job's description says. It imports job documents and the names of activities, nothing that does I/O.
//
// Each workflow's argument is the job document. Started under any workflow ID but the job's own (from the Temporal UI or
// a schedule, say), a workflow starts the job under its own ID as a child and waits for it: so names stay unique whoever
// starts a job, and every job is found by its name.
package workflows

import (
	"errors"
	"fmt"
	"time"

	_ "time/tzdata" // the image has no zone files

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/batchmill/batchmill/activities/protocol"
	"github.com/batchmill/batchmill/jobs"
)

// Workflows are the workflows of one installation. Region and Account appear in ARNs only.
type Workflows struct {
	Region  string
	Account string
}

// Registrar is the part of a Temporal worker that workflows are put on.
type Registrar interface {
	RegisterWorkflowWithOptions(w any, options workflow.RegisterOptions)
}

// Register puts the workflows on a worker under their kinds' names.
func (w *Workflows) Register(r Registrar) {
	r.RegisterWorkflowWithOptions(w.SplitJob, workflow.RegisterOptions{Name: jobs.SplitKind.Name})
	r.RegisterWorkflowWithOptions(w.TrainingJob, workflow.RegisterOptions{Name: jobs.TrainingKind.Name})
	r.RegisterWorkflowWithOptions(w.HyperParameterTuningJob, workflow.RegisterOptions{Name: jobs.TuningKind.Name})
	r.RegisterWorkflowWithOptions(w.TransformJob, workflow.RegisterOptions{Name: jobs.TransformKind.Name})
}

// Resume is what a run hands on when it continues as new; absent at a job's start.
type Resume struct {
	Planned     protocol.Planned
	Cursor      int    // first shard that was not handed out yet
	Left        []Rest `json:",omitempty"` // handed out before, and handed back
	Scanned     bool
	Done        protocol.RangeDone
	Description jobs.Document
}

// Rest is shards From (inclusive) to To (exclusive) that an activity handed back.
type Rest struct{ From, To int }

var scheduledStart = temporal.NewSearchAttributeKeyTime("TemporalScheduledStartTime")

// prepare expands the document's placeholders and finds the job's name. at is when the job was scheduled, or started.
func prepare(ctx workflow.Context, kind jobs.Kind, doc jobs.Document) (protocol.Job, error) {
	at, ok := workflow.GetTypedSearchAttributes(ctx).GetTime(scheduledStart)
	if !ok {
		at = workflow.GetInfo(ctx).WorkflowStartTime
	}
	zone, err := timeZone(ctx)
	if err != nil {
		return protocol.Job{}, clientError(err)
	}
	text, err := jobs.Expand(doc, at, zone)
	if err != nil {
		return protocol.Job{}, clientError(err)
	}
	doc = jobs.Document(text)
	return protocol.Job{Name: doc.Name(kind), Document: doc}, nil
}

// timeZone is the schedule's that started the job: its placeholders' days and weeks are those of that place. Which rules of
// a zone a worker has may differ from another's, but what they yield reaches the job's own run as its input.
//
//workflowcheck:ignore
func timeZone(ctx workflow.Context) (*time.Location, error) {
	payload, ok := workflow.GetInfo(ctx).Memo.GetFields()[protocol.MemoTimeZone]
	if !ok {
		return time.UTC, nil
	}
	var name string
	if err := converter.GetDefaultDataConverter().FromPayload(payload, &name); err != nil {
		return nil, err
	}
	return time.LoadLocation(name)
}

// canonical tells whether the workflow runs under the job's own ID.
func canonical(ctx workflow.Context, kind jobs.Kind, name string) bool {
	return workflow.GetInfo(ctx).WorkflowExecution.ID == kind.WorkflowID(name)
}

// delegate starts the job under its own ID and waits for it. Cancelling this workflow stops the job.
func delegate(ctx workflow.Context, kind jobs.Kind, job protocol.Job, arn string, result any) error {
	ctx = workflow.WithChildOptions(ctx, workflow.ChildWorkflowOptions{
		WorkflowID:            kind.WorkflowID(job.Name),
		WorkflowIDReusePolicy: enumspb.WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE,
		ParentClosePolicy:     enumspb.PARENT_CLOSE_POLICY_REQUEST_CANCEL,
		WaitForCancellation:   true,
		StaticSummary:         fmt.Sprintf("%s %s", kind.Name, job.Name),
	})
	workflow.SetCurrentDetails(ctx, fmt.Sprintf("Started as `%s`", kind.WorkflowID(job.Name)))
	err := workflow.ExecuteChildWorkflow(ctx, kind.Name, job.Document).Get(ctx, result)
	var started *temporal.ChildWorkflowExecutionAlreadyStartedError
	if errors.As(err, &started) {
		return clientError(&jobs.InUseError{ARN: arn})
	}
	var app *temporal.ApplicationError
	if errors.As(err, &app) {
		return failure(app)
	}
	return err
}

// clientError is an error that trying again cannot mend.
func clientError(err error) error {
	return temporal.NewNonRetryableApplicationError(err.Error(), string(jobs.ClientError), nil)
}

// failure takes the application error out of what wraps it, so that a workflow fails with the cause itself.
func failure(app *temporal.ApplicationError) error {
	return temporal.NewApplicationErrorWithOptions(app.Message(), app.Type(), temporal.ApplicationErrorOptions{NonRetryable: true})
}

// cause turns an activity's error back into a classed failure, whose text a description carries.
func cause(err error) error {
	var app *temporal.ApplicationError
	if errors.As(err, &app) {
		class := jobs.Class(app.Type())
		switch class {
		case jobs.ClientError, jobs.AlgorithmError:
		default:
			class = jobs.InternalServerError
		}
		return &jobs.Failure{Class: class, Err: errors.New(app.Message())}
	}
	return &jobs.Failure{Class: jobs.InternalServerError, Err: err}
}

// failed is the error a job's workflow ends with.
func failed(err error) error {
	c := cause(err)
	return temporal.NewApplicationErrorWithOptions(c.Error(), string(jobs.ClassOf(c)), temporal.ApplicationErrorOptions{NonRetryable: true})
}
