package s3_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/batchmill/batchmill/storage"
	"github.com/batchmill/batchmill/storage/s3"
	"github.com/stretchr/testify/require"
)

// TestWrongCredentialsFailAtOnce: one request, no retry, no secret in the message.
func TestWrongCredentialsFailAtOnce(t *testing.T) {
	t.Parallel()
	for _, keys := range [][2]string{{accessKey, "wrong-secret-also-not-shown"}, {"unknown-key", secretKey}} {
		var requests atomic.Int64
		cfg := sharedServer(t).config()
		cfg.AccessKeyID, cfg.SecretAccessKey = keys[0], keys[1]
		cfg.RetryFor, cfg.RetryMin, cfg.RetryMax = time.Hour, time.Hour, time.Hour
		cfg.Transport = tripper(func(r *http.Request) (*http.Response, error) {
			requests.Add(1)
			return http.DefaultTransport.RoundTrip(r)
		})
		store, bucket := open(t, cfg)
		uri := storage.URI{Bucket: bucket, Key: "k"}
		for op, call := range map[string]func() error{
			"stat":    func() error { _, err := store.Stat(t.Context(), uri); return err },
			"get":     func() error { _, _, err := storage.ReadAll(t.Context(), store, uri); return err },
			"list":    func() error { return store.List(t.Context(), uri, func(storage.Info) error { return nil }) },
			"delete":  func() error { return store.Delete(t.Context(), uri) },
			"deletes": func() error { return store.Delete(t.Context(), uri, uri.Join("2")) },
			"ensure":  func() error { return store.EnsureBucket(t.Context(), bucket) },
			"put": func() error {
				_, err := storage.WriteAll(t.Context(), store, uri, []byte("x"), storage.PutOptions{})
				return err
			},
			"multipart": func() error {
				_, err := storage.WriteAll(t.Context(), store, uri, bytesOf(17<<20), storage.PutOptions{})
				return err
			},
		} {
			requests.Store(0)
			err := call()
			require.ErrorIs(t, err, storage.ErrAccessDenied, op)
			require.LessOrEqual(t, requests.Load(), int64(2), op) // HEAD's answer has no body to tell why: it takes another request
			for _, secret := range []string{accessKey, secretKey, keys[0], keys[1]} {
				require.NotContains(t, err.Error(), secret)
			}
		}
	}
}

// answer is an S3 error as a server would send it.
func answer(r *http.Request, status int, code string) *http.Response {
	rec := httptest.NewRecorder()
	rec.WriteHeader(status)
	if r.Method != http.MethodHead {
		rec.WriteString("<Error><Code>" + code + "</Code><Message>" + code + " of " + secretKey + "</Message></Error>")
	}
	return rec.Result()
}

// TestAnswers maps what servers answer to sentinels, and checks which of them are asked again.
func TestAnswers(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		status  int
		code    string
		want    error
		retried bool
	}{
		{404, "NoSuchKey", storage.ErrNotFound, false},
		{404, "NoSuchBucket", storage.ErrNoBucket, false},
		{412, "PreconditionFailed", storage.ErrPrecondition, false},
		{416, "InvalidRange", storage.ErrRange, false},
		{403, "AccessDenied", storage.ErrAccessDenied, false},
		{403, "SignatureDoesNotMatch", storage.ErrAccessDenied, false},
		{403, "InvalidAccessKeyId", storage.ErrAccessDenied, false},
		{400, "ExpiredToken", storage.ErrAccessDenied, false},
		{403, "SomethingNew", storage.ErrAccessDenied, false},
		{500, "InternalError", storage.ErrUnavailable, true},
		{502, "", storage.ErrUnavailable, true},
		{503, "SlowDown", storage.ErrUnavailable, true},
		{503, "", storage.ErrUnavailable, true},
		{429, "TooManyRequests", storage.ErrUnavailable, true},
		{409, "ConditionalRequestConflict", storage.ErrUnavailable, true},
		{400, "BadDigest", storage.ErrUnavailable, true},
		{507, "InsufficientStorage", storage.ErrFull, true},
		{507, "XMinioStorageFull", storage.ErrFull, true},
		{507, "", storage.ErrFull, true},
		{403, "QuotaExceeded", storage.ErrFull, true},
		{400, "InvalidArgument", nil, false},
		{501, "NotImplemented", nil, false},
	} {
		t.Run(fmt.Sprint(c.status, c.code), func(t *testing.T) {
			t.Parallel()
			var requests atomic.Int64
			store, err := s3.Open(s3.Config{Endpoint: "http://localhost:1", AccessKeyID: "a", SecretAccessKey: "b",
				// minio-go waits up to 200 ms after a failed attempt, even after its last.
				RetryFor: 300 * time.Millisecond, RetryMin: time.Millisecond, RetryMax: time.Millisecond,
				Transport: tripper(func(r *http.Request) (*http.Response, error) {
					requests.Add(1)
					if c.code == "" {
						return &http.Response{StatusCode: c.status, Status: http.StatusText(c.status), Body: http.NoBody, Header: http.Header{}}, nil
					}
					return answer(r, c.status, c.code), nil
				})})
			require.NoError(t, err)
			_, err = storage.WriteAll(t.Context(), store, storage.URI{Bucket: "bucket", Key: "k"}, []byte("x"), storage.PutOptions{})
			require.Error(t, err)
			if c.want != nil {
				require.ErrorIs(t, err, c.want, c.code)
			}
			require.Equal(t, c.retried, requests.Load() > 1, "%d %s: %d requests", c.status, c.code, requests.Load())
			var e *storage.OpError
			require.ErrorAs(t, err, &e)
			require.Equal(t, c.retried, e.Retryable())
			if c.want == storage.ErrAccessDenied {
				require.NotContains(t, err.Error(), secretKey)
			}
		})
	}
}
