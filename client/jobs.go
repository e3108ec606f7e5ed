package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"

	"github.com/batchmill/batchmill/activities/protocol"
	"github.com/batchmill/batchmill/jobs"
	"github.com/batchmill/batchmill/storage"
)

// Job is a started job.
type Job struct {
	client *Client
	Kind   jobs.Kind
	Name   string
	ARN    string
}

// validate checks a document of a kind with the code that will check it again on the worker.
func validate(kind jobs.Kind, doc jobs.Document) (err error) {
	switch kind {
	case jobs.SplitKind:
		_, err = jobs.ParseSplitJob(doc)
	case jobs.TrainingKind:
		_, err = jobs.ParseTrainingJob(doc)
	case jobs.TransformKind:
		_, err = jobs.ParseTransformJob(doc)
	case jobs.TuningKind:
		_, err = jobs.ParseHyperParameterTuningJob(doc)
	default:
		err = fmt.Errorf("client: %q is no kind of job", kind.Name)
	}
	return err
}

// Start checks the document (JSON or YAML) and starts the job. Placeholders are filled in with the present time. A name that
// is taken is a *jobs.InUseError.
func (c *Client) Start(ctx context.Context, kind jobs.Kind, document []byte) (*Job, error) {
	text, err := jobs.Expand(document, time.Now(), time.UTC)
	if err != nil {
		return nil, err
	}
	doc, err := jobs.Normalize(text)
	if err != nil {
		return nil, err
	}
	if err := validate(kind, doc); err != nil {
		return nil, err
	}
	name := doc.Name(kind)
	arn := c.arn(kind, name)
	_, err = c.store.Stat(ctx, c.descriptionURI(kind, name))
	if err == nil {
		return nil, &jobs.InUseError{ARN: arn}
	}
	if !errors.Is(err, storage.ErrNotFound) && !errors.Is(err, storage.ErrNoBucket) {
		return nil, err
	}
	_, err = c.temporal.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
		ID:                                       kind.WorkflowID(name),
		TaskQueue:                                protocol.Queue,
		WorkflowIDReusePolicy:                    enumspb.WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE,
		WorkflowIDConflictPolicy:                 enumspb.WORKFLOW_ID_CONFLICT_POLICY_FAIL,
		WorkflowExecutionErrorWhenAlreadyStarted: true,
		StaticSummary:                            summary(kind, doc),
		StaticDetails:                            details(doc),
	}, kind.Name, doc)
	var started *serviceerror.WorkflowExecutionAlreadyStarted
	if errors.As(err, &started) {
		return nil, &jobs.InUseError{ARN: arn}
	}
	if err != nil {
		return nil, temporalError(err)
	}
	return &Job{client: c, Kind: kind, Name: name, ARN: arn}, nil
}

// summary is one line for the Temporal UI's list.
func summary(kind jobs.Kind, doc jobs.Document) string {
	s := kind.Name + " " + doc.Name(kind)
	if m := doc.ModelName(); m != "" {
		s += " with model " + m
	}
	if len(s) > maxSummary { // a model's URI may be long
		s = strings.ToValidUTF8(s[:maxSummary-3], "") + "..."
	}
	return s
}

// maxSummary is how long a summary may be, in bytes: Temporal takes 400 with what is around the text (limit.userMetadataSummarySize).
const maxSummary = 300

// details shows the document in the Temporal UI. The service bounds them, so a long document is cut.
func details(doc jobs.Document) string {
	pretty, err := json.MarshalIndent(doc, "", "  ")
	if err != nil || len(pretty) > 8000 {
		return ""
	}
	return "```json\n" + string(pretty) + "\n```"
}

// Job finds a job by name without asking whether it is there.
func (c *Client) Job(kind jobs.Kind, name string) *Job {
	return &Job{client: c, Kind: kind, Name: name, ARN: c.arn(kind, name)}
}

func (c *Client) descriptionURI(kind jobs.Kind, name string) storage.URI {
	return c.state.Join(protocol.DescriptionObject(kind, name)...)
}

// Describe returns the job's description as JSON: the Describe shape of its kind. It needs only the Temporal server, or, for
// a job beyond Temporal's retention, only the store. An unknown name is a *jobs.NotFoundError.
func (j *Job) Describe(ctx context.Context) (jobs.Document, error) {
	d, err := j.client.temporal.DescribeWorkflowExecution(ctx, j.Kind.WorkflowID(j.Name), "")
	var missing *serviceerror.NotFound
	if errors.As(err, &missing) {
		return j.client.storedDescription(ctx, j.Kind, j.Name)
	}
	if err != nil {
		return nil, temporalError(err)
	}
	info := d.GetWorkflowExecutionInfo()
	return described(j.Kind, j.Name, standing{info, d.GetWorkflowExtendedInfo().GetCancelRequested()}, j.ARN)
}

func (c *Client) storedDescription(ctx context.Context, kind jobs.Kind, name string) (jobs.Document, error) {
	data, _, err := storage.ReadAll(ctx, c.store, c.descriptionURI(kind, name))
	if errors.Is(err, storage.ErrNotFound) || errors.Is(err, storage.ErrNoBucket) {
		return nil, jobs.NotFound(kind, name)
	}
	return data, err
}

// standing is what Temporal says of a job's workflow.
type standing struct {
	info *workflowpb.WorkflowExecutionInfo
	stop bool // asked for; a list does not know
}

// described takes the description from the memo. A job no worker has picked up yet has none: it is InProgress. One that was asked to stop
// is stopping, also while no worker is there to take note, and one whose workflow was ended from outside (terminated, timed out) has
// failed, whatever its memo last said.
func described(kind jobs.Kind, name string, s standing, arn string) (jobs.Document, error) {
	m, member := map[string]any{}, kind.Name+"Status"
	if p, ok := s.info.GetMemo().GetFields()[protocol.MemoDescription]; ok {
		if err := converter.GetDefaultDataConverter().FromPayload(p, &m); err != nil {
			return nil, fmt.Errorf("client: description of %s: %w", name, err)
		}
	} else {
		m[kind.NameMember], m[kind.Name+"Arn"] = name, arn
		m["CreationTime"] = float64(s.info.GetStartTime().AsTime().UnixMilli()) / 1000
		m[member] = string(jobs.TransformJobStatusInProgress)
	}
	said, _ := m[member].(string)
	if Terminal(said) {
		return json.Marshal(m)
	}
	switch ended := s.info.GetStatus(); ended {
	case enumspb.WORKFLOW_EXECUTION_STATUS_TERMINATED, enumspb.WORKFLOW_EXECUTION_STATUS_TIMED_OUT, enumspb.WORKFLOW_EXECUTION_STATUS_FAILED:
		m[member] = "Failed"
		m["FailureReason"] = "InternalServerError: the job's workflow ended (" + strings.ToLower(ended.String()) + ")"
	case enumspb.WORKFLOW_EXECUTION_STATUS_CANCELED:
		m[member] = "Stopped"
	case enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING:
		if s.stop {
			m[member] = "Stopping"
		}
	}
	return json.Marshal(m)
}

// Status is what the job's description says it is: InProgress, Completed, Failed, Stopping or Stopped.
func Status(kind jobs.Kind, description jobs.Document) (status, failureReason string) {
	var m map[string]any
	if json.Unmarshal(description, &m) != nil {
		return "", ""
	}
	status, _ = m[kind.Name+"Status"].(string)
	failureReason, _ = m["FailureReason"].(string)
	return status, failureReason
}

// Terminal tells whether a status is a job's last.
func Terminal(status string) bool {
	return slices.Contains([]string{"Completed", "Failed", "Stopped"}, status)
}

// Stop asks the job to stop; it returns at once. A job that has ended is a *jobs.EndedError.
func (j *Job) Stop(ctx context.Context) error {
	d, err := j.Describe(ctx)
	if err != nil {
		return err
	}
	if status, _ := Status(j.Kind, d); Terminal(status) {
		return &jobs.EndedError{Kind: j.Kind, Status: status}
	}
	err = j.client.temporal.CancelWorkflow(ctx, j.Kind.WorkflowID(j.Name), "")
	var missing *serviceerror.NotFound
	if errors.As(err, &missing) {
		return jobs.NotFound(j.Kind, j.Name)
	}
	return temporalError(err)
}

// ListOptions select and order a list. The zero value lists everything, newest first.
type ListOptions struct {
	NameContains string
	Status       string
	Max          int // 100 if zero
}

// listQuery finds the workflows that are jobs of a kind. It asks for nothing that only a worker sets: a job no worker has
// picked up yet has no status, and one that was ended from outside has an old one, so the description has the last word.
func listQuery(kind jobs.Kind, status string) string {
	query := fmt.Sprintf("WorkflowType = '%s' AND WorkflowId STARTS_WITH '%s/'", kind.Name, kind.IDPrefix)
	if status != "" {
		query += fmt.Sprintf(" AND (%s = '%s' OR %[1]s IS NULL OR ExecutionStatus IN ('Terminated', 'TimedOut'))",
			protocol.AttributeStatus, strings.ReplaceAll(status, "'", ""))
	}
	return query
}

// List returns the descriptions of jobs of a kind, newest first.
func (c *Client) List(ctx context.Context, kind jobs.Kind, o ListOptions) ([]jobs.Document, error) {
	query := listQuery(kind, o.Status)
	if o.Max == 0 {
		o.Max = 100
	}
	var found []jobs.Document
	var token []byte
	seen := map[string]bool{}
	for {
		page, err := c.temporal.ListWorkflow(ctx, &workflowservice.ListWorkflowExecutionsRequest{
			Namespace: c.namespace, Query: query, NextPageToken: token, PageSize: 200,
		})
		if err != nil {
			return nil, temporalError(err)
		}
		for _, info := range page.GetExecutions() {
			name := strings.TrimPrefix(info.GetExecution().GetWorkflowId(), kind.IDPrefix+"/")
			if seen[name] || !strings.Contains(name, kind.Key(o.NameContains)) {
				continue // another run of the same job, continued as new
			}
			seen[name] = true
			d, err := described(kind, name, standing{info: info}, c.arn(kind, name))
			if err != nil {
				return nil, err
			}
			if status, _ := Status(kind, d); o.Status != "" && status != o.Status {
				continue
			}
			if found = append(found, d); len(found) == o.Max {
				return found, nil
			}
		}
		if token = page.GetNextPageToken(); len(token) == 0 {
			return found, nil
		}
	}
}

// temporalError marks errors that mean the server cannot be reached.
func temporalError(err error) error {
	var unavailable *serviceerror.Unavailable
	var late *serviceerror.DeadlineExceeded
	if errors.As(err, &unavailable) || errors.As(err, &late) {
		return fmt.Errorf("%w: %w", ErrTemporal, err)
	}
	return err
}
