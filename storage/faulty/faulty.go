// Package faulty is a storage decorator that fails on purpose: a small language says which operation, on which object, at which
// call, before or after its effect. It also writes down every operation, in a form that tests keep as a golden text. With it a
// commit is killed between any two of its steps.
package faulty

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"

	"github.com/batchmill/batchmill/storage"
)

var (
	// ErrInjected is what a rule returns when it names no other error.
	ErrInjected = errors.New("faulty: injected failure")
	// ErrCrashed is what every mutating operation returns once the store has crashed.
	ErrCrashed = errors.New("faulty: the process has crashed")
)

// Call is one operation as rules and hooks see it.
type Call struct {
	Op  Op
	URI storage.URI
	N   int // how many calls the rule has matched, this one included
}

// Store decorates another store. Safe for concurrent use.
type Store struct {
	inner storage.Store
	log   Log

	mu      sync.Mutex
	rules   []*armed
	crashed bool
}

// armed is a rule with its count of matches.
type armed struct {
	Rule
	matched int
}

var _ storage.Store = (*Store)(nil)

// New decorates inner with rules. The first rule that applies to a call decides it; every rule counts every call it matches.
func New(inner storage.Store, rules ...Rule) *Store {
	s := &Store{inner: inner}
	s.Add(rules...)
	return s
}

// Add appends rules; their counts start now.
func (s *Store) Add(rules ...Rule) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range rules {
		s.rules = append(s.rules, &armed{Rule: r})
	}
}

// Heal drops all rules and ends a crash: the process has been started again.
func (s *Store) Heal() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rules, s.crashed = nil, false
}

// Log is the record of all operations so far.
func (s *Store) Log() *Log { return &s.log }

// decide counts the call and returns the rule that applies to it.
func (s *Store) decide(op Op, uri storage.URI) (rule Rule, call Call, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.crashed && op.Mutates() {
		return Rule{Err: ErrCrashed, Before: true}, Call{Op: op, URI: uri}, true
	}
	for _, r := range s.rules {
		if !r.matches(op, uri) {
			continue
		}
		r.matched++
		if !ok && r.applies(r.matched) {
			rule, call, ok = r.Rule, Call{op, uri, r.matched}, true
		}
	}
	if ok && rule.Crash {
		s.crashed = true
	}
	return rule, call, ok
}

// do runs one operation under the rules and records it.
func (s *Store) do(ctx context.Context, op Op, uri storage.URI, effect func() error) error {
	rule, call, ok := s.decide(op, uri)
	if ok && rule.Before {
		if err := rule.fire(ctx, call); err != nil {
			return s.record(op, uri, err, "before")
		}
		ok = false
	}
	err := effect()
	if err == nil && ok {
		if err = rule.fire(ctx, call); err != nil {
			return s.record(op, uri, err, "after")
		}
	}
	return s.record(op, uri, err, "")
}

func (s *Store) record(op Op, uri storage.URI, err error, when string) error {
	outcome := "ok"
	if err != nil {
		outcome = reason(err)
	}
	if when != "" {
		outcome = when + " " + outcome
		err = &storage.OpError{Op: string(op), URI: uri, Kind: kindOf(err), Err: err}
	}
	s.log.add(Entry{Op: op, URI: uri, Outcome: outcome})
	return err
}

// List implements storage.Store.
func (s *Store) List(ctx context.Context, prefix storage.URI, fn func(storage.Info) error) error {
	return s.do(ctx, List, prefix, func() error { return s.inner.List(ctx, prefix, fn) })
}

// Stat implements storage.Store.
func (s *Store) Stat(ctx context.Context, uri storage.URI) (info storage.Info, err error) {
	err = s.do(ctx, Stat, uri, func() (err error) { info, err = s.inner.Stat(ctx, uri); return err })
	return info, err
}

// Get implements storage.Store.
func (s *Store) Get(ctx context.Context, uri storage.URI, opt storage.GetOptions) (r io.ReadCloser, info storage.Info, err error) {
	err = s.do(ctx, Get, uri, func() (err error) { r, info, err = s.inner.Get(ctx, uri, opt); return err })
	if err != nil && r != nil {
		r.Close()
		r = nil
	}
	return r, info, err
}

// Put implements storage.Store.
func (s *Store) Put(ctx context.Context, uri storage.URI, r io.Reader, size int64, opt storage.PutOptions) (info storage.Info, err error) {
	err = s.do(ctx, Put, uri, func() (err error) { info, err = s.inner.Put(ctx, uri, r, size, opt); return err })
	return info, err
}

// Compose implements storage.Store.
func (s *Store) Compose(ctx context.Context, uri storage.URI, parts []storage.Part, opt storage.PutOptions) (info storage.Info, err error) {
	err = s.do(ctx, Compose, uri, func() (err error) { info, err = s.inner.Compose(ctx, uri, parts, opt); return err })
	return info, err
}

// Delete implements storage.Store. Every object is an operation of its own, in the order given, so that a crash falls between
// any two.
func (s *Store) Delete(ctx context.Context, uris ...storage.URI) error {
	for _, uri := range slices.Clone(uris) {
		if err := s.do(ctx, Delete, uri, func() error { return s.inner.Delete(ctx, uri) }); err != nil {
			return err
		}
	}
	return nil
}

// EnsureBucket implements storage.Store.
func (s *Store) EnsureBucket(ctx context.Context, bucket string) error {
	uri := storage.URI{Bucket: bucket}
	return s.do(ctx, Ensure, uri, func() error { return s.inner.EnsureBucket(ctx, bucket) })
}

// kinds are the sentinels a rule can name, with their names in rules and logs.
var kinds = []struct {
	name string
	err  error
}{
	{"error", ErrInjected},
	{"crash", ErrCrashed},
	{"notfound", storage.ErrNotFound},
	{"nobucket", storage.ErrNoBucket},
	{"precondition", storage.ErrPrecondition},
	{"denied", storage.ErrAccessDenied},
	{"unavailable", storage.ErrUnavailable},
	{"range", storage.ErrRange},
	{"size", storage.ErrSize},
}

func kindOf(err error) error {
	for _, k := range kinds[2:] {
		if err == k.err {
			return k.err
		}
	}
	return nil
}

// reason is an error's short name for the log.
func reason(err error) string {
	for _, k := range kinds {
		if errors.Is(err, k.err) {
			return k.name
		}
	}
	switch {
	case errors.Is(err, context.Canceled):
		return "cancelled"
	case errors.Is(err, context.DeadlineExceeded):
		return "deadline"
	}
	return fmt.Sprintf("failed: %v", err)
}
