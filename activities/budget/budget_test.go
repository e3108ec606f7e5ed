package budget

import (
	"context"
	"math"
	"math/rand/v2"
	"runtime"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestBoundIsKept: whatever many pieces of work ask for at once, together they never have more than the bound; one that is larger runs
// alone.
func TestBoundIsKept(t *testing.T) {
	t.Parallel()
	const bound, workers, pieces = 1000, 16, 300
	var together, alone, works int64
	b := New(bound, func(s State) {
		works = max(works, int64(s.Works))
		if s.Works > 1 {
			together = max(together, s.Taken)
		} else {
			alone = max(alone, s.Taken)
		}
	})
	var g sync.WaitGroup
	for w := range uint64(workers) {
		g.Go(func() {
			rng := rand.New(rand.NewPCG(w, 1))
			for i := range pieces {
				bytes := 1 + rng.Int64N(300)
				if i%50 == 0 {
					bytes = 3 * bound
				}
				release, err := b.Take(context.Background(), bytes)
				if err != nil {
					t.Error(err)
					return
				}
				runtime.Gosched()
				release()
			}
		})
	}
	g.Wait()
	require.Equal(t, State{}, b.state)
	require.LessOrEqual(t, together, int64(bound))
	require.EqualValues(t, 3*bound, alone)
	require.Greater(t, works, int64(2), "nothing ran side by side")
}

// asks begins to take and returns once the budget knows of it.
func asks(ctx context.Context, b *Budget, bytes int64) (granted chan func(), failed chan error) {
	granted, failed = make(chan func(), 1), make(chan error, 1)
	b.mu.Lock()
	before := len(b.waiting)
	b.mu.Unlock()
	go func() {
		if release, err := b.Take(ctx, bytes); err != nil {
			failed <- err
		} else {
			granted <- release
		}
	}()
	for waiting := before; waiting == before; runtime.Gosched() {
		b.mu.Lock()
		waiting = len(b.waiting)
		b.mu.Unlock()
	}
	return granted, failed
}

// TestOrder: a large piece is not passed by, one that is given up makes room, and what is kept leaves less for others.
func TestOrder(t *testing.T) {
	t.Parallel()
	b := New(100, nil)
	first, err := b.Take(t.Context(), 60)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	_, gone := asks(ctx, b, 90)
	small, _ := asks(t.Context(), b, 30)
	require.Empty(t, small, "it would fit, but came later")
	cancel()
	require.ErrorIs(t, <-gone, context.Canceled)
	release := <-small
	keep := b.Keep(50)
	require.Equal(t, State{Taken: 90, Kept: 50, Works: 2}, b.state)
	next, _ := asks(t.Context(), b, 20)
	first()
	(<-next)() // 30 + 20 + 50
	next, _ = asks(t.Context(), b, 21)
	keep()
	(<-next)()
	release()
	require.Equal(t, State{}, b.state)
}

// TestNoBudget: nil bounds nothing.
func TestNoBudget(t *testing.T) {
	t.Parallel()
	var b *Budget
	release, err := b.Take(t.Context(), math.MaxInt64)
	require.NoError(t, err)
	release()
	b.Keep(1)()
	b.Lift()()
	require.Zero(t, b.Bytes())
}

// TestCollector: the collector's limit is the worker's bound without what it knows nothing of, as long as it can be kept.
func TestCollector(t *testing.T) {
	t.Parallel()
	var limits []int64
	const program = 130 << 20
	b := ForWorker(Default, program, func(n int64) int64 {
		limits = append(limits, n)
		return 0
	})
	release, err := b.Take(t.Context(), b.Bytes())
	require.NoError(t, err)
	kept := int64(Default - program - outside)
	require.Equal(t, []int64{kept}, limits)
	forget := b.Keep(1 << 30)
	require.Greater(t, limits[1], b.Bytes()+1<<30)
	end := b.Lift()
	require.EqualValues(t, math.MaxInt64, limits[2])
	end()
	require.Equal(t, limits[1], limits[3])
	forget()
	release()
	require.Equal(t, kept, limits[len(limits)-1])
	require.Greater(t, ForWorker(Least, program, func(n int64) int64 { return n }).Bytes(), int64(48<<20))
	require.Zero(t, ForWorker(Least, Least, func(n int64) int64 { return n }).Bytes())
}
