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

	enumspb "go.temporal.io/api/enums/v1"
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
	r.RegisterWorkflowWithOptions(w.TransformJob, workflow.RegisterOptions{Name: jobs.TransformKind.Name})
}

// Resume is what a run hands on when it continues as new; absent at a job's start.
type Resume struct {
	Planned     protocol.Planned
	Cursor      int // first shard that was not handed out yet
	Scanned     bool
	Done        protocol.RangeDone
	Description jobs.Document
}

var scheduledStart = temporal.NewSearchAttributeKeyTime("TemporalScheduledStartTime")

// prepare expands the document's placeholders and finds the job's name. at is when the job was scheduled, or started.
func prepare(ctx workflow.Context, kind jobs.Kind, doc jobs.Document) (protocol.Job, error) {
	at, ok := workflow.GetTypedSearchAttributes(ctx).GetTime(scheduledStart)
	if !ok {
		at = workflow.GetInfo(ctx).WorkflowStartTime
	}
	text, err := jobs.Expand(doc, at, time.UTC)
	if err != nil {
		return protocol.Job{}, clientError(err)
	}
	doc = jobs.Document(text)
	return protocol.Job{Name: doc.Name(kind), Document: doc}, nil
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
