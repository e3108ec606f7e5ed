//go:build !slim

package devstack_test

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"fmt"
	"hash"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/signer"
	"github.com/stretchr/testify/require"

	"github.com/batchmill/batchmill/devstack"
)

// sha is the hash in the shape that minio-go's signer takes.
type sha struct{ hash.Hash }

func (sha) Close() {}

// wire returns the bytes of a signed PUT request as they go over the connection.
func wire(t *testing.T, s *devstack.Stack, key string, content []byte, signing string) []byte {
	t.Helper()
	req, err := http.NewRequest(http.MethodPut, s.Info().S3URL+"/guard/"+key, bytes.NewReader(content))
	require.NoError(t, err)
	cred := s.Credentials()
	switch signing {
	case "unsigned":
		req.Header.Set("X-Amz-Content-Sha256", "UNSIGNED-PAYLOAD")
		req = signer.SignV4(*req, cred.AccessKeyID, cred.SecretAccessKey, "", devstack.Region)
	case "streaming":
		req = signer.StreamingSignV4(req, cred.AccessKeyID, cred.SecretAccessKey, "", devstack.Region,
			int64(len(content)), time.Now().UTC(), sha{sha256.New()})
	}
	var b bytes.Buffer
	require.NoError(t, req.Write(&b))
	return b.Bytes()
}

func guarded(t *testing.T) (*devstack.Stack, *minio.Client) {
	t.Helper()
	s := start(t, t.TempDir())
	store := objects(t, s.Info().S3URL, s.Credentials())
	require.NoError(t, store.MakeBucket(t.Context(), "guard", minio.MakeBucketOptions{}))
	return s, store
}

func dialS3(t *testing.T, s *devstack.Stack) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", s.Info().S3URL[len("http://"):])
	require.NoError(t, err)
	t.Cleanup(func() { _ = c.Close() })
	require.NoError(t, c.SetDeadline(time.Now().Add(10*time.Second)))
	return c
}

func TestBodies(t *testing.T) {
	t.Parallel()
	s, store := guarded(t)

	// A client that goes away in mid-upload leaves the object that was there.
	good, better := bytes.Repeat([]byte("good"), 50_000), bytes.Repeat([]byte("new!"), 60_000)
	for _, signing := range []string{"unsigned", "streaming"} {
		for _, missing := range []int{1, 4, 80, 100, 1000, 150_000, len(better)} {
			t.Run(fmt.Sprintf("%s cut off %d bytes before its end", signing, missing), func(t *testing.T) {
				put(t, store, "guard", "victim", good)
				request := wire(t, s, "victim", better, signing)
				c := dialS3(t, s)
				_, err := c.Write(request[:len(request)-missing])
				require.NoError(t, err)
				require.NoError(t, c.(*net.TCPConn).CloseWrite())
				resp, err := http.ReadResponse(bufio.NewReader(c), nil)
				if err == nil { // the server answered, or it just closed
					require.GreaterOrEqual(t, resp.StatusCode, 400)
				}
				requireContent(t, store, "victim", good)
			})
		}
	}

	t.Run("whole uploads pass", func(t *testing.T) {
		for _, signing := range []string{"unsigned", "streaming"} {
			c := dialS3(t, s)
			_, err := c.Write(wire(t, s, "whole", better, signing))
			require.NoError(t, err)
			requireStatus(t, bufio.NewReader(c), http.StatusOK)
			requireContent(t, store, "whole", better)
		}
	})

	// The framing of an empty signed upload is not taken for the next request, also when it comes in a packet of its own.
	t.Run("empty signed upload", func(t *testing.T) {
		c := dialS3(t, s)
		answers := bufio.NewReader(c)
		for i := range 200 {
			request := wire(t, s, "empty", nil, "streaming")
			head := bytes.Index(request, []byte("\r\n\r\n")) + 4
			for _, part := range [][]byte{request[:head], request[head : head+1+i%80], request[head+1+i%80:]} {
				_, err := c.Write(part)
				require.NoError(t, err)
			}
			requireStatus(t, answers, http.StatusOK)
		}
		require.Empty(t, get(t, store, "guard", "empty"))
	})

	t.Run("empty signed upload cut off", func(t *testing.T) {
		put(t, store, "guard", "victim", good)
		request := wire(t, s, "victim", nil, "streaming")
		c := dialS3(t, s)
		_, err := c.Write(request[:len(request)-10])
		require.NoError(t, err)
		require.NoError(t, c.(*net.TCPConn).CloseWrite())
		_, _ = io.ReadAll(c)
		requireContent(t, store, "victim", good)
	})

	// The janitor looks where the server really keeps unfinished uploads.
	t.Run("place of an unfinished upload", func(t *testing.T) {
		core := minio.Core{Client: store}
		id, err := core.NewMultipartUpload(t.Context(), "guard", "folder/object", minio.PutObjectOptions{})
		require.NoError(t, err)
		found, err := filepath.Glob(filepath.Join(s.Info().Dir, "s3", "*", ".sgwtmp", "multipart", "*", id))
		require.NoError(t, err)
		require.Len(t, found, 1)
	})

	// Every way in which minio-go frames and signs a body.
	for _, size := range []int{0, 1, 63, 64, 1000, 64 << 10, 64<<10 + 1, 300_000} {
		for name, opts := range map[string]minio.PutObjectOptions{
			"signed":           {},
			"signed trailer":   {Checksum: minio.ChecksumCRC32C},
			"unsigned trailer": {Checksum: minio.ChecksumCRC32C, DisableContentSha256: true},
			"crc64 trailer":    {Checksum: minio.ChecksumCRC64NVME},
		} {
			t.Run(fmt.Sprintf("%s of %d bytes", name, size), func(t *testing.T) {
				content := bytes.Repeat([]byte{'x', '\n', '\r'}, size/3+1)[:size]
				_, err := store.PutObject(t.Context(), "guard", "minio", bytes.NewReader(content), int64(size), opts)
				require.NoError(t, err)
				requireContent(t, store, "minio", content)
			})
		}
	}
}

func requireStatus(t *testing.T, r *bufio.Reader, want int) {
	t.Helper()
	resp, err := http.ReadResponse(r, nil)
	require.NoError(t, err)
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.Equal(t, want, resp.StatusCode, "%s", body)
}

// requireContent compares without printing what differs: it is long.
func requireContent(t *testing.T, store *minio.Client, key string, want []byte) {
	t.Helper()
	got := get(t, store, "guard", key)
	require.True(t, bytes.Equal(want, got), "%s: %d bytes, expected %d", key, len(got), len(want))
}
