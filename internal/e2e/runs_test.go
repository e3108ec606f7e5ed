package e2e_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"

	"github.com/batchmill/batchmill/client"
)

// workflowRun is one run of a job's workflow, which continues as new before its history gets long.
type workflowRun struct {
	events, bytes int64
	took          map[string]time.Duration // from the first schedule to the last end of the activities of a type
}

// runs are those of a job that has ended, in order.
func (s *stack) runs(t *testing.T, job *client.Job) (all []workflowRun) {
	t.Helper()
	id, run := job.Kind.WorkflowID(job.Name), ""
	for {
		d, err := s.conn.DescribeWorkflowExecution(t.Context(), id, run)
		require.NoError(t, err)
		info := d.GetWorkflowExecutionInfo()
		r := workflowRun{events: info.GetHistoryLength(), bytes: info.GetHistorySizeBytes(), took: map[string]time.Duration{}}
		begun, types, before := map[string]time.Time{}, map[int64]string{}, ""
		events := s.conn.GetWorkflowHistory(t.Context(), id, info.GetExecution().GetRunId(), false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
		for events.HasNext() {
			e, err := events.Next()
			require.NoError(t, err)
			if a := e.GetWorkflowExecutionStartedEventAttributes(); a != nil {
				before = a.GetContinuedExecutionRunId()
			}
			if a := e.GetActivityTaskScheduledEventAttributes(); a != nil {
				name := a.GetActivityType().GetName()
				if types[e.GetEventId()] = name; begun[name].IsZero() {
					begun[name] = e.GetEventTime().AsTime()
				}
			}
			if a := e.GetActivityTaskCompletedEventAttributes(); a != nil {
				name := types[a.GetScheduledEventId()]
				r.took[name] = e.GetEventTime().AsTime().Sub(begun[name])
			}
		}
		all = append(all, r)
		if run = before; run == "" {
			slices.Reverse(all)
			return all
		}
	}
}
