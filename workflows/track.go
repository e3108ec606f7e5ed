package workflows

import (
	"fmt"
	"strings"
	"time"

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
	indexed  string // the status that the search attributes show
}

// snapshot is the progress as a description carries it.
func (t *tracker) snapshot() *jobs.Progress {
	p := t.progress
	return &p
}

// start announces the job and publishes its description.
func (t *tracker) start(ctx workflow.Context) error {
	if err := t.announce(ctx); err != nil {
		return err
	}
	return t.publish(ctx)
}

// announce lets the job be found by its name, unless who started it has seen to that, and answers progress queries from now on.
func (t *tracker) announce(ctx workflow.Context) error {
	have := workflow.GetTypedSearchAttributes(ctx)
	t.indexed, _ = have.GetKeyword(attributeStatus)
	if name, _ := have.GetKeyword(attributeJobName); name != t.job.Name {
		err := workflow.UpsertTypedSearchAttributes(ctx, attributeJobName.ValueSet(t.job.Name), attributeKind.ValueSet(t.kind.Name))
		if err != nil {
			return err
		}
	}
	return workflow.SetQueryHandler(ctx, protocol.QueryProgress, func() (jobs.Progress, error) { return t.progress, nil })
}

// announced are the search attributes of a job as it starts, for who starts it.
func announced(kind jobs.Kind, name, status string) temporal.SearchAttributes {
	return temporal.NewSearchAttributes(attributeJobName.ValueSet(name), attributeKind.ValueSet(kind.Name), attributeStatus.ValueSet(status))
}

// publish writes the description to the memo: Describe and List need only the Temporal server then.
func (t *tracker) publish(ctx workflow.Context) error {
	t.show(ctx)
	if err := workflow.UpsertMemo(ctx, map[string]any{protocol.MemoDescription: t.describe()}); err != nil {
		return err
	}
	status := t.status()
	if status == t.indexed { // each time is an event, and work for the server's index
		return nil
	}
	t.indexed = status
	return workflow.UpsertTypedSearchAttributes(ctx, attributeStatus.ValueSet(status))
}

// show updates what the Temporal UI says of the job.
func (t *tracker) show(ctx workflow.Context) {
	var took time.Duration
	if t.progress.Began != nil {
		took = workflow.Now(ctx).Sub(t.progress.Began.Time)
	}
	workflow.SetCurrentDetails(ctx, details(t.status(), t.progress, took))
}

// details is a job's progress as a list for the Temporal UI, which renders Markdown.
func details(status string, p jobs.Progress, took time.Duration) string {
	var b strings.Builder
	b.WriteString(fmt.Sprintf("**%s** %s\n\n", status, p.Stage)) // workflowcheck knows Sprintf to be deterministic, not Fprintf
	item := func(format string, args ...any) { b.WriteString("* " + fmt.Sprintf(format, args...) + "\n") }
	switch {
	case p.Total > 0:
		item("%d of %d %s (%.0f %%)", p.Done, p.Total, p.Unit, 100*float64(p.Done)/float64(p.Total))
	case p.Done > 0:
		item("%d %s", p.Done, p.Unit)
	}
	if p.Rows > 0 && took >= time.Second {
		item("%.0f rows/s", float64(p.Rows)/took.Seconds())
	}
	if p.Bytes > 0 {
		item("%.1f MiB written", float64(p.Bytes)/(1<<20))
	}
	if s := p.Shards; s != nil {
		item("shards: %d of %d done, %d running, %d retried", s.Done, s.Total, s.Running, s.Retried)
	}
	if p.Rejected > 0 {
		item("%d records rejected", p.Rejected)
	}
	if left, ok := p.Left(took); ok {
		item("about %s left", left)
	}
	if p.Message != "" {
		b.WriteString("\n" + p.Message + "\n")
	}
	return b.String()
}

// finish keeps the description in the store as well, where it outlives Temporal's retention. It runs also when the
// workflow is cancelled.
func (t *tracker) finish(ctx workflow.Context) error { return t.finishBy(ctx, byItself) }

// finishBy is finish with a way to run the activity.
func (t *tracker) finishBy(ctx workflow.Context, do func(ctx workflow.Context, summary, activity string, in, out any) error) error {
	ctx, cancel := workflow.NewDisconnectedContext(ctx)
	defer cancel()
	if err := t.publish(ctx); err != nil {
		return err
	}
	doc, err := jobs.Encode(t.describe())
	if err != nil {
		return err
	}
	return do(ctx, "keep the job's description", protocol.SaveDescription, protocol.Description{Kind: t.kind.Name, Name: t.job.Name, JSON: doc}, nil)
}
