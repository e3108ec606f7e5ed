package e2e_test

import (
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/batchmill/batchmill/jobs"
)

// before puts a proxy before the store of workers started from now on: what wrap makes of one that only forwards.
func (s *stack) before(t *testing.T, wrap func(forward http.Handler) http.Handler) {
	t.Helper()
	to, err := url.Parse(s.env["AWS_ENDPOINT_URL_S3"])
	require.NoError(t, err)
	server := httptest.NewServer(wrap(&httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(to)
			r.Out.Host = r.In.Host // it is signed
		},
		Transport: &http.Transport{MaxIdleConnsPerHost: proxyConnections},
		ErrorLog:  log.New(io.Discard, "", 0), // clients that go away are what some tests are about
	}))
	t.Cleanup(server.Close)
	s.env["AWS_ENDPOINT_URL_S3"] = server.URL
}

// proxyConnections is how many connections to the store a proxy keeps.
const proxyConnections = 64

// refusing has the store of workers started from now on answer the requests that deny names as a policy would.
func (s *stack) refusing(t *testing.T, deny func(*http.Request) bool) {
	t.Helper()
	s.before(t, func(forward http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if !deny(r) {
				forward.ServeHTTP(w, r)
				return
			}
			refuse(w, r, http.StatusForbidden, "AccessDenied")
		})
	})
}

// refuse answers with S3's error of that code.
func refuse(w http.ResponseWriter, r *http.Request, status int, code string) {
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		fmt.Fprintf(w, "<Error><Code>%s</Code><Message>%[1]s.</Message></Error>", code)
	}
}

// TestAccessDenied: what a policy does not allow fails a job at its first attempt, whenever it is met, with the object and the store's
// code; nothing appears in the output.
func TestAccessDenied(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	writes := func(r *http.Request) bool { return r.Method == http.MethodPut || r.Method == http.MethodPost }
	var receipts atomic.Int64
	s.refusing(t, func(r *http.Request) bool {
		switch p := r.URL.Path; {
		case strings.HasPrefix(p, "/cloth/out-planning/"):
			return writes(r)
		case strings.HasPrefix(p, "/cloth/out-later/_batchmill/later/receipts/"):
			return writes(r) && receipts.Add(1) > 3
		case strings.HasPrefix(p, "/cloth/out-commit/"):
			return writes(r) && !strings.Contains(p, "/_batchmill/")
		default:
			return strings.HasPrefix(p, "/secret/")
		}
	})
	s.worker(t, "--concurrency", "2")
	c := s.covertype(t)
	s.put(t, s.bucket(t, "secret")+"in/a.parquet", readTable(t, "covertype", "covertype_train80.csv.gz").head(100).parquet(t, 10))
	for name, k := range map[string]struct {
		doc  object
		at   string
		code string
	}{
		"planning": {c.transform("planning"), "s3://cloth/out-planning/", "AccessDenied"},
		"later":    {setting(c.transform("later"), "BATCHMILL_SHARDS", "20"), "s3://cloth/out-later/_batchmill/later/receipts/", "AccessDenied"},
		"commit":   {c.transform("commit"), "s3://cloth/out-commit/", "AccessDenied"},
		"input":    {transformDocument("input", "cover", c.content, "s3://secret/in/", "s3://cloth/out-input/", ""), "s3://secret/in/", "AccessDenied"},
	} {
		t.Run(name, func(t *testing.T) {
			job := s.begin(t, jobs.TransformKind, k.doc)
			_, failed := fail[jobs.TransformJobDescription](t, job)
			require.True(t, strings.HasPrefix(failed.Reason, "ClientError: "), failed.Reason)
			require.Contains(t, failed.Reason, k.at)
			require.Contains(t, failed.Reason, k.code)
			require.NotContains(t, failed.Reason, s.env["AWS_SECRET_ACCESS_KEY"])
			require.NotContains(t, failed.Reason, s.env["AWS_ACCESS_KEY_ID"])
			s.requireNothingVisible(t, "s3://cloth/out-"+name+"/")
			require.EqualValues(t, 1, jobTimes{s: s, id: job.Kind.WorkflowID(name)}.attempts(t), "attempts")
		})
	}
}

// requireNothingVisible: below an output path there is nothing but what is staged.
func (s *stack) requireNothingVisible(t *testing.T, out string) {
	t.Helper()
	for _, key := range s.list(t, out) {
		require.Contains(t, key, "/_batchmill/")
	}
}

// attempts is the highest number of attempts that any of the job's activities took.
func (j jobTimes) attempts(t *testing.T) (most int32) {
	t.Helper()
	h := j.s.conn.GetWorkflowHistory(t.Context(), j.id, "", false, 0)
	for h.HasNext() {
		e, err := h.Next()
		require.NoError(t, err)
		if a := e.GetActivityTaskStartedEventAttributes(); a != nil {
			most = max(most, a.Attempt)
		}
	}
	return most
}

// TestDiskFull: a job whose store runs out of space says so, waits, and goes on when there is space again; its output is that of a job that
// had no trouble.
func TestDiskFull(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	disk := filepath.Join(s.dir, "own-s3")
	require.NoError(t, os.MkdirAll(disk, 0o700))
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", "size=64m", "batchmill-test", disk).CombinedOutput(); err != nil {
		t.Skipf("a disk of limited size is a tmpfs, which this user may not mount: %v: %s", err, out)
	}
	t.Cleanup(func() { require.NoError(t, exec.Command("umount", "-l", disk).Run()) })
	s.ownS3(t)
	s.worker(t, "--concurrency", "1")
	c := s.covertype(t)
	s.transform(t, c.transform("space"))

	job := s.begin(t, jobs.TransformKind, setting(c.transform("full"), "BATCHMILL_SHARDS", "400"))
	await(t, "receipts", func() bool { return len(s.list(t, c.path+"out-full/_batchmill/full/receipts/")) > 3 })
	filler := filepath.Join(disk, "filler")
	file, err := os.Create(filler)
	require.NoError(t, err)
	for size := 1 << 20; size > 0; { // to the last byte
		if _, err := file.Write(make([]byte, size)); err != nil {
			size /= 2
		}
	}
	require.NoError(t, file.Close())
	await(t, "progress that says why", func() bool {
		p, err := job.Progress(t.Context())
		return err == nil && strings.Contains(p.Message, "no space left (InsufficientStorage") && strings.Contains(p.Message, c.path)
	})
	s.requireNothingVisible(t, c.path+"out-full/")
	require.NoError(t, os.Remove(filler))
	d := finish[jobs.TransformJobDescription](t, job)
	require.Positive(t, d.Progress.Rows)
	requireSame(t, s.output(t, c, "space"), s.output(t, c, "full"), "the disk full in between")
}
