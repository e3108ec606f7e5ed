package s3_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/batchmill/batchmill/storage"
	"github.com/batchmill/batchmill/storage/s3"
	"github.com/stretchr/testify/require"
)

func bytesOf(n int) []byte { return bytes.Repeat([]byte("0123456789abcdef"), (n+15)/16)[:n] }

// TestGetResumes: a body that is cut again and again arrives whole.
func TestGetResumes(t *testing.T) {
	t.Parallel()
	store, p, bucket := through(t, sharedServer(t).config())
	uri := storage.URI{Bucket: bucket, Key: "k"}
	data := bytesOf(8<<20 + 7)
	_, err := storage.WriteAll(t.Context(), store, uri, data, storage.PutOptions{})
	require.NoError(t, err)
	p.budget.Store(5)
	p.down.Store(1 << 20)
	got, _, err := storage.ReadAll(t.Context(), store, uri)
	require.NoError(t, err)
	require.True(t, bytes.Equal(data, got))
	require.EqualValues(t, 5, p.cuts.Load())

	p.budget.Store(2)
	r, _, err := store.Get(t.Context(), uri, storage.GetOptions{Offset: -(4 << 20)})
	require.NoError(t, err)
	defer r.Close()
	got, err = io.ReadAll(r)
	require.NoError(t, err)
	require.True(t, bytes.Equal(data[len(data)-4<<20:], got))
}

// TestGetNoticesReplacement: a body that is resumed on a replaced object fails rather than mix two versions.
func TestGetNoticesReplacement(t *testing.T) {
	t.Parallel()
	store, p, bucket := through(t, sharedServer(t).config())
	uri := storage.URI{Bucket: bucket, Key: "k"}
	_, err := storage.WriteAll(t.Context(), store, uri, bytesOf(16<<20), storage.PutOptions{})
	require.NoError(t, err)
	p.budget.Store(1)
	p.down.Store(6 << 20)
	r, _, err := store.Get(t.Context(), uri, storage.GetOptions{})
	require.NoError(t, err)
	defer r.Close()
	_, err = io.CopyN(io.Discard, r, 1<<20)
	require.NoError(t, err)
	_, err = storage.WriteAll(t.Context(), store, uri, bytesOf(16<<20-1), storage.PutOptions{})
	require.NoError(t, err)
	_, err = io.Copy(io.Discard, r)
	require.ErrorIs(t, err, storage.ErrPrecondition)
}

// TestPutSurvivesCuts: an upload whose connections are cut in mid-body is repeated, and appears whole.
func TestPutSurvivesCuts(t *testing.T) {
	t.Parallel()
	for name, checksums := range map[string]s3.Checksums{"trailer": s3.ChecksumTrailer, "header": s3.ChecksumHeader} {
		for _, n := range []int{2 << 20, 40 << 20} {
			cfg := sharedServer(t).config()
			cfg.Checksums = checksums
			store, p, bucket := through(t, cfg)
			uri := storage.URI{Bucket: bucket, Key: "k"}
			p.budget.Store(3)
			p.up.Store(1 << 20)
			_, err := store.Put(t.Context(), uri, io.LimitReader(bytes.NewReader(bytesOf(n)), int64(n)), -1, storage.PutOptions{IfNoneMatch: true})
			require.NoError(t, err, name)
			require.EqualValues(t, 3, p.cuts.Load())
			p.up.Store(0)
			got, _, err := storage.ReadAll(t.Context(), store, uri)
			require.NoError(t, err)
			require.True(t, bytes.Equal(bytesOf(n), got), name)
			requireNoLeftovers(t, bucket)
		}
	}
}

// TestPutCutLeavesNothing: where no retry helps, the old object stays and no part is left.
func TestPutCutLeavesNothing(t *testing.T) {
	t.Parallel()
	for _, checksums := range []s3.Checksums{s3.ChecksumTrailer, s3.ChecksumHeader, s3.ChecksumNone} {
		cfg := sharedServer(t).config()
		cfg.Checksums, cfg.RetryFor = checksums, 100*time.Millisecond
		store, p, bucket := through(t, cfg)
		uri := storage.URI{Bucket: bucket, Key: "k"}
		_, err := storage.WriteAll(t.Context(), store, uri, []byte("old"), storage.PutOptions{})
		require.NoError(t, err)
		p.budget.Store(1 << 30)
		p.up.Store(1 << 20)
		for _, n := range []int{2 << 20, 40 << 20} {
			_, err = storage.WriteAll(t.Context(), store, uri, bytesOf(n), storage.PutOptions{})
			require.ErrorIs(t, err, storage.ErrUnavailable)
		}
		p.up.Store(0)
		got, _, err := storage.ReadAll(t.Context(), store, uri)
		require.NoError(t, err)
		require.True(t, string(got) == "old", "%d bytes, checksums %v", len(got), checksums)
		requireNoLeftovers(t, bucket)
	}
}

// TestServerComesBack: operations that begin while the server is down succeed once it is up again.
func TestServerComesBack(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	addr, err := freeAddr()
	require.NoError(t, err)
	srv, err := startServer(dir, addr)
	require.NoError(t, err)
	defer func() { srv.kill() }()
	store, err := s3.Open(srv.config())
	require.NoError(t, err)
	require.NoError(t, store.EnsureBucket(t.Context(), "bucket"))
	uri := storage.URI{Bucket: "bucket", Key: "k"}
	_, err = storage.WriteAll(t.Context(), store, uri, []byte("x"), storage.PutOptions{})
	require.NoError(t, err)
	srv.kill()

	impatient := srv.config()
	impatient.RetryFor = -1
	once, err := s3.Open(impatient)
	require.NoError(t, err)
	_, err = once.Stat(t.Context(), uri)
	require.ErrorIs(t, err, storage.ErrUnavailable)

	var wg sync.WaitGroup
	var tries atomic.Int64
	met := make(chan struct{}) // closed once every operation has met the dead server
	counting := srv.config()
	counting.Transport = tripper(func(r *http.Request) (*http.Response, error) {
		if tries.Add(1) == 15 {
			close(met)
		}
		return http.DefaultTransport.RoundTrip(r)
	})
	patient, err := s3.Open(counting)
	require.NoError(t, err)
	for _, op := range []func() error{
		func() error { _, err := patient.Stat(t.Context(), uri); return err },
		func() error { _, _, err := storage.ReadAll(t.Context(), patient, uri); return err },
		func() error {
			_, err := patient.Put(t.Context(), storage.URI{Bucket: "bucket", Key: "new"}, strings.NewReader("y"), -1, storage.PutOptions{})
			return err
		},
		func() error { return patient.List(t.Context(), uri, func(storage.Info) error { return nil }) },
		func() error { return patient.Delete(t.Context(), storage.URI{Bucket: "bucket", Key: "gone"}) },
	} {
		wg.Go(func() {
			if err := op(); err != nil {
				t.Error(err)
			}
		})
	}
	<-met
	srv, err = startServer(dir, addr)
	require.NoError(t, err)
	wg.Wait()
}

// tripper makes a function a transport.
type tripper func(*http.Request) (*http.Response, error)

func (f tripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// TestLostAnswer: a conditional write whose answer is lost is recognised as done, and somebody else's is not.
func TestLostAnswer(t *testing.T) {
	t.Parallel()
	for _, n := range []int{100, 17 << 20} {
		var lose atomic.Bool
		cfg := sharedServer(t).config()
		cfg.Transport = tripper(func(r *http.Request) (*http.Response, error) {
			resp, err := http.DefaultTransport.RoundTrip(r)
			last := r.Method == http.MethodPut && n < 1<<20 || r.Method == http.MethodPost && r.URL.Query().Has("uploadId")
			if err == nil && last && lose.CompareAndSwap(true, false) {
				resp.Body.Close()
				return nil, io.ErrUnexpectedEOF
			}
			return resp, err
		})
		store, bucket := open(t, cfg)
		uri := storage.URI{Bucket: bucket, Key: "k"}
		lose.Store(true)
		first, err := storage.WriteAll(t.Context(), store, uri, bytesOf(n), storage.PutOptions{IfNoneMatch: true})
		require.NoError(t, err)
		require.False(t, lose.Load())
		lose.Store(true)
		_, err = storage.WriteAll(t.Context(), store, uri, bytesOf(n+1), storage.PutOptions{IfNoneMatch: true})
		require.ErrorIs(t, err, storage.ErrPrecondition)
		lose.Store(true)
		second, err := storage.WriteAll(t.Context(), store, uri, bytesOf(n+2), storage.PutOptions{IfMatch: first.ETag})
		require.NoError(t, err)
		stat, err := store.Stat(t.Context(), uri)
		require.NoError(t, err)
		require.Equal(t, second.ETag, stat.ETag)
		require.Equal(t, int64(n+2), stat.Size)
	}
}

// TestLostAnswerOfCompose covers the completion of an upload made of copies.
func TestLostAnswerOfCompose(t *testing.T) {
	t.Parallel()
	var lose atomic.Bool
	cfg := sharedServer(t).config()
	cfg.Transport = tripper(func(r *http.Request) (*http.Response, error) {
		resp, err := http.DefaultTransport.RoundTrip(r)
		if err == nil && r.Method == http.MethodPost && r.URL.Query().Has("uploadId") && lose.CompareAndSwap(true, false) {
			resp.Body.Close()
			return nil, io.ErrUnexpectedEOF
		}
		return resp, err
	})
	store, bucket := open(t, cfg)
	src := storage.URI{Bucket: bucket, Key: "src"}
	info, err := storage.WriteAll(t.Context(), store, src, bytesOf(6<<20), storage.PutOptions{})
	require.NoError(t, err)
	part := storage.Part{Source: src, ETag: info.ETag, Length: info.Size}
	for _, opt := range []storage.PutOptions{{}, {IfNoneMatch: true}} {
		lose.Store(true)
		dst := storage.URI{Bucket: bucket, Key: "dst"}.Join(map[bool]string{true: "new", false: "any"}[opt.IfNoneMatch])
		out, err := store.Compose(t.Context(), dst, []storage.Part{part, part}, opt)
		require.NoError(t, err)
		require.False(t, lose.Load())
		require.Equal(t, int64(12<<20), out.Size)
		requireNoLeftovers(t, bucket)
	}
}

// TestComposeCopies: large ranges do not pass through this process, and a server that cannot copy them is no obstacle.
func TestComposeCopies(t *testing.T) {
	t.Parallel()
	for _, canCopy := range []bool{true, false} {
		var copies, sent atomic.Int64
		cfg := sharedServer(t).config()
		cfg.Checksums = s3.ChecksumHeader // Content-Length is the content's
		cfg.Transport = tripper(func(r *http.Request) (*http.Response, error) {
			if r.Header.Get("x-amz-copy-source") != "" {
				copies.Add(1)
				if !canCopy {
					return answer(r, http.StatusNotImplemented, "NotImplemented"), nil
				}
			} else if r.Method == http.MethodPut {
				sent.Add(r.ContentLength)
			}
			return http.DefaultTransport.RoundTrip(r)
		})
		store, bucket := open(t, cfg)
		src := storage.URI{Bucket: bucket, Key: "src"}
		data := bytesOf(24 << 20)
		_, err := storage.WriteAll(t.Context(), store, src, data, storage.PutOptions{})
		require.NoError(t, err)
		sent.Store(0)
		dst := storage.URI{Bucket: bucket, Key: "dst"}
		_, err = store.Compose(t.Context(), dst, []storage.Part{{Bytes: []byte("PAR1")}, {Source: src, Length: 24 << 20}, {Bytes: []byte("end")}}, storage.PutOptions{})
		require.NoError(t, err)
		if canCopy {
			require.EqualValues(t, 1, copies.Load())
			require.EqualValues(t, 5<<20+3, sent.Load(), "the head that brings the literal up to a part, and the end")
		}
		got, _, err := storage.ReadAll(t.Context(), store, dst)
		require.NoError(t, err)
		require.True(t, bytes.Equal(append(append([]byte("PAR1"), data...), "end"...), got))
		requireNoLeftovers(t, bucket)
	}
}

// TestStalledBody: a server that stops sending without closing is left, and the body resumed.
func TestStalledBody(t *testing.T) {
	t.Parallel()
	var stalls atomic.Int64
	cfg := sharedServer(t).config()
	cfg.Stall = 50 * time.Millisecond
	cfg.Transport = tripper(func(r *http.Request) (*http.Response, error) {
		resp, err := http.DefaultTransport.RoundTrip(r)
		if err == nil && r.Method == http.MethodGet && stalls.Add(1) <= 2 {
			resp.Body = &stalling{resp.Body, r.Context(), 1000}
		}
		return resp, err
	})
	store, bucket := open(t, cfg)
	uri := storage.URI{Bucket: bucket, Key: "k"}
	_, err := storage.WriteAll(t.Context(), store, uri, bytesOf(5000), storage.PutOptions{})
	require.NoError(t, err)
	got, _, err := storage.ReadAll(t.Context(), store, uri)
	require.NoError(t, err)
	require.Equal(t, bytesOf(5000), got)
	require.EqualValues(t, 3, stalls.Load())
}

// stalling yields left bytes and then nothing until the request is given up.
type stalling struct {
	io.ReadCloser
	ctx  context.Context
	left int
}

func (s *stalling) Read(p []byte) (int, error) {
	if s.left == 0 {
		<-s.ctx.Done()
		return 0, s.ctx.Err()
	}
	n, err := s.ReadCloser.Read(p[:min(len(p), s.left)])
	s.left -= n
	return n, err
}

// TestRetryEndsWithTheContext: a caller that gives up is not held by the waits between attempts.
func TestRetryEndsWithTheContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	store, err := s3.Open(s3.Config{Endpoint: "http://localhost:1", AccessKeyID: "a", SecretAccessKey: "b",
		RetryFor: 2 * time.Hour, RetryMin: time.Hour, RetryMax: time.Hour,
		Transport: tripper(func(r *http.Request) (*http.Response, error) { defer cancel(); return answer(r, 503, "SlowDown"), nil })})
	require.NoError(t, err)
	_, err = store.Stat(ctx, storage.URI{Bucket: "bucket", Key: "k"})
	require.ErrorIs(t, err, context.Canceled)
	require.NotErrorIs(t, err, storage.ErrUnavailable)
}

// TestJanitor: parts that a killed process left are found and removed, young ones are not.
func TestJanitor(t *testing.T) {
	t.Parallel()
	var lost atomic.Bool
	cfg := sharedServer(t).config()
	cfg.RetryFor = -1
	cfg.Transport = tripper(func(r *http.Request) (*http.Response, error) {
		if r.URL.Query().Has("partNumber") || lost.Load() { // killed with the first part: no abort either
			lost.Store(true)
			return nil, io.ErrUnexpectedEOF
		}
		return http.DefaultTransport.RoundTrip(r)
	})
	store, bucket := open(t, cfg)
	uri := storage.URI{Bucket: bucket, Key: "dir/k"}
	_, err := storage.WriteAll(t.Context(), store, uri, bytesOf(17<<20), storage.PutOptions{})
	require.ErrorIs(t, err, storage.ErrUnavailable)

	later, err := s3.Open(sharedServer(t).config())
	require.NoError(t, err)
	janitor := later.(storage.Janitor)
	for _, c := range []struct {
		key  string
		age  time.Duration
		want int
	}{{"dir/", time.Hour, 0}, {"other/", -time.Hour, 0}, {"dir/", -time.Hour, 1}, {"", -time.Hour, 0}} {
		n, err := janitor.RemoveIncomplete(t.Context(), storage.URI{Bucket: bucket, Key: c.key}, c.age)
		require.NoError(t, err)
		require.Equal(t, c.want, n, c)
	}
	requireNoLeftovers(t, bucket)
}
