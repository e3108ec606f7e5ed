package activities

import (
	"io/fs"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/batchmill/batchmill/algorithms"
	"github.com/batchmill/batchmill/algorithms/xgboost"
	"github.com/batchmill/batchmill/jobs"
)

// gated is an algorithm whose first load waits.
type gated struct {
	algorithms.Algorithm
	loads   atomic.Int64
	started chan struct{}
	open    chan struct{}
}

func (g *gated) Load(files fs.FS) (algorithms.Predictor, error) {
	if g.loads.Add(1) == 1 {
		close(g.started)
		<-g.open
	}
	return g.Algorithm.Load(files)
}

// TestModelIsLoadedOnce: those who ask for a model that is being loaded wait for it; others get theirs meanwhile.
func TestModelIsLoadedOnce(t *testing.T) {
	t.Parallel()
	g := &gated{Algorithm: xgboost.New(), started: make(chan struct{}), open: make(chan struct{})}
	s := newShop(t, newStore())
	s.registry = algorithms.NewRegistry(g)
	params := func(name, of string) transformParams {
		artifact, _ := reference(t, of)
		s.register(name, artifact)
		pin, err := s.findModel(t.Context(), name, jobs.Settings{})
		require.NoError(t, err)
		return transformParams{Model: pin}
	}
	slow, other := params("slow", "california_missing"), params("other", "abalone_monotone")
	var wg sync.WaitGroup
	found := make([]algorithms.MultiPredictor, 8)
	ask := func(i int) {
		wg.Go(func() {
			p, err := s.predictor(t.Context(), slow)
			if err == nil {
				found[i] = p
			}
		})
	}
	ask(0)
	<-g.started
	for i := 1; i < len(found); i++ {
		ask(i)
	}
	_, err := s.predictor(t.Context(), other)
	require.NoError(t, err, "while the slow one is being loaded")
	close(g.open)
	wg.Wait()
	require.EqualValues(t, 2, g.loads.Load())
	for _, p := range found {
		require.NotNil(t, p)
		require.Equal(t, found[0], p)
	}
}
