package hist

import (
	"runtime"
	"sync"
	"sync/atomic"
)

// Pool runs independent pieces of work on a bounded number of goroutines.
type Pool struct{ threads int }

// NewPool returns a pool of threads goroutines, 0 for one per core.
func NewPool(threads int) *Pool {
	if threads <= 0 {
		threads = runtime.GOMAXPROCS(0)
	}
	return &Pool{threads: threads}
}

// wakeWork is how much work, in nanoseconds, a goroutine must be given for it to be worth waking a core. An idle core takes some ten
// microseconds, one that runs another process, however low its priority, hundreds.
const wakeWork = 50_000

// worth is the pool for so many nanoseconds of work, which a few cores do as fast as many.
func (p *Pool) worth(work int) *Pool {
	return &Pool{threads: max(1, min(p.threads, work/wakeWork))}
}

// Each calls do once for every i in [0, n), on any goroutine, and returns when all are done.
func (p *Pool) Each(n int, do func(i int)) {
	workers := min(p.threads, n)
	if workers <= 1 {
		for i := range n {
			do(i)
		}
		return
	}
	var next atomic.Int64
	var wait sync.WaitGroup
	work := func() {
		for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
			do(i)
		}
	}
	for range workers - 1 {
		wait.Go(work)
	}
	work()
	wait.Wait()
}

// ranges calls do for consecutive pieces of [0, n) of size rows each.
func (p *Pool) ranges(n, size int, do func(from, to int)) {
	p.Each((n+size-1)/size, func(i int) { do(i*size, min(n, (i+1)*size)) })
}

// Threads is the number of goroutines.
func (p *Pool) Threads() int { return p.threads }
