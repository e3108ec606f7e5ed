package e2e_test

import (
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
)

// unreliable is a store that is too busy for some requests and loses the connections of others. Half of those in trouble are
// answered 503; a sixth each lose their connection before the store sees them, with the answer to what it has done, and in the middle of
// the answer.
type unreliable struct {
	share float64 // of requests that get into trouble

	mu  sync.Mutex
	rng *rand.Rand

	requests, busy, refused, unheard, cut atomic.Int64
	receipts                              atomic.Int64 // of shards, stored
}

type trouble int

const (
	none trouble = iota
	busy
	refused
	unheard
	cut
)

// draw decides what happens to a request.
func (u *unreliable) draw() trouble {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.rng.Float64() >= u.share {
		return none
	}
	return []trouble{busy, busy, busy, refused, unheard, cut}[u.rng.IntN(6)]
}

// resets is how many connections were reset.
func (u *unreliable) resets() int64 { return u.refused.Load() + u.unheard.Load() + u.cut.Load() }

// over is that store before one that works.
func (u *unreliable) over(forward http.Handler) http.Handler {
	store := func(w http.ResponseWriter, r *http.Request) {
		answer := &answered{w, http.StatusOK}
		forward.ServeHTTP(answer, r)
		if r.Method == http.MethodPut && strings.Contains(r.URL.Path, "/receipts/") && !strings.Contains(r.URL.Path, "/page-") && answer.code == http.StatusOK {
			u.receipts.Add(1)
		}
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		u.requests.Add(1)
		switch u.draw() {
		case busy:
			u.busy.Add(1)
			refuse(w, r, http.StatusServiceUnavailable, "SlowDown")
		case refused:
			u.refused.Add(1)
			reset(w)
		case unheard:
			u.unheard.Add(1)
			store(httptest.NewRecorder(), r)
			reset(w)
		case cut:
			u.cut.Add(1)
			answer := httptest.NewRecorder()
			store(answer, r)
			if answer.Body.Len() == 0 {
				reset(w)
				return
			}
			for name, values := range answer.Header() {
				w.Header()[name] = values
			}
			w.WriteHeader(answer.Code)
			_, _ = w.Write(answer.Body.Bytes()[:answer.Body.Len()/2])
			_ = http.NewResponseController(w).Flush()
			panic(http.ErrAbortHandler)
		default:
			store(w, r)
		}
	})
}

// reset ends a request's connection as a firewall does.
func reset(w http.ResponseWriter) {
	c, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	_ = c.(*net.TCPConn).SetLinger(0)
	_ = c.Close()
}

// answered keeps the status of an answer.
type answered struct {
	http.ResponseWriter
	code int
}

func (a *answered) WriteHeader(code int) {
	a.code = code
	a.ResponseWriter.WriteHeader(code)
}

func (a *answered) Unwrap() http.ResponseWriter { return a.ResponseWriter }
