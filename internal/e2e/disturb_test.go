package e2e_test

import (
	"context"
	"math/rand/v2"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/batchmill/batchmill/devstack"
)

// How workers and servers come and go.
const (
	workersAtOnce  = 2
	longestPeace   = 12 * time.Second // of the workers
	longestAbsence = 4 * time.Second  // of a worker or a server
	leavesOfEnds   = 4                // one in so many workers is told to end, the others are killed
	serverRestarts = 2
)

// disturbance has workers leave and join, and the Temporal server die, as its seed says, for some time. The time is what is tested here:
// its waits are outages and the peace between them.
type disturbance struct {
	t                      *testing.T
	s                      *stack
	ended, over            context.Context // the test, the time
	all                    sync.WaitGroup
	kills, leaves, servers int
}

// disturb begins; it starts the workers.
func (s *stack) disturb(t *testing.T, seed uint64, length time.Duration) *disturbance {
	t.Helper()
	live := make([]*process, workersAtOnce)
	for i := range live {
		live[i] = s.worker(t)
	}
	temporalPort, uiPort, _ := s.ports(t)
	server := s.dev.child(t, "_temporal")
	ended, end := context.WithCancel(context.Background())
	over, enough := context.WithTimeout(ended, length)
	d := &disturbance{t: t, s: s, ended: ended, over: over}
	t.Cleanup(func() { enough(); end(); d.all.Wait() })
	d.all.Go(func() { d.endWorkers(rand.New(rand.NewPCG(seed, 1)), min(longestPeace, length/3), live) })
	d.all.Go(func() {
		d.endServers(rand.New(rand.NewPCG(seed, 2)), length/(serverRestarts+1), server, temporalPort, uiPort)
	})
	return d
}

// pause is false once ctx has ended.
func pause(ctx context.Context, length time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(length):
		return true
	}
}

func (d *disturbance) endWorkers(rng *rand.Rand, peace time.Duration, live []*process) {
	for first := true; pause(d.over, upTo(rng, peace)) || first; first = false { // one at least
		i := rng.IntN(len(live))
		if rng.IntN(leavesOfEnds) == 0 {
			live[i].stop()
			d.leaves++
		} else {
			live[i].kill()
			d.kills++
		}
		pause(d.ended, upTo(rng, longestAbsence))
		if live[i] = d.join(); live[i] == nil {
			return
		}
	}
}

// upTo draws a length of time.
func upTo(rng *rand.Rand, most time.Duration) time.Duration {
	return time.Duration(rng.Int64N(int64(most)))
}

// join starts a worker. While the server is away it may not come up.
func (d *disturbance) join() *process {
	var w *process
	var err error
	if poll(patience, func() bool { w, err = d.s.startWorker(); return err == nil }, d.ended.Done()) != nil {
		d.t.Errorf("no worker starts: %v", err)
	}
	return w
}

// endServers ends the servers after each such time, also when that is later than it should be.
func (d *disturbance) endServers(rng *rand.Rand, every time.Duration, server *os.Process, temporalPort, uiPort int) {
	begun := time.Now()
	for i := range serverRestarts {
		if !pause(d.ended, time.Until(begun.Add(every*time.Duration(i+1)))) {
			return
		}
		if i == 0 { // killed by itself, then told to end with all that is beside it
			_ = server.Kill()
			<-d.s.dev.ended
		} else {
			d.s.dev.stop()
		}
		pause(d.ended, upTo(rng, longestAbsence))
		if err := d.s.serve(temporalPort, uiPort, devstack.FreePort); err != nil {
			d.t.Errorf("the servers do not start again: %v", err)
			return
		}
		d.servers++
	}
}
