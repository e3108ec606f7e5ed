package activities

import (
	"context"
	"fmt"
	"math"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"

	"github.com/batchmill/batchmill/activities/protocol"
	"github.com/batchmill/batchmill/internal/testdata"
	"github.com/batchmill/batchmill/jobs"
	"github.com/batchmill/batchmill/storage"
	"github.com/batchmill/batchmill/storage/faulty"
	"github.com/batchmill/batchmill/storage/memory"
)

// trainDoc trains on s3://b/train/ and s3://b/validation/, with a checkpoint after each round.
func trainDoc(label string, rounds int) object {
	channel := func(name string) object {
		return object{
			"ChannelName": name, "ContentType": "text/csv;header=present;label=" + label,
			"DataSource": object{"S3DataSource": object{"S3DataType": "S3Prefix", "S3Uri": "s3://b/" + name + "/"}},
		}
	}
	return object{
		"TrainingJobName": "learn", "AlgorithmSpecification": object{"TrainingImage": "xgboost:1", "TrainingInputMode": "File"},
		"HyperParameters": object{
			"objective": "reg:squarederror", "num_round": strconv.Itoa(rounds), "eta": "0.3", "max_depth": "4", "subsample": "0.7", "seed": "5",
		},
		"InputDataConfig":   []any{channel("train"), channel("validation")},
		"OutputDataConfig":  object{"S3OutputPath": "s3://b/models/"},
		"StoppingCondition": object{"MaxRuntimeInSeconds": 600},
		"Environment":       object{"BATCHMILL_CHECKPOINT_SECONDS": "0"},
	}
}

// boston is the Boston housing table in two parts, in a store.
func boston(t testing.TB) *memory.Store {
	t.Helper()
	rows := table(t, "boston_housing", "boston.csv")
	s := newShop(t, newStore())
	s.put("s3://b/train/a.csv", toCSV(t, rows[:200]))
	s.put("s3://b/train/b.csv", toCSV(t, append(rows[:1:1], rows[200:400]...)))
	s.put("s3://b/validation/a.csv", toCSV(t, append(rows[:1:1], rows[400:]...)))
	mem, _ := s.store.(*memory.Store)
	return mem
}

func (s *shop) planTraining(doc object) (protocol.TrainRef, error) {
	s.Helper()
	job := protocol.Job{Name: "learn", Document: document(s, doc)}
	planned, err := s.PlanTraining(s.Context(), job)
	return protocol.TrainRef{Job: job, PlanURI: planned.PlanURI, Digest: planned.Digest}, err
}

// learn does what the workflow does.
func (s *shop) learn(doc object) (protocol.Trained, protocol.Published, error) {
	s.Helper()
	var done protocol.Published
	ref, err := s.planTraining(doc)
	if err != nil {
		return protocol.Trained{}, done, err
	}
	trained, err := s.Train(s.Context(), ref)
	if err == nil {
		done, err = s.PublishModel(s.Context(), protocol.PublishRef{Job: ref.Job, PlanURI: ref.PlanURI, StagedURI: trained.StagedURI})
	}
	return trained, done, err
}

const artifactKey = "models/learn/output/model.tar.gz"

// TestTrainPublishTransform trains on a real table; the published model predicts better than the mean, and only it and the
// log are left.
func TestTrainPublishTransform(t *testing.T) {
	t.Parallel()
	s := newShop(t, boston(t))
	trained, published, err := s.learn(trainDoc("medv", 20))
	require.NoError(t, err)
	require.Equal(t, "s3://b/"+artifactKey, published.ArtifactURI)
	require.Equal(t, 20, trained.Rounds)
	require.False(t, trained.Stopped)
	left := s.read("s3://b/models/")
	log := ""
	for key, text := range left {
		if strings.HasPrefix(key, "models/_batchmill/learn/logs/") {
			require.NotEmpty(t, text)
			continue
		}
		require.Equal(t, artifactKey, key)
	}
	for round := range 20 {
		log += left[fmt.Sprintf("models/_batchmill/learn/logs/%08d.log", round)]
	}
	require.Len(t, lines(log), 20)
	require.True(t, strings.HasPrefix(lines(log)[19], "[19]\ttrain-rmse:"), log)

	rows := table(t, "boston_housing", "boston.csv")
	s.register("m", []byte(left[artifactKey]))
	s.put("s3://b/in/test.csv", toCSV(t, append(rows[:1:1], rows[400:]...)))
	_, err = s.transform(transformDoc("text/csv;header=present;label=medv", nil))
	require.NoError(t, err)
	sum := 0.0
	for i, l := range lines(s.read("s3://b/out/test")["out/test.csv.out"]) {
		got, err := strconv.ParseFloat(l, 64)
		require.NoError(t, err)
		want, err := strconv.ParseFloat(rows[400+i][13], 64)
		require.NoError(t, err)
		sum += (got - want) * (got - want)
	}
	rmse := math.Sqrt(sum / float64(len(rows)-400))
	require.InDelta(t, trained.Metrics["validation:rmse"], rmse, 1e-4, "the published model is the one that was measured")
}

// TestTrainingOfTextColumns: a table with text columns needs no preparation, in training and in transform.
func TestTrainingOfTextColumns(t *testing.T) {
	t.Parallel()
	s := newShop(t, newStore())
	people := table(t, "adult", "adult_train80.csv.gz")
	for _, r := range people[1:] {
		r[len(r)-1] = map[bool]string{true: "1", false: "0"}[strings.Contains(r[len(r)-1], ">50K")]
	}
	s.put("s3://b/train/a.csv", toCSV(t, people[:3001]))
	s.put("s3://b/validation/a.csv", toCSV(t, append(people[:1:1], people[3001:4001]...)))
	doc := trainDoc("income", 20)
	doc["HyperParameters"].(object)["objective"] = "binary:logistic"
	doc["HyperParameters"].(object)["eval_metric"] = "auc"
	trained, _, err := s.learn(doc)
	require.NoError(t, err)
	require.Greater(t, trained.Metrics["validation:auc"], 0.88)
	s.register("m", []byte(s.read("s3://b/" + artifactKey)[artifactKey]))
	s.put("s3://b/in/a.csv", toCSV(t, append(people[:1:1], people[4001:4501]...)))
	done, err := s.transform(transformDoc("text/csv;header=present;label=income", nil))
	require.NoError(t, err)
	require.EqualValues(t, 500, done.Rows)
}

// TestTrainingKilledAnywhere kills a training at each of its writes; the one that goes on from its checkpoint leaves the same
// objects, artifact and log, as an undisturbed one.
func TestTrainingKilledAnywhere(t *testing.T) {
	t.Parallel()
	doc := trainDoc("medv", 4)
	calm := newShop(t, boston(t))
	_, _, err := calm.learn(doc)
	require.NoError(t, err)
	want := calm.read("s3://b/models/")
	for n := 0; ; n++ {
		msg := fmt.Sprintf("killed at write %d", n)
		mem := boston(t)
		s := newShop(t, faulty.New(mem, faulty.CrashIn(n)))
		ref, err := s.planTraining(doc)
		var trained protocol.Trained
		if err == nil {
			if trained, err = s.Train(t.Context(), ref); err == nil {
				_, err = s.PublishModel(t.Context(), protocol.PublishRef{Job: ref.Job, PlanURI: ref.PlanURI, StagedURI: trained.StagedURI})
			}
		}
		if err == nil {
			require.Greater(t, n, 10)
			return
		}
		require.ErrorIs(t, err, faulty.ErrCrashed, msg)
		// The workflow asks again for the activity that did not answer, and for no other.
		s = newShop(t, mem)
		if ref.Digest == "" {
			ref, err = s.planTraining(doc)
			require.NoError(t, err, msg)
		}
		if trained.StagedURI == "" {
			trained, err = s.Train(t.Context(), ref)
			require.NoError(t, err, msg)
		}
		_, err = s.PublishModel(t.Context(), protocol.PublishRef{Job: ref.Job, PlanURI: ref.PlanURI, StagedURI: trained.StagedURI})
		require.NoError(t, err, msg)
		got := s.read("s3://b/models/")
		require.Equal(t, []byte(want[artifactKey]), []byte(got[artifactKey]), msg)
		sameObjects(t, want, got)
	}
}

// TestTrainingResumes: what is done is not done again.
func TestTrainingResumes(t *testing.T) {
	t.Parallel()
	mem := boston(t)
	s := newShop(t, faulty.New(mem, faulty.MustParse("put **/checkpoints/* #8 after crash")...))
	ref, err := s.planTraining(trainDoc("medv", 10))
	require.NoError(t, err)
	_, err = s.Train(t.Context(), ref)
	require.ErrorIs(t, err, faulty.ErrCrashed)
	again := faulty.New(mem)
	s = newShop(t, again)
	trained, err := s.Train(t.Context(), ref)
	require.NoError(t, err)
	require.Equal(t, 10, trained.Rounds)
	checkpoints := 0
	for _, e := range again.Log().Entries() {
		if e.Op == faulty.Put && strings.Contains(e.URI.Key, "/checkpoints/") {
			checkpoints++
		}
	}
	require.Equal(t, 2, checkpoints, "eight of ten rounds were done")
	writes := again.Log().Writes()
	repeated, err := s.Train(t.Context(), ref)
	require.NoError(t, err)
	require.Equal(t, trained, repeated)
	require.Equal(t, writes, again.Log().Writes(), "an attempt after the end changes nothing")
}

// TestFreshTrainingLooksForNoCheckpoint: to list a folder that is not there takes a store on a file system the longer, the more
// jobs lie beside it.
func TestFreshTrainingLooksForNoCheckpoint(t *testing.T) {
	t.Parallel()
	for _, fresh := range []bool{true, false} {
		store := faulty.New(boston(t))
		s := newShop(t, store)
		ref, err := s.planTraining(trainDoc("medv", 2))
		require.NoError(t, err)
		ref.Fresh = fresh
		_, err = s.Train(t.Context(), ref)
		require.NoError(t, err)
		looked := false
		for _, e := range store.Log().Entries() {
			looked = looked || e.Op == faulty.List && strings.Contains(e.URI.Key, "/checkpoints/")
		}
		require.Equal(t, !fresh, looked)
	}
}

// environment runs activities as a worker does, with heartbeats and a context that can be cancelled.
func environment(ctx context.Context, s *shop) *testsuite.TestActivityEnvironment {
	env := new(testsuite.WorkflowTestSuite).NewTestActivityEnvironment()
	env.SetWorkerOptions(worker.Options{BackgroundActivityContext: ctx})
	for name, f := range map[string]any{
		protocol.Train: guard(s.Train), protocol.PlanTraining: guard(s.PlanTraining), protocol.PlanTransform: guard(s.PlanTransform),
		protocol.TransformShards: guard(s.TransformShards), protocol.CleanUp: guard(s.CleanUp),
	} {
		env.RegisterActivityWithOptions(f, activity.RegisterOptions{Name: name})
	}
	return env
}

// TestStoppedTrainingKeepsItsModel: a cancel ends training after the round at hand, and the model so far is staged.
func TestStoppedTrainingKeepsItsModel(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	store := faulty.New(boston(t), faulty.Rule{Op: faulty.Put, Glob: "**/checkpoints/*", Hook: func(_ context.Context, c faulty.Call) error {
		if c.N == 3 {
			cancel(temporal.NewCanceledError())
		}
		return nil
	}})
	s := newShop(t, store)
	env := environment(ctx, s)
	ref, err := s.planTraining(trainDoc("medv", 1000))
	require.NoError(t, err)
	value, err := env.ExecuteActivity(protocol.Train, ref)
	require.NoError(t, err)
	var trained protocol.Trained
	require.NoError(t, value.Get(&trained))
	require.True(t, trained.Stopped)
	require.Equal(t, 3, trained.Rounds)
	store.Heal()
	_, err = s.PublishModel(t.Context(), protocol.PublishRef{Job: ref.Job, PlanURI: ref.PlanURI, StagedURI: trained.StagedURI})
	require.NoError(t, err)

	short := newShop(t, boston(t))
	_, _, err = short.learn(trainDoc("medv", 3))
	require.NoError(t, err)
	require.Equal(t, short.read("s3://b/" + artifactKey)[artifactKey], s.read("s3://b/" + artifactKey)[artifactKey],
		"a training of as many rounds gives the same artifact")
}

// TestLostTrainingIsTakenOver: an attempt whose context ends although nobody asked the job to stop is no stop. It fails so that
// another one goes on from its checkpoint, to the end.
func TestLostTrainingIsTakenOver(t *testing.T) {
	t.Parallel()
	ctx, lose := context.WithCancel(t.Context())
	defer lose()
	store := faulty.New(boston(t), faulty.Rule{Op: faulty.Put, Glob: "**/checkpoints/*", Hook: func(_ context.Context, c faulty.Call) error {
		if c.N == 3 {
			lose()
		}
		return nil
	}})
	s := newShop(t, store)
	ref, err := s.planTraining(trainDoc("medv", 200))
	require.NoError(t, err)
	_, err = environment(ctx, s).ExecuteActivity(protocol.Train, ref)
	var app *temporal.ApplicationError
	require.ErrorAs(t, err, &app)
	require.False(t, app.NonRetryable(), err)
	store.Heal()
	trained, err := s.Train(t.Context(), ref)
	require.NoError(t, err)
	require.Equal(t, 200, trained.Rounds)
	require.False(t, trained.Stopped)
}

// TestCancelledShards: shards end at once with Temporal's cancel.
func TestCancelledShards(t *testing.T) {
	t.Parallel()
	artifact, _ := reference(t, "california_missing")
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	store := faulty.New(newStore())
	s := newShop(t, store)
	s.register("m", artifact)
	s.put("s3://b/in/a.csv", toCSV(t, columns(californiaTest(t), 8)[1:]))
	planned, err := s.PlanTransform(t.Context(), jobOf(s, transformDoc("text/csv", shards(17))))
	require.NoError(t, err)
	store.Add(faulty.Rule{Op: faulty.Put, Glob: "**/receipts/**", From: 3, Before: true, Hook: func(context.Context, faulty.Call) error {
		cancel(temporal.NewCanceledError())
		return nil
	}})
	r := protocol.Range{Job: jobOf(s, transformDoc("text/csv", shards(17))), PlanURI: planned.PlanURI, Digest: planned.Digest, To: planned.Shards}
	_, err = environment(ctx, s).ExecuteActivity(protocol.TransformShards, r)
	require.ErrorContains(t, err, "canceled")
	require.Len(t, s.read("s3://b/out/_batchmill/score/receipts/"), 2)
	store.Heal()
	_, err = s.TransformShards(t.Context(), r)
	require.NoError(t, err)
}

// TestPanicFailsOneJob: a panic comes out as an algorithm's error, not tried again.
func TestPanicFailsOneJob(t *testing.T) {
	t.Parallel()
	env := new(testsuite.WorkflowTestSuite).NewTestActivityEnvironment()
	env.RegisterActivityWithOptions(guard(func(context.Context, int) (int, error) { panic("shape") }), activity.RegisterOptions{Name: "Panic"})
	_, err := env.ExecuteActivity("Panic", 1)
	require.ErrorContains(t, err, "panic: shape")
	require.ErrorContains(t, err, string(jobs.AlgorithmError))
}

// TestCheckpointOfAnotherPlanIsNotResumed: other data or another document starts anew.
func TestCheckpointOfAnotherPlanIsNotResumed(t *testing.T) {
	t.Parallel()
	doc := trainDoc("medv", 6)
	doc["CheckpointConfig"] = object{"S3Uri": "s3://b/kept/"}
	s := newShop(t, boston(t))
	_, _, err := s.learn(doc)
	require.NoError(t, err)
	want := s.read("s3://b/" + artifactKey)[artifactKey]
	require.Len(t, s.read("s3://b/kept/"), 2, "a user's checkpoints stay, the newest two")

	require.NoError(t, s.store.Delete(t.Context(), storage.URI{Bucket: "b", Key: artifactKey}))
	doc["HyperParameters"].(object)["eta"] = "0.1"
	_, _, err = s.learn(doc)
	require.NoError(t, err)
	require.NotEqual(t, want, s.read("s3://b/" + artifactKey)[artifactKey])
}

// TestTrainFromParts: how a channel is cut into objects does not change the model.
func TestTrainFromParts(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(testdata.Path(t, "boston_housing", "boston.csv"))
	require.NoError(t, err)
	whole := newShop(t, boston(t))
	_, _, err = whole.learn(trainDoc("medv", 3))
	require.NoError(t, err)
	s := newShop(t, boston(t))
	require.NoError(t, s.store.Delete(t.Context(), storage.URI{Bucket: "b", Key: "train/b.csv"}))
	s.put("s3://b/train/a.csv", []byte(strings.Join(strings.SplitAfter(string(text), "\n")[:400], "")))
	_, _, err = s.learn(trainDoc("medv", 3))
	require.NoError(t, err)
	require.Equal(t, whole.read("s3://b/" + artifactKey)[artifactKey], s.read("s3://b/" + artifactKey)[artifactKey])
}
