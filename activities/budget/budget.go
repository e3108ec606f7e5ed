// Package budget shares a bound of memory out among the pieces of work that a worker does at once. It counts the bytes that it is told,
// and measures nothing: whoever asks for memory says beforehand how much the work will take.
package budget

import (
	"context"
	"slices"
	"sync"
)

// Budget is a bound in bytes. Pieces of work take of it in the order in which they ask, so that a large one is not passed by for ever. A
// piece that is larger than what there is runs alone. A nil Budget has no bound. Safe for concurrent use.
//
// Whoever has taken memory must not wait for more before giving it back: two that do would wait for each other.
type Budget struct {
	mu      sync.Mutex
	bound   int64
	state   State
	waiting []*claim
	told    func(State)
}

// State is what is out of a budget.
type State struct {
	Taken int64 // by pieces of work
	Kept  int64 // by what stays beyond them, such as models
	Open  int   // pieces of work whose memory nobody knows, such as trainings
	Works int   // pieces of work that have taken some
}

// claim is a piece of work that waits.
type claim struct {
	bytes   int64
	granted chan struct{}
}

// New makes a budget of so many bytes. told, if not nil, is called after each change with what is out; it must not call the budget.
func New(bytes int64, told func(State)) *Budget {
	if told == nil {
		told = func(State) {}
	}
	return &Budget{bound: bytes, told: told}
}

// Bytes is the bound; 0 is none.
func (b *Budget) Bytes() int64 {
	if b == nil {
		return 0
	}
	return b.bound
}

// Take waits until there are so many bytes, or until no other piece of work runs. The work must call release once, at its end. The error is
// ctx's.
func (b *Budget) Take(ctx context.Context, bytes int64) (release func(), err error) {
	if b == nil {
		return func() {}, nil
	}
	c := &claim{bytes, make(chan struct{})}
	b.change(func() { b.waiting = append(b.waiting, c) })
	select {
	case <-c.granted:
		return b.giveBack(bytes), nil
	case <-ctx.Done():
	}
	b.change(func() {
		if at := slices.Index(b.waiting, c); at >= 0 {
			b.waiting = slices.Delete(b.waiting, at, at+1)
			return
		}
		b.state.Taken -= bytes // it was granted meanwhile
		b.state.Works--
	})
	return nil, ctx.Err()
}

func (b *Budget) giveBack(bytes int64) func() {
	return func() {
		b.change(func() {
			b.state.Taken -= bytes
			b.state.Works--
		})
	}
}

// Keep takes bytes at once, for what is there already and stays: less is left for pieces of work. Call release once.
func (b *Budget) Keep(bytes int64) (release func()) {
	if b == nil {
		return func() {}
	}
	b.change(func() { b.state.Kept += bytes })
	return func() { b.change(func() { b.state.Kept -= bytes }) }
}

// Lift says that work begins whose memory nobody knows. It takes nothing of the budget. Call release once.
func (b *Budget) Lift() (release func()) {
	if b == nil {
		return func() {}
	}
	b.change(func() { b.state.Open++ })
	return func() { b.change(func() { b.state.Open-- }) }
}

// change changes what is out, and lets those begin who can.
func (b *Budget) change(how func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	before := b.state
	how()
	for len(b.waiting) > 0 && b.fits(b.waiting[0].bytes) {
		c := b.waiting[0]
		b.waiting = b.waiting[1:]
		b.state.Taken += c.bytes
		b.state.Works++
		close(c.granted)
	}
	if b.state != before {
		b.told(b.state)
	}
}

func (b *Budget) fits(bytes int64) bool {
	return b.state.Works == 0 || bytes <= b.bound-b.state.Kept-b.state.Taken
}
