package workflows_test

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"testing"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"

	"github.com/batchmill/batchmill/activities/protocol"
	"github.com/batchmill/batchmill/jobs"
	"github.com/batchmill/batchmill/workflows"
)

// stage is the world workflow tests run in: each activity is a function a test may replace, and what was called is noted.
// The real activities are tested with real stores elsewhere; here it is the order of things that matters.
type stage struct {
	mu    sync.Mutex
	calls []string

	plan     func(context.Context, protocol.Job) (protocol.Planned, error)
	shards   func(context.Context, protocol.Range) (protocol.RangeDone, error)
	decide   func(context.Context, protocol.PlanRef) (bool, error)
	commit   func(context.Context, protocol.PlanRef) (protocol.Committed, error)
	withdraw func(context.Context, protocol.PlanRef) (bool, error)
	cleanUp  func(context.Context, protocol.PlanRef) (bool, error)
	train    func(context.Context, protocol.TrainRef) (protocol.Trained, error)
	planning func(context.Context, protocol.Job) (protocol.TrainPlanned, error)
	saved    []protocol.Description
}

func newStage() *stage {
	return &stage{
		plan: func(context.Context, protocol.Job) (protocol.Planned, error) {
			return protocol.Planned{PlanURI: "s3://b/_batchmill/j/plan.json", Digest: "d", Shards: 5, PerTask: 2, Rows: 50}, nil
		},
		shards: func(_ context.Context, r protocol.Range) (protocol.RangeDone, error) {
			return protocol.RangeDone{Rows: int64(r.To-r.From) * 10}, nil
		},
		decide: func(context.Context, protocol.PlanRef) (bool, error) { return true, nil },
		commit: func(context.Context, protocol.PlanRef) (protocol.Committed, error) {
			return protocol.Committed{ManifestURI: "s3://b/_batchmill/j/manifest.json", Rows: 50}, nil
		},
		withdraw: func(context.Context, protocol.PlanRef) (bool, error) { return false, nil },
		cleanUp:  func(context.Context, protocol.PlanRef) (bool, error) { return false, nil },
		planning: func(context.Context, protocol.Job) (protocol.TrainPlanned, error) {
			return protocol.TrainPlanned{PlanURI: "s3://b/_batchmill/j/plan.json", Digest: "d", Algorithm: "xgboost"}, nil
		},
		train: func(context.Context, protocol.TrainRef) (protocol.Trained, error) {
			return protocol.Trained{StagedURI: "s3://b/m", Rounds: 3, Metrics: map[string]float64{"train:rmse": 0.5}}, nil
		},
	}
}

func (s *stage) note(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls = append(s.calls, name)
}

func (s *stage) called(name string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, c := range s.calls {
		if c == name {
			n++
		}
	}
	return n
}

type registry interface {
	RegisterActivityWithOptions(a any, options activity.RegisterOptions)
}

func add[In, Out any](s *stage, r registry, name string, f func() func(context.Context, In) (Out, error)) {
	r.RegisterActivityWithOptions(func(ctx context.Context, in In) (Out, error) {
		s.note(name)
		return f()(ctx, in)
	}, activity.RegisterOptions{Name: name})
}

func (s *stage) register(r registry) {
	add(s, r, protocol.PlanTransform, func() func(context.Context, protocol.Job) (protocol.Planned, error) { return s.plan })
	add(s, r, protocol.PlanSplit, func() func(context.Context, protocol.Job) (protocol.Planned, error) { return s.plan })
	for _, name := range []string{protocol.TransformShards, protocol.SplitShards, protocol.ScanShards} {
		add(s, r, name, func() func(context.Context, protocol.Range) (protocol.RangeDone, error) { return s.shards })
	}
	add(s, r, protocol.DecideSplit, func() func(context.Context, protocol.PlanRef) (bool, error) { return s.decide })
	add(s, r, protocol.Commit, func() func(context.Context, protocol.PlanRef) (protocol.Committed, error) { return s.commit })
	add(s, r, protocol.Withdraw, func() func(context.Context, protocol.PlanRef) (bool, error) { return s.withdraw })
	add(s, r, protocol.CleanUp, func() func(context.Context, protocol.PlanRef) (bool, error) { return s.cleanUp })
	add(s, r, protocol.PlanTraining, func() func(context.Context, protocol.Job) (protocol.TrainPlanned, error) { return s.planning })
	add(s, r, protocol.Train, func() func(context.Context, protocol.TrainRef) (protocol.Trained, error) { return s.train })
	add(s, r, protocol.PublishModel, func() func(context.Context, protocol.PublishRef) (protocol.Published, error) {
		return func(context.Context, protocol.PublishRef) (protocol.Published, error) {
			return protocol.Published{ArtifactURI: "s3://b/out/j/output/model.tar.gz"}, nil
		}
	})
	add(s, r, protocol.SaveDescription, func() func(context.Context, protocol.Description) (string, error) {
		return func(_ context.Context, d protocol.Description) (string, error) {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.saved = append(s.saved, d)
			return "", nil
		}
	})
}

// environment makes a test environment in which the job of that kind and name runs under its own ID.
func (s *stage) environment(id string) *testsuite.TestWorkflowEnvironment {
	return s.environmentWith(id, (&workflows.Workflows{Region: "us-east-1", Account: "000000000000"}).Register)
}

// environmentWith is environment with other workflows.
func (s *stage) environmentWith(id string, register func(workflows.Registrar)) *testsuite.TestWorkflowEnvironment {
	var suite testsuite.WorkflowTestSuite
	env := suite.NewTestWorkflowEnvironment()
	env.SetStartWorkflowOptions(client.StartWorkflowOptions{ID: id, TaskQueue: protocol.Queue})
	register(env)
	s.register(env)
	return env
}

// anything matches any argument.
const anything = mock.Anything

// decodeArguments takes the arguments of the next run out of a workflow's continuing as new.
func decodeArguments(again *workflow.ContinueAsNewError, to ...any) error {
	return converter.GetDefaultDataConverter().FromPayloads(again.Input, to...)
}

const transformDocument = `{"TransformJobName":"j","ModelName":"m",
 "TransformInput":{"DataSource":{"S3DataSource":{"S3DataType":"S3Prefix","S3Uri":"s3://b/in/"}},"ContentType":"text/csv"},
 "TransformOutput":{"S3OutputPath":"s3://b/out/"}}`

const trainingDocument = `{"TrainingJobName":"j","AlgorithmSpecification":{"TrainingImage":"xgboost:1","TrainingInputMode":"File"},
 "HyperParameters":{"num_round":"3"},
 "InputDataConfig":[{"ChannelName":"train","DataSource":{"S3DataSource":{"S3DataType":"S3Prefix","S3Uri":"s3://b/in/"}}}],
 "OutputDataConfig":{"S3OutputPath":"s3://b/out/"},"StoppingCondition":{"MaxRuntimeInSeconds":3600}}`

func splitDocument(strategy string) string {
	return `{"SplitJobName":"j","InputDataConfig":[{"ChannelName":"data","DataSource":{"S3DataSource":{"S3DataType":"S3Prefix","S3Uri":"s3://b/in/"}}}],
 "SplitStrategy":` + strategy + `,"Outputs":[{"ChannelName":"train","Fraction":0.8},{"ChannelName":"test","Fraction":0.2}],
 "OutputDataConfig":{"S3OutputPath":"s3://b/out/"}}`
}

var (
	transformID = jobs.TransformKind.WorkflowID("j")
	trainingID  = jobs.TrainingKind.WorkflowID("j")
	splitID     = jobs.SplitKind.WorkflowID("j")
)

// savedAs decodes the description the finished job was kept with.
func savedAs[T any](t *testing.T, s *stage) T {
	t.Helper()
	var d T
	require.NotEmpty(t, s.saved, "no description was kept")
	require.NoError(t, jsonUnmarshal(s.saved[len(s.saved)-1].JSON, &d))
	return d
}

func clientError(text string) error {
	return temporal.NewNonRetryableApplicationError(text, string(jobs.ClientError), nil)
}

// requireFailure checks that the workflow ended with a failure of that class and text.
func requireFailure(t *testing.T, err error, class jobs.Class, text string) {
	t.Helper()
	var app *temporal.ApplicationError
	require.True(t, errors.As(err, &app), "%v", err)
	require.Equal(t, string(class), app.Type())
	require.Contains(t, app.Message(), text)
}

// untilCancelled heartbeats, as every real activity does, until the cancel comes back with a heartbeat.
func untilCancelled(ctx context.Context) {
	for ctx.Err() == nil {
		activity.RecordHeartbeat(ctx, protocol.Beat{})
		runtime.Gosched()
	}
}

// cancelDuring cancels the workflow once the named activity has started.
func cancelDuring(env *testsuite.TestWorkflowEnvironment, name string) {
	var once sync.Once
	env.SetOnActivityStartedListener(func(info *activity.Info, _ context.Context, _ converter.EncodedValues) {
		if info.ActivityType.Name == name {
			once.Do(env.CancelWorkflow)
		}
	})
}
