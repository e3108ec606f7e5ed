package faulty

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/batchmill/batchmill/storage"
)

// Op names an operation of storage.Store, or a class of them.
type Op string

// The operations, and two classes that rules may name.
const (
	List    Op = "list"
	Stat    Op = "stat"
	Get     Op = "get"
	Put     Op = "put"
	Compose Op = "compose"
	Delete  Op = "delete"
	Ensure  Op = "ensure" // EnsureBucket; its URI has no key

	Any   Op = "any"
	Write Op = "write" // what mutates: put, compose, delete, ensure
)

// Mutates tells whether the operation changes the store.
func (o Op) Mutates() bool { return o == Put || o == Compose || o == Delete || o == Ensure }

// Rule says which calls fail, and how. The zero value of Op, Glob, From and To matches everything.
type Rule struct {
	Op       Op     // "" is Any
	Glob     string // of the whole URI: ? is one character, * any within a path segment, ** any; "" is everything
	From, To int    // which matching calls, counted from 1, both included; 0 is no bound

	Before bool  // fail instead of the effect; otherwise the effect happens and its answer is lost
	Err    error // what the call returns; nil is ErrInjected
	Hang   bool  // wait until the context ends, and return its error
	Crash  bool  // from this call on, every mutating operation fails with ErrCrashed
	// Hook, if set, replaces all of that: what it returns, the call returns, and nil lets the call go on.
	Hook func(ctx context.Context, call Call) error
}

// CrashAfter lets n mutating operations succeed and fails all later ones with ErrCrashed, as if the process had been killed
// between the two. Running a protocol with n from 0 up to its number of writes kills it between any two of its steps.
func CrashAfter(n int) Rule {
	return Rule{Op: Write, From: n + 1, Before: true, Crash: true, Err: ErrCrashed}
}

// CrashIn lets n mutating operations succeed, has the next one take effect, and fails it and all later ones with ErrCrashed:
// the answer to the last write was lost.
func CrashIn(n int) Rule { return Rule{Op: Write, From: n + 1, Crash: true, Err: ErrCrashed} }

func (r Rule) matches(op Op, uri storage.URI) bool {
	switch r.Op {
	case "", Any, op:
	case Write:
		if !op.Mutates() {
			return false
		}
	default:
		return false
	}
	return r.Glob == "" || glob(r.Glob, uri.String())
}

func (r Rule) applies(n int) bool {
	to := r.To
	if to == 0 {
		to = math.MaxInt
	}
	return n >= r.From && n <= to
}

func (r Rule) fire(ctx context.Context, call Call) error {
	switch {
	case r.Hook != nil:
		return r.Hook(ctx, call)
	case r.Hang:
		<-ctx.Done()
		return ctx.Err()
	case r.Err != nil:
		return r.Err
	}
	return ErrInjected
}

// Parse reads rules, one per line; empty lines and lines that start with # are skipped:
//
//	OP GLOB [#N | #N+ | #N-M] before|after WHAT
//
// OP is an operation, "write" or "any". GLOB is matched with the whole URI. #N is the N-th matching call (from 1), #N+ that and
// all later ones; without it every call. WHAT is error, unavailable, denied, precondition, notfound, nobucket, hang, or crash.
//
//	put s3://b/_batchmill/**/manifest.json #1 before error
//	compose s3://b/out/* #2+ after unavailable
//	write ** #5 before crash
func Parse(script string) ([]Rule, error) {
	var rules []Rule
	for i, line := range strings.Split(script, "\n") {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		r, err := parseRule(strings.Fields(line))
		if err != nil {
			return nil, fmt.Errorf("faulty: line %d: %q: %w", i+1, line, err)
		}
		rules = append(rules, r)
	}
	return rules, nil
}

// MustParse is Parse for scripts that are part of the program. It panics on a mistake in one.
func MustParse(script string) []Rule {
	rules, err := Parse(script)
	if err != nil {
		panic(err)
	}
	return rules
}

func parseRule(f []string) (Rule, error) {
	if len(f) != 4 && len(f) != 5 {
		return Rule{}, errors.New("want OP GLOB [#N] before|after WHAT")
	}
	r := Rule{Op: Op(f[0]), Glob: f[1]}
	switch r.Op {
	case List, Stat, Get, Put, Compose, Delete, Ensure, Any, Write:
	default:
		return Rule{}, fmt.Errorf("no operation is called %q", f[0])
	}
	if len(f) == 5 {
		var err error
		if r.From, r.To, err = parseCount(f[2]); err != nil {
			return Rule{}, err
		}
	}
	when, what := f[len(f)-2], f[len(f)-1]
	if when != "before" && when != "after" {
		return Rule{}, fmt.Errorf("want before or after, not %q", when)
	}
	r.Before = when == "before"
	if what == "hang" {
		r.Hang = true
		return r, nil
	}
	for _, k := range kinds {
		if k.name == what {
			r.Err, r.Crash = k.err, what == "crash"
			return r, nil
		}
	}
	return Rule{}, fmt.Errorf("no failure is called %q", what)
}

// parseCount reads #N, #N+ and #N-M.
func parseCount(s string) (from, to int, err error) {
	rest, ok := strings.CutPrefix(s, "#")
	if !ok {
		return 0, 0, fmt.Errorf("want #N, #N+ or #N-M, not %q", s)
	}
	first, last, ranged := strings.Cut(rest, "-")
	first, open := strings.CutSuffix(first, "+")
	if from, err = strconv.Atoi(first); err != nil || from < 1 || open && ranged {
		return 0, 0, fmt.Errorf("want #N, #N+ or #N-M with N from 1, not %q", s)
	}
	switch {
	case ranged:
		if to, err = strconv.Atoi(last); err != nil || to < from {
			return 0, 0, fmt.Errorf("want #N-M with M at least N, not %q", s)
		}
	case !open:
		to = from
	}
	return from, to, nil
}

// glob matches ? with one character but a slash, * with any number of those, and ** with anything.
func glob(pattern, s string) bool {
	for pattern != "" {
		if pattern[0] == '*' {
			deep := strings.HasPrefix(pattern, "**")
			rest := strings.TrimLeft(pattern, "*")
			for i := 0; ; i++ {
				if glob(rest, s[i:]) {
					return true
				}
				if i == len(s) || !deep && s[i] == '/' {
					return false
				}
			}
		}
		if s == "" || pattern[0] != s[0] && (pattern[0] != '?' || s[0] == '/') {
			return false
		}
		pattern, s = pattern[1:], s[1:]
	}
	return s == ""
}
