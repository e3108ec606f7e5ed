package s3

import (
	"context"
	"sync"

	"golang.org/x/sync/errgroup"
)

// parallel runs the requests of one upload, a few at a time. After a failure it starts no more, but it lets those under way
// come to their end: a request that is cut off goes on in the server, and would race with the abort of the upload.
type parallel struct {
	ctx   context.Context // ends with the first failure
	stop  context.CancelFunc
	group errgroup.Group
	once  sync.Once
	err   error // the first failure
}

func newParallel(ctx context.Context, limit int) *parallel {
	p := &parallel{}
	p.ctx, p.stop = context.WithCancel(ctx)
	p.group.SetLimit(limit)
	return p
}

// do runs fn once there is room, unless something failed before.
func (p *parallel) do(fn func() error) {
	p.group.Go(func() error {
		err := p.ctx.Err()
		if err == nil {
			err = fn()
		}
		if err != nil {
			p.once.Do(func() { p.err = err })
			p.stop()
		}
		return nil
	})
}

// wait returns the first failure once everything has ended.
func (p *parallel) wait() error {
	p.group.Wait()
	p.stop()
	return p.err
}
