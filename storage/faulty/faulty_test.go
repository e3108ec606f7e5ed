package faulty_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/batchmill/batchmill/storage"
	"github.com/batchmill/batchmill/storage/conformance"
	"github.com/batchmill/batchmill/storage/faulty"
	"github.com/batchmill/batchmill/storage/memory"
	"github.com/stretchr/testify/require"
)

// TestConformance: without rules the decorator changes nothing.
func TestConformance(t *testing.T) {
	t.Parallel()
	conformance.Run(t, func(*testing.T) (storage.Store, string) { return faulty.New(memory.New("bucket")), "bucket" })
}

// run performs a script of operations, one per line, and stops at nothing.
func run(s storage.Store, script string) {
	ctx := context.Background()
	for line := range strings.Lines(script) {
		f := strings.Fields(line)
		if len(f) == 0 {
			continue
		}
		uri, err := storage.ParseURI(f[1])
		if err != nil {
			panic(err)
		}
		switch f[0] {
		case "put":
			storage.WriteAll(ctx, s, uri, []byte("x"), storage.PutOptions{})
		case "compose":
			s.Compose(ctx, uri, []storage.Part{{Bytes: []byte("x")}}, storage.PutOptions{})
		case "get":
			storage.ReadAll(ctx, s, uri)
		case "stat":
			s.Stat(ctx, uri)
		case "list":
			s.List(ctx, uri, func(storage.Info) error { return nil })
		case "delete":
			s.Delete(ctx, uri)
		case "ensure":
			s.EnsureBucket(ctx, uri.Bucket)
		}
	}
}

func TestRules(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, rules, script, log string }{
		{"no rules", "",
			"put s3://b/a\n get s3://b/a\n stat s3://b/c\n list s3://b/\n delete s3://b/a\n compose s3://b/d\n ensure s3://n/\n put s3://x/y",
			"put s3://b/a: ok\nget s3://b/a: ok\nstat s3://b/c: notfound\nlist s3://b/: ok\ndelete s3://b/a: ok\ncompose s3://b/d: ok\n" +
				"ensure s3://n/: ok\nput s3://x/y: nobucket\n"},
		{"before", "put s3://b/**/manifest.json #1 before error",
			"put s3://b/x/y/manifest.json\n stat s3://b/x/y/manifest.json\n put s3://b/x/y/manifest.json",
			"put s3://b/x/y/manifest.json: before error\nstat s3://b/x/y/manifest.json: notfound\nput s3://b/x/y/manifest.json: ok\n"},
		{"after", "put s3://b/* #2 after unavailable",
			"put s3://b/1\n put s3://b/2\n stat s3://b/2\n put s3://b/d/3",
			"put s3://b/1: ok\nput s3://b/2: after unavailable\nstat s3://b/2: ok\nput s3://b/d/3: ok\n"},
		{"from on", "any s3://b/? #2+ before denied", "stat s3://b/1\n get s3://b/2\n list s3://b/3\n put s3://b/44",
			"stat s3://b/1: notfound\nget s3://b/2: before denied\nlist s3://b/3: before denied\nput s3://b/44: ok\n"},
		{"range of calls", "put ** #2-3 before precondition", "put s3://b/1\n put s3://b/2\n put s3://b/3\n put s3://b/4",
			"put s3://b/1: ok\nput s3://b/2: before precondition\nput s3://b/3: before precondition\nput s3://b/4: ok\n"},
		{"crash", "# comes before the second write\nwrite ** #2 before crash",
			"put s3://b/1\n get s3://b/1\n compose s3://b/2\n delete s3://b/1\n stat s3://b/1",
			"put s3://b/1: ok\nget s3://b/1: ok\ncompose s3://b/2: before crash\ndelete s3://b/1: before crash\nstat s3://b/1: ok\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := faulty.New(memory.New("b"), faulty.MustParse(c.rules)...)
			run(s, c.script)
			require.Equal(t, c.log, s.Log().String())
		})
	}
}

func TestErrorsKeepTheirKind(t *testing.T) {
	t.Parallel()
	s := faulty.New(memory.New("b"), faulty.MustParse("stat ** #1 before unavailable\nstat ** #2 before error\nstat ** #3 before crash")...)
	uri := storage.URI{Bucket: "b", Key: "k"}
	for _, want := range []error{storage.ErrUnavailable, faulty.ErrInjected, faulty.ErrCrashed} {
		_, err := s.Stat(t.Context(), uri)
		require.ErrorIs(t, err, want)
		require.Contains(t, err.Error(), uri.String())
		var e *storage.OpError
		require.ErrorAs(t, err, &e)
		require.Equal(t, want == storage.ErrUnavailable, e.Retryable())
	}
}

func TestHangEndsWithTheContext(t *testing.T) {
	t.Parallel()
	s := faulty.New(memory.New("b"), faulty.MustParse("put ** before hang")...)
	ctx, cancel := context.WithCancel(t.Context())
	s.Add(faulty.Rule{})
	cancel()
	_, err := storage.WriteAll(ctx, s, storage.URI{Bucket: "b", Key: "k"}, nil, storage.PutOptions{})
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, "put s3://b/k: before cancelled\n", s.Log().String())
}

func TestHook(t *testing.T) {
	t.Parallel()
	inner := memory.New("b")
	uri := storage.URI{Bucket: "b", Key: "k"}
	own := errors.New("mine")
	s := faulty.New(inner, faulty.Rule{Op: faulty.Get, Before: true, Hook: func(ctx context.Context, c faulty.Call) error {
		if c.N == 2 {
			return own
		}
		_, err := storage.WriteAll(ctx, inner, c.URI, []byte("changed meanwhile"), storage.PutOptions{})
		return err
	}})
	data, _, err := storage.ReadAll(t.Context(), s, uri)
	require.NoError(t, err)
	require.Equal(t, "changed meanwhile", string(data))
	_, _, err = storage.ReadAll(t.Context(), s, uri)
	require.ErrorIs(t, err, own)
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	for _, line := range []string{
		"put", "put ** before", "push ** before error", "put ** during error", "put ** #0 before error", "put ** 1 before error",
		"put ** #x before error", "put ** #3-2 before error", "put ** #2+-3 before error", "put ** before nonsense", "put ** #1 before error now",
	} {
		_, err := faulty.Parse("\n" + line)
		require.ErrorContains(t, err, "line 2", line)
	}
}

func FuzzParse(f *testing.F) {
	f.Add("put s3://b/**/m.json #1 before error")
	f.Add("write ** #2-3 after crash\n# comment")
	f.Fuzz(func(t *testing.T, script string) {
		rules, err := faulty.Parse(script)
		if err != nil {
			return
		}
		run(faulty.New(memory.New("b"), rules...), "stat s3://b/a/b")
	})
}

// ExampleCrashAfter kills a two-step protocol between any two of its steps and resumes it.
func ExampleCrashAfter() {
	ctx := context.Background()
	data, done := storage.URI{Bucket: "b", Key: "data"}, storage.URI{Bucket: "b", Key: "done"}
	protocol := func(s storage.Store) error {
		for _, uri := range []storage.URI{data, done} {
			_, err := storage.WriteAll(ctx, s, uri, []byte("x"), storage.PutOptions{IfNoneMatch: true})
			if err != nil && !errors.Is(err, storage.ErrPrecondition) {
				return err
			}
		}
		return nil
	}
	for n := range 3 {
		s := faulty.New(memory.New("b"), faulty.CrashAfter(n))
		err := protocol(s)
		s.Heal()
		fmt.Printf("killed after %d writes: %v; resumed: %v\n", n, errors.Is(err, faulty.ErrCrashed), protocol(s))
	}
	// Output:
	// killed after 0 writes: true; resumed: <nil>
	// killed after 1 writes: true; resumed: <nil>
	// killed after 2 writes: false; resumed: <nil>
}
