package workflows

import (
	"fmt"

	"go.temporal.io/sdk/workflow"

	"github.com/batchmill/batchmill/activities/protocol"
	"github.com/batchmill/batchmill/jobs"
)

// inFlight is how many range activities are out at once: enough for many workers, far below Temporal's limits.
const inFlight = 32

// window hands out a plan's shards in ranges, a bounded number of them at once, and is told of each as it ends.
type window struct {
	activity string
	planned  protocol.Planned
	job      protocol.Job
	cursor   int // how many shards are handed out, in the plan's order of tasks
	left     []Rest
	running  int // shards handed out and not done
	done     protocol.RangeDone
	progress func(protocol.RangeDone) // called after each range, and when more are handed out
}

// run goes on until all shards are done, or a range fails, or history is long enough that the run should continue as new:
// then, with nothing in flight, it returns false. The first error cancels the other ranges and waits for them.
func (w *window) run(ctx workflow.Context) (finished bool, err error) {
	ctx, cancel := workflow.WithCancel(ctx)
	defer cancel()
	selector := workflow.NewSelector(ctx)
	pending, renew := 0, false
	for {
		for err == nil && !renew && pending < inFlight && w.more() && ctx.Err() == nil {
			w.next(ctx, selector, func(done protocol.RangeDone, e error) {
				pending--
				if e == nil {
					w.add(done)
				} else if err == nil {
					err = e
					cancel()
				}
			})
			pending++
		}
		if pending == 0 {
			break
		}
		w.tell()
		selector.Select(ctx)
		renew = renew || workflow.GetInfo(ctx).GetContinueAsNewSuggested()
	}
	if err == nil {
		err = ctx.Err()
	}
	return err == nil && !w.more(), err
}

// more tells whether there are shards to hand out.
func (w *window) more() bool { return len(w.left) > 0 || w.cursor < w.planned.Shards }

// take chooses the next range: what was handed back comes first.
func (w *window) take() (r Rest) {
	if len(w.left) > 0 {
		r, w.left = w.left[0], w.left[1:]
		return r
	}
	from := w.cursor
	if order := w.planned.Order; len(order) > 0 {
		from = order[w.cursor/w.planned.PerTask] * w.planned.PerTask
	}
	r = Rest{from, min(from+w.planned.PerTask, w.planned.Shards)}
	w.cursor += r.To - r.From
	return r
}

// next hands out the next range.
func (w *window) next(ctx workflow.Context, selector workflow.Selector, ended func(protocol.RangeDone, error)) {
	rest := w.take()
	r := protocol.Range{Job: w.job, PlanURI: w.planned.PlanURI, Digest: w.planned.Digest, From: rest.From, To: rest.To}
	w.running += r.To - r.From
	summary := fmt.Sprintf("shards %d to %d of %d", r.From+1, r.To, w.planned.Shards)
	future := workflow.ExecuteActivity(shards(ctx, w.job.Name, summary), w.activity, r)
	selector.AddFuture(future, func(f workflow.Future) {
		var done protocol.RangeDone
		err := f.Get(ctx, &done)
		w.running -= r.To - r.From
		if done.Left > 0 {
			w.left = append(w.left, Rest{r.To - done.Left, r.To})
		}
		ended(done, err)
	})
}

func (w *window) add(done protocol.RangeDone) {
	w.done.Rows += done.Rows
	w.done.Rejected += done.Rejected
	w.done.Bytes += done.Bytes
	w.done.Retried += done.Retried
	w.tell()
}

func (w *window) tell() {
	if w.progress != nil {
		w.progress(w.done)
	}
}

func (w *window) counts() *jobs.ShardCounts {
	return &jobs.ShardCounts{Total: w.planned.Shards, Done: w.cursor - w.running - w.waiting(), Running: w.running, Retried: w.done.Retried}
}

// waiting is how many shards were handed back.
func (w *window) waiting() (n int) {
	for _, r := range w.left {
		n += r.To - r.From
	}
	return n
}
