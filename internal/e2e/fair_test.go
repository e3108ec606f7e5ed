package e2e_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"

	"github.com/batchmill/batchmill/activities/protocol"
	"github.com/batchmill/batchmill/jobs"
)

// TestSmallJobBesideLarge: a job of three shards that comes when another one has all its ranges out gets its share of the one slot there is.
func TestSmallJobBesideLarge(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	s.worker(t, "--concurrency", "1")
	b := s.bucket(t, "fair")
	content := "application/x-parquet;label=Elevation"
	hills := s.hills(t)
	s.put(t, b+"large/a.parquet", hills.head(10000).parquet(t, 5))
	s.put(t, b+"small/a.parquet", hills.head(300).parquet(t, 100))
	begin := func(name, shards string) jobTimes {
		doc := transformDocument(name, "hills", content, b+name+"/", b+"out-"+name+"/", "")
		job := s.begin(t, jobs.TransformKind, setting(doc, "BATCHMILL_SHARDS", shards))
		return jobTimes{s, job.Kind.WorkflowID(name), func() { finish[jobs.TransformJobDescription](t, job) }}
	}
	large := begin("large", "2000")
	await(t, "ranges of the large job", func() bool { return len(large.started(t)) >= 3 })
	small := begin("small", "3")
	small.finish()
	large.finish()
	from, starts, between := small.scheduled(t), small.started(t), 0
	require.Len(t, starts, 3)
	for _, at := range large.started(t) {
		if at.After(from) && at.Before(starts[2]) {
			between++
		}
	}
	require.LessOrEqual(t, between, 6, "ranges of the large job while the three of the small one waited")
	require.Greater(t, len(large.started(t)), 30)
}

// jobTimes reads a job's history.
type jobTimes struct {
	s      *stack
	id     string
	finish func()
}

// started is when each range of shards began, in order.
func (j jobTimes) started(t *testing.T) (at []time.Time) {
	j.events(t, func(kind enumspb.EventType, when time.Time) {
		if kind == enumspb.EVENT_TYPE_ACTIVITY_TASK_STARTED {
			at = append(at, when)
		}
	})
	return at
}

// scheduled is when the first range was handed out.
func (j jobTimes) scheduled(t *testing.T) (at time.Time) {
	j.events(t, func(kind enumspb.EventType, when time.Time) {
		if at.IsZero() && kind == enumspb.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED {
			at = when
		}
	})
	return at
}

// events goes through the events of a job's ranges. A start is in the history only once the range has ended.
func (j jobTimes) events(t *testing.T, use func(enumspb.EventType, time.Time)) {
	t.Helper()
	ranges := map[int64]bool{}
	h := j.s.conn.GetWorkflowHistory(t.Context(), j.id, "", false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for h.HasNext() {
		e, err := h.Next()
		require.NoError(t, err)
		if a := e.GetActivityTaskScheduledEventAttributes(); a != nil && a.ActivityType.Name == protocol.TransformShards {
			ranges[e.EventId] = true
			use(e.EventType, e.EventTime.AsTime())
		}
		if a := e.GetActivityTaskStartedEventAttributes(); a != nil && ranges[a.ScheduledEventId] {
			use(e.EventType, e.EventTime.AsTime())
		}
	}
}
