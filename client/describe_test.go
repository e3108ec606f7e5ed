package client_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/mocks"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/batchmill/batchmill/activities/protocol"
	"github.com/batchmill/batchmill/client"
	"github.com/batchmill/batchmill/jobs"
	"github.com/batchmill/batchmill/storage"
)

// What Describe says of a job follows from its memo and, where the workflow was ended from outside, from how it ended.
func TestDescribe(t *testing.T) {
	t.Parallel()
	running := map[string]any{"TransformJobName": "j", "TransformJobStatus": "InProgress"}
	done := map[string]any{"TransformJobName": "j", "TransformJobStatus": "Completed"}
	for name, c := range map[string]struct {
		memo   map[string]any
		ended  enumspb.WorkflowExecutionStatus
		status string
		reason string
		stop   bool
	}{
		"not picked up yet":                     {nil, enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING, "InProgress", "", false},
		"running":                               {running, enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING, "InProgress", "", false},
		"completed":                             {done, enumspb.WORKFLOW_EXECUTION_STATUS_COMPLETED, "Completed", "", false},
		"terminated":                            {running, enumspb.WORKFLOW_EXECUTION_STATUS_TERMINATED, "Failed", "InternalServerError: the job's workflow ended (terminated)", false},
		"cancelled too early":                   {nil, enumspb.WORKFLOW_EXECUTION_STATUS_CANCELED, "Stopped", "", false},
		"asked to stop":                         {running, enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING, "Stopping", "", true},
		"asked to stop, not picked up yet":      {nil, enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING, "Stopping", "", true},
		"asked to stop when it was done":        {done, enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING, "Completed", "", true},
		"asked to stop, ended by somebody else": {running, enumspb.WORKFLOW_EXECUTION_STATUS_TERMINATED, "Failed", "InternalServerError: the job's workflow ended (terminated)", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			memo := &commonpb.Memo{}
			if c.memo != nil {
				p, err := converter.GetDefaultDataConverter().ToPayload(c.memo)
				require.NoError(t, err)
				memo.Fields = map[string]*commonpb.Payload{protocol.MemoDescription: p}
			}
			temporal := new(mocks.Client)
			temporal.On("DescribeWorkflowExecution", mock.Anything, "transform-job/j", "").Return(&workflowservice.DescribeWorkflowExecutionResponse{
				WorkflowExecutionInfo: &workflowpb.WorkflowExecutionInfo{Memo: memo, Status: c.ended, StartTime: timestamppb.New(time.Unix(1700000000, 0))},
				WorkflowExtendedInfo:  &workflowpb.WorkflowExecutionExtendedInfo{CancelRequested: c.stop},
			}, nil)
			d, err := dial(t, temporal).Job(jobs.TransformKind, "j").Describe(context.Background())
			require.NoError(t, err)
			require.Equal(t, "j", d.Name(jobs.TransformKind))
			status, reason := client.Status(jobs.TransformKind, d)
			require.Equal(t, c.status, status)
			require.Equal(t, c.reason, reason)
		})
	}
}

// A job beyond Temporal's retention is found in the store; one that never was is SageMaker's error.
func TestDescribeBeyondRetention(t *testing.T) {
	t.Parallel()
	ctx, temporal := context.Background(), new(mocks.Client)
	temporal.On("DescribeWorkflowExecution", mock.Anything, mock.Anything, "").Return(nil, serviceerror.NewNotFound("gone"))
	c := dial(t, temporal)
	uri := storage.URI{Bucket: "batchmill", Key: "jobs/transform-job/old.json"}
	_, err := storage.WriteAll(ctx, c.Store(), uri, []byte(`{"TransformJobName":"old","TransformJobStatus":"Completed"}`), storage.PutOptions{})
	require.NoError(t, err)
	d, err := c.Job(jobs.TransformKind, "old").Describe(ctx)
	require.NoError(t, err)
	require.Equal(t, "old", d.Name(jobs.TransformKind))

	_, err = c.Job(jobs.TransformKind, "never").Describe(ctx)
	var missing *jobs.NotFoundError
	require.True(t, errors.As(err, &missing))
	require.Contains(t, err.Error(), "Could not find requested job with name")
	var ended *jobs.EndedError
	require.True(t, errors.As(c.Job(jobs.TransformKind, "old").Stop(ctx), &ended))
}
