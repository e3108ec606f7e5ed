package activities

import (
	"context"
	"sync/atomic"
	"time"

	"go.temporal.io/sdk/activity"

	"github.com/batchmill/batchmill/activities/protocol"
)

// beatEvery is how often progress is reported; also how soon a long activity hears that it is cancelled.
const beatEvery = time.Second

// pulse heartbeats in the background, so that an activity stays known alive while one step takes long.
type pulse struct {
	latest atomic.Pointer[protocol.Beat]
	done   chan struct{}
	gone   chan struct{}
}

// startPulse begins with the last attempt's beat, which it also returns: the cursor to go on from.
func startPulse(ctx context.Context) (*pulse, protocol.Beat) {
	last := lastBeat(ctx)
	p := &pulse{done: make(chan struct{}), gone: make(chan struct{})}
	p.latest.Store(&last)
	// A stopped activity still has its round to end and its model to store: it must not fall silent meanwhile.
	go p.run(context.WithoutCancel(ctx))
	return p, last
}

// lastBeat is the last attempt's beat, or a zero one.
func lastBeat(ctx context.Context) (last protocol.Beat) {
	if activity.IsActivity(ctx) && activity.HasHeartbeatDetails(ctx) {
		// A beat that cannot be read (an older program's) only costs work that is skipped by receipts anyway.
		_ = activity.GetHeartbeatDetails(ctx, &last)
	}
	return last
}

func (p *pulse) run(ctx context.Context) {
	defer close(p.gone)
	if !activity.IsActivity(ctx) {
		return
	}
	tick := time.NewTicker(beatEvery)
	defer tick.Stop()
	for {
		select {
		case <-p.done:
			return
		case <-tick.C:
			activity.RecordHeartbeat(ctx, *p.latest.Load())
		}
	}
}

// set replaces the beat that is sent next.
func (p *pulse) set(b protocol.Beat) { p.latest.Store(&b) }

// update changes the beat that is sent next. Not for concurrent use with itself.
func (p *pulse) update(change func(*protocol.Beat)) {
	b := *p.latest.Load()
	change(&b)
	p.latest.Store(&b)
}

func (p *pulse) stop() {
	close(p.done)
	<-p.gone
}
