package activities

import (
	"bytes"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/batchmill/batchmill/activities/protocol"
	"github.com/batchmill/batchmill/jobs"
	"github.com/batchmill/batchmill/storage"
	"github.com/batchmill/batchmill/storage/faulty"
	"github.com/batchmill/batchmill/tuning"
)

func trialOf(until int) *protocol.Tuned {
	return &protocol.Tuned{Trial: 3, Objective: "validation:rmse", Goal: jobs.Minimize, Until: until}
}

// TestTrainPausesAtRungs: a training that paused twice leaves the bytes of one that never did, and an attempt whose answer
// was lost is not repeated.
func TestTrainPausesAtRungs(t *testing.T) {
	t.Parallel()
	alone := newShop(t, boston(t))
	_, _, err := alone.learn(trainDoc("medv", 20))
	require.NoError(t, err)

	store := boston(t)
	s := newShop(t, store)
	ref, err := s.planTraining(trainDoc("medv", 20))
	require.NoError(t, err)
	var last protocol.Trained
	for _, c := range []struct {
		until, rounds int
		paused        bool
	}{{3, 3, true}, {9, 9, true}, {20, 20, false}} {
		ref.Tuned = trialOf(c.until)
		worker := newShop(t, store) // whatever worker is free
		for range 2 {
			last, err = worker.Train(t.Context(), ref)
			require.NoError(t, err)
			require.Equal(t, c.rounds, last.Rounds)
			require.Equal(t, c.paused, last.Paused)
			require.Contains(t, last.Metrics, "validation:rmse")
		}
	}
	_, err = s.PublishModel(t.Context(), protocol.PublishRef{Job: ref.Job, PlanURI: ref.PlanURI, StagedURI: last.StagedURI})
	require.NoError(t, err)
	require.True(t, bytes.Equal([]byte(alone.read("s3://b/models/")[artifactKey]), []byte(s.read("s3://b/models/")[artifactKey])), "same model")
}

// TestTrainStopsWhenHopeless: a training that will not be better than five earlier ones ends, keeps its model, tells what it
// would have come to, and leaves its curve; one that is better trains to the end.
func TestTrainStopsWhenHopeless(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		earlier float64 // the objective that earlier trials came to
		stopped bool
	}{{"better ones before", 0.01, true}, {"worse ones before", 1000, false}} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := newShop(t, boston(t))
			curves := storage.URI{Bucket: "state", Key: "tuning/t/curves/"}
			stopper := &tuning.Stopper{Goal: tuning.Minimize}
			for trial := 11; trial <= 15; trial++ {
				for epoch := range 60 {
					stopper.Report(trial, 60, c.earlier+20*math.Pow(0.7, float64(epoch)))
				}
				stopper.Finish(trial)
				require.NoError(t, s.writeJSON(t.Context(), curves.Join(protocol.NumberedObject(trial)), stopper.Curves[trial], storage.PutOptions{}))
			}
			ref, err := s.planTraining(trainDoc("medv", 60))
			require.NoError(t, err)
			ref.Tuned = trialOf(0)
			ref.Tuned.Curves = curves.String()
			trained, err := s.Train(t.Context(), ref)
			require.NoError(t, err)
			require.Equal(t, c.stopped, trained.Hopeless)
			require.Equal(t, c.stopped, trained.Rounds < 60, "%d rounds", trained.Rounds)
			require.NotEmpty(t, trained.StagedURI)
			var own tuning.Curve
			require.NoError(t, s.readJSON(t.Context(), curves.Join(protocol.NumberedObject(3)), &own))
			require.Equal(t, trained.Rounds, own.Epochs)
			require.Equal(t, c.stopped, !own.Finished)
			require.Equal(t, c.stopped, trained.Forecast != nil)
			if c.stopped {
				require.Greater(t, *trained.Forecast, c.earlier)
				require.Less(t, *trained.Forecast, own.Last)
			}
		})
	}
}

// TestCurvesAreReadOnce: trainings that come one after the other share what their worker knows, and see what another one has
// left after a while.
func TestCurvesAreReadOnce(t *testing.T) {
	t.Parallel()
	store := faulty.New(boston(t))
	s := newShop(t, store)
	now := time.Unix(1_800_000_000, 0)
	s.now = func() time.Time { return now }
	at := storage.URI{Bucket: "state", Key: "tuning/t/curves/"}
	leave := func(trial int) {
		require.NoError(t, s.writeJSON(t.Context(), at.Join(protocol.NumberedObject(trial)), &tuning.Curve{Epochs: trial}, storage.PutOptions{}))
	}
	known := func() (trials []int) {
		all, err := s.curves.known(t.Context(), s.Activities, at)
		require.NoError(t, err)
		return slices.Sorted(maps.Keys(all))
	}
	leave(1)
	leave(2)
	require.Equal(t, []int{1, 2}, known())
	leave(3)
	s.curves.add(at, 4, &tuning.Curve{Epochs: 4})
	require.Equal(t, []int{1, 2, 4}, known())
	now = now.Add(curvesEvery)
	require.Equal(t, []int{1, 2, 3, 4}, known())
	reads := 0
	for _, e := range store.Log().Entries() {
		if e.Op == faulty.Get && strings.Contains(e.URI.Key, "/curves/") {
			reads++
		}
	}
	require.Equal(t, 3, reads)
}
