package workflows

import (
	"fmt"
	"strings"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/batchmill/batchmill/activities/protocol"
	"github.com/batchmill/batchmill/jobs"
)

var (
	attributeJobName = temporal.NewSearchAttributeKeyKeyword(protocol.AttributeJobName)
	attributeKind    = temporal.NewSearchAttributeKeyKeyword(protocol.AttributeKind)
	attributeStatus  = temporal.NewSearchAttributeKeyKeyword(protocol.AttributeStatus)
)

// tracker keeps a job's description where users look: memo, search attributes, the UI's current details, and a query for
// live progress.
type tracker struct {
	kind     jobs.Kind
	job      protocol.Job
	describe func() any // the description as it stands
	status   func() string
	progress jobs.Progress
}

// snapshot is the progress as a description carries it.
func (t *tracker) snapshot() *jobs.Progress {
	p := t.progress
	return &p
}

// start announces the job and answers progress queries from now on.
func (t *tracker) start(ctx workflow.Context) error {
	err := workflow.UpsertTypedSearchAttributes(ctx, attributeJobName.ValueSet(t.job.Name), attributeKind.ValueSet(t.kind.Name))
	if err != nil {
		return err
	}
	if err := workflow.SetQueryHandler(ctx, protocol.QueryProgress, func() (jobs.Progress, error) { return t.progress, nil }); err != nil {
		return err
	}
	return t.publish(ctx)
}

// publish writes the description to the memo: Describe and List need only the Temporal server then.
func (t *tracker) publish(ctx workflow.Context) error {
	t.show(ctx)
	if err := workflow.UpsertMemo(ctx, map[string]any{protocol.MemoDescription: t.describe()}); err != nil {
		return err
	}
	return workflow.UpsertTypedSearchAttributes(ctx, attributeStatus.ValueSet(t.status()))
}

// show updates what the Temporal UI says of the job.
func (t *tracker) show(ctx workflow.Context) {
	var b strings.Builder
	b.WriteString(fmt.Sprintf("**%s** %s\n\n", t.status(), t.progress.Stage))
	if t.progress.Total > 0 {
		b.WriteString(fmt.Sprintf("%d of %d %s", t.progress.Done, t.progress.Total, t.progress.Unit))
	}
	if t.progress.Message != "" {
		b.WriteString("\n\n" + t.progress.Message)
	}
	workflow.SetCurrentDetails(ctx, b.String())
}

// finish keeps the description in the store as well, where it outlives Temporal's retention. It runs also when the
// workflow is cancelled.
func (t *tracker) finish(ctx workflow.Context) error {
	ctx, cancel := workflow.NewDisconnectedContext(ctx)
	defer cancel()
	if err := t.publish(ctx); err != nil {
		return err
	}
	doc, err := jobs.Encode(t.describe())
	if err != nil {
		return err
	}
	return workflow.ExecuteActivity(light(ctx, "keep the job's description"), protocol.SaveDescription,
		protocol.Description{Kind: t.kind.Name, Name: t.job.Name, JSON: doc}).Get(ctx, nil)
}
