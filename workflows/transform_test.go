package workflows_test

import (
	"context"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/batchmill/batchmill/activities/protocol"
	"github.com/batchmill/batchmill/jobs"
)

func jsonUnmarshal(data []byte, into any) error { return json.Unmarshal(data, into) }

func TestTransformRunsPlanShardsCommit(t *testing.T) {
	t.Parallel()
	s := newStage()
	env := s.environment(transformID)
	env.ExecuteWorkflow(jobs.TransformKind.Name, jobs.Document(transformDocument))
	require.NoError(t, env.GetWorkflowError())
	require.Equal(t, 1, s.called(protocol.PlanTransform))
	require.Equal(t, 3, s.called(protocol.TransformShards)) // shards 0-1, 2-3, 4
	require.Equal(t, 1, s.called(protocol.Commit))
	require.Equal(t, 0, s.called(protocol.CleanUp))
	var d jobs.TransformJobDescription
	require.NoError(t, env.GetWorkflowResult(&d))
	require.Equal(t, jobs.TransformJobStatusCompleted, d.TransformJobStatus)
	require.Equal(t, "s3://b/_batchmill/j/manifest.json", d.Manifest)
	require.EqualValues(t, 50, d.Progress.Rows)
	require.Equal(t, jobs.TransformJobStatusCompleted, savedAs[jobs.TransformJobDescription](t, s).TransformJobStatus)
}

func TestTransformFailures(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		breakIt func(*stage)
		class   jobs.Class
		text    string
	}{
		"plan": {func(s *stage) {
			s.plan = func(context.Context, protocol.Job) (protocol.Planned, error) {
				return protocol.Planned{}, clientError("No S3 objects found")
			}
		}, jobs.ClientError, "No S3 objects found"},
		"shard": {func(s *stage) {
			s.shards = func(_ context.Context, r protocol.Range) (protocol.RangeDone, error) {
				if r.From == 2 {
					return protocol.RangeDone{}, clientError("line 7, column 3")
				}
				return protocol.RangeDone{}, nil
			}
		}, jobs.ClientError, "line 7, column 3"},
		"commit": {func(s *stage) {
			s.commit = func(context.Context, protocol.PlanRef) (protocol.Committed, error) {
				return protocol.Committed{}, clientError("too many rejected")
			}
		}, jobs.ClientError, "too many rejected"},
		"internal, all attempts": {func(s *stage) {
			s.commit = func(context.Context, protocol.PlanRef) (protocol.Committed, error) {
				return protocol.Committed{}, temporal.NewApplicationError("store is on fire", string(jobs.InternalServerError))
			}
		}, jobs.InternalServerError, "store is on fire"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStage()
			c.breakIt(s)
			env := s.environment(transformID)
			env.ExecuteWorkflow(jobs.TransformKind.Name, jobs.Document(transformDocument))
			requireFailure(t, env.GetWorkflowError(), c.class, c.text)
			require.Equal(t, 1, s.called(protocol.CleanUp))
			d := savedAs[jobs.TransformJobDescription](t, s)
			require.Equal(t, jobs.TransformJobStatusFailed, d.TransformJobStatus)
			require.Contains(t, d.FailureReason, string(c.class)+": ")
			require.Contains(t, d.FailureReason, c.text)
		})
	}
}

func TestTransformRetriesInternalErrors(t *testing.T) {
	t.Parallel()
	s := newStage()
	s.shards = func(ctx context.Context, r protocol.Range) (protocol.RangeDone, error) {
		if activity.GetInfo(ctx).Attempt < 3 {
			return protocol.RangeDone{}, errors.New("connection reset")
		}
		return protocol.RangeDone{Rows: 1}, nil
	}
	env := s.environment(transformID)
	env.ExecuteWorkflow(jobs.TransformKind.Name, jobs.Document(transformDocument))
	require.NoError(t, env.GetWorkflowError())
	require.Equal(t, 9, s.called(protocol.TransformShards))
}

// A stop reaches the activity as a cancel, then everything staged is removed, and the workflow ends as cancelled.
func TestTransformStopsAtEveryStage(t *testing.T) {
	t.Parallel()
	block := func(ctx context.Context) error { untilCancelled(ctx); return temporal.NewCanceledError() }
	for name, hang := range map[string]func(*stage){
		protocol.PlanTransform: func(s *stage) {
			s.plan = func(ctx context.Context, _ protocol.Job) (protocol.Planned, error) {
				return protocol.Planned{}, block(ctx)
			}
		},
		protocol.TransformShards: func(s *stage) {
			s.shards = func(ctx context.Context, _ protocol.Range) (protocol.RangeDone, error) {
				return protocol.RangeDone{}, block(ctx)
			}
		},
		protocol.Commit: func(s *stage) {
			s.commit = func(ctx context.Context, _ protocol.PlanRef) (protocol.Committed, error) {
				return protocol.Committed{}, block(ctx)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStage()
			hang(s)
			env := s.environment(transformID)
			cancelDuring(env, name)
			env.ExecuteWorkflow(jobs.TransformKind.Name, jobs.Document(transformDocument))
			require.True(t, temporal.IsCanceledError(env.GetWorkflowError()), "%v", env.GetWorkflowError())
			require.Equal(t, 1, s.called(protocol.CleanUp))
			require.Equal(t, jobs.TransformJobStatusStopped, savedAs[jobs.TransformJobDescription](t, s).TransformJobStatus)
		})
	}
}

// A job says that it is stopping while its attempts are still winding up.
func TestTransformSaysAtOnceThatItStops(t *testing.T) {
	t.Parallel()
	s, said := newStage(), make(chan struct{})
	s.shards = func(ctx context.Context, _ protocol.Range) (protocol.RangeDone, error) {
		untilCancelled(ctx)
		<-said // the environment gives up after seconds
		return protocol.RangeDone{}, temporal.NewCanceledError()
	}
	env := s.environment(transformID)
	var statuses []jobs.TransformJobStatus
	env.OnUpsertMemo(anything).Return(nil).Run(func(args mock.Arguments) {
		d := args.Get(0).(map[string]any)[protocol.MemoDescription].(*jobs.TransformJobDescription)
		if statuses = append(statuses, d.TransformJobStatus); d.TransformJobStatus == jobs.TransformJobStatusStopping {
			close(said)
		}
	})
	cancelDuring(env, protocol.TransformShards)
	env.ExecuteWorkflow(jobs.TransformKind.Name, jobs.Document(transformDocument))
	require.True(t, temporal.IsCanceledError(env.GetWorkflowError()), "%v", env.GetWorkflowError())
	require.Equal(t, []jobs.TransformJobStatus{
		jobs.TransformJobStatusInProgress, jobs.TransformJobStatusInProgress, jobs.TransformJobStatusStopping, jobs.TransformJobStatusStopped,
	}, statuses)
}

// A job has stopped once nothing of it is visible: its description says so before what was staged is removed.
func TestTransformHasStoppedBeforeItCleansUp(t *testing.T) {
	t.Parallel()
	s := newStage()
	s.shards = func(ctx context.Context, _ protocol.Range) (protocol.RangeDone, error) {
		untilCancelled(ctx)
		return protocol.RangeDone{}, temporal.NewCanceledError()
	}
	env := s.environment(transformID)
	cancelDuring(env, protocol.TransformShards)
	env.ExecuteWorkflow(jobs.TransformKind.Name, jobs.Document(transformDocument))
	require.True(t, temporal.IsCanceledError(env.GetWorkflowError()), "%v", env.GetWorkflowError())
	last := s.calls[len(s.calls)-3:]
	require.Equal(t, []string{protocol.Withdraw, protocol.SaveDescription, protocol.CleanUp}, last)
}

// A stop that comes after the manifest was written finds a completed job.
func TestTransformCommittedBeforeStop(t *testing.T) {
	t.Parallel()
	s := newStage()
	s.commit = func(ctx context.Context, _ protocol.PlanRef) (protocol.Committed, error) {
		untilCancelled(ctx)
		return protocol.Committed{}, temporal.NewCanceledError()
	}
	s.withdraw = func(context.Context, protocol.PlanRef) (bool, error) { return true, nil }
	env := s.environment(transformID)
	cancelDuring(env, protocol.Commit)
	env.ExecuteWorkflow(jobs.TransformKind.Name, jobs.Document(transformDocument))
	require.NoError(t, env.GetWorkflowError())
	require.Equal(t, jobs.TransformJobStatusCompleted, savedAs[jobs.TransformJobDescription](t, s).TransformJobStatus)
}

func TestBadDocumentFailsAtOnce(t *testing.T) {
	t.Parallel()
	s := newStage()
	env := s.environment(transformID)
	env.ExecuteWorkflow(jobs.TransformKind.Name, jobs.Document(`{"TransformJobName":"j","Modell":"m"}`))
	requireFailure(t, env.GetWorkflowError(), jobs.ClientError, "Modell")
	require.Empty(t, s.calls)
}

// Started under any other ID, say by the Temporal UI's form, the job runs under its own as a child.
func TestJobRunsUnderItsOwnID(t *testing.T) {
	t.Parallel()
	s := newStage()
	env := s.environment("whatever-the-form-made-up")
	var childID string
	env.SetOnChildWorkflowStartedListener(func(info *workflow.Info, _ workflow.Context, _ converter.EncodedValues) {
		childID = info.WorkflowExecution.ID
	})
	env.ExecuteWorkflow(jobs.TransformKind.Name, jobs.Document(transformDocument))
	require.NoError(t, env.GetWorkflowError())
	require.Equal(t, transformID, childID)
	var d jobs.TransformJobDescription
	require.NoError(t, env.GetWorkflowResult(&d))
	require.Equal(t, jobs.TransformJobStatusCompleted, d.TransformJobStatus)
}

// A schedule's run takes its name from the time it was scheduled for.
func TestScheduledRunsGetNamesOfTheirOwn(t *testing.T) {
	t.Parallel()
	names := map[string]bool{}
	// Sundays at 23:30 UTC are Mondays in Berlin.
	for _, at := range []time.Time{time.Date(2026, 11, 22, 23, 30, 0, 0, time.UTC), time.Date(2026, 11, 29, 23, 30, 0, 0, time.UTC)} {
		s := newStage()
		s.plan = func(_ context.Context, j protocol.Job) (protocol.Planned, error) {
			names[j.Name] = true
			return protocol.Planned{Shards: 1, PerTask: 1}, nil
		}
		env := s.environment("scheduled/weekly-" + at.Format(time.RFC3339))
		require.NoError(t, env.SetMemoOnStart(map[string]any{protocol.MemoTimeZone: "Europe/Berlin"}))
		env.SetStartTime(at.Add(3 * time.Hour)) // late: the scheduled time counts
		require.NoError(t, env.SetTypedSearchAttributesOnStart(temporal.NewSearchAttributes(
			temporal.NewSearchAttributeKeyTime("TemporalScheduledStartTime").ValueSet(at))))
		doc := `{"TransformJobName":"weekly-{{.ScheduledDate}}","ModelName":"m",
 "TransformInput":{"DataSource":{"S3DataSource":{"S3DataType":"S3Prefix","S3Uri":"s3://b/in/"}}},
 "TransformOutput":{"S3OutputPath":"s3://b/out/{{.ISOWeek}}/"}}`
		env.ExecuteWorkflow(jobs.TransformKind.Name, jobs.Document(doc))
		require.NoError(t, env.GetWorkflowError())
	}
	require.Equal(t, map[string]bool{"weekly-2026-11-23": true, "weekly-2026-11-30": true}, names)
}

// 20,000 shards go through in ranges, a bounded number of them at once.
func TestTransformWindowIsBounded(t *testing.T) {
	t.Parallel()
	s := newStage()
	s.plan = func(context.Context, protocol.Job) (protocol.Planned, error) {
		return protocol.Planned{Shards: 20000, PerTask: 64}, nil
	}
	seen := make([]bool, 20000)
	s.shards = func(_ context.Context, r protocol.Range) (protocol.RangeDone, error) {
		s.mu.Lock()
		defer s.mu.Unlock()
		for i := r.From; i < r.To; i++ {
			require.False(t, seen[i], "shard %d handed out twice", i)
			seen[i] = true
		}
		return protocol.RangeDone{Rows: int64(r.To - r.From)}, nil
	}
	env := s.environment(transformID)
	env.ExecuteWorkflow(jobs.TransformKind.Name, jobs.Document(transformDocument))
	require.NoError(t, env.GetWorkflowError())
	require.NotContains(t, seen, false)
}

// A range that ends before its last shard, for other jobs' sake, goes on later; no shard is left out or done twice.
func TestTransformRangesTakeTurns(t *testing.T) {
	t.Parallel()
	s := newStage()
	const shards = 300
	s.plan = func(context.Context, protocol.Job) (protocol.Planned, error) {
		return protocol.Planned{Shards: shards, PerTask: 64}, nil
	}
	seen := make([]bool, shards)
	s.shards = func(_ context.Context, r protocol.Range) (protocol.RangeDone, error) {
		s.mu.Lock()
		defer s.mu.Unlock()
		done := min(10, r.To-r.From)
		for i := range done {
			require.False(t, seen[r.From+i], "shard %d handed out twice", r.From+i)
			seen[r.From+i] = true
		}
		return protocol.RangeDone{Rows: int64(done), Left: r.To - r.From - done}, nil
	}
	env := s.environment(transformID)
	env.ExecuteWorkflow(jobs.TransformKind.Name, jobs.Document(transformDocument))
	require.NoError(t, env.GetWorkflowError())
	require.NotContains(t, seen, false)
}
