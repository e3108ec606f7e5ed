package s3_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/batchmill/batchmill/storage"
	"github.com/batchmill/batchmill/storage/conformance"
	"github.com/batchmill/batchmill/storage/s3"
	"github.com/gofiber/fiber/v3"
	"github.com/stretchr/testify/require"
	"github.com/versity/versitygw/auth"
	"github.com/versity/versitygw/backend/meta"
	"github.com/versity/versitygw/backend/posix"
	"github.com/versity/versitygw/embedgw"
	"github.com/versity/versitygw/s3api"
	"github.com/versity/versitygw/s3api/utils"
	"github.com/versity/versitygw/s3err"
)

const (
	serveEnv  = "BATCHMILL_TEST_S3_SERVER" // "DIR HOST:PORT": be the server
	accessKey = "test-access-key"
	secretKey = "test-secret-key-never-shown"
)

// TestMain makes the test binary its own S3 server: the server changes the process's folder and runs once per process, so it
// is a child.
func TestMain(m *testing.M) {
	if spec := os.Getenv(serveEnv); spec != "" {
		if err := serve(spec); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	code := m.Run()
	stopShared()
	os.Exit(code)
}

func serve(spec string) error {
	dir, addr, _ := strings.Cut(spec, " ")
	be, err := posix.New(dir, meta.XattrMeta{}, posix.PosixOpts{IOBufferSize: 128 << 10, CopyObjectThreshold: 5 << 30})
	if err != nil {
		return err
	}
	go func() { // die with the parent, however it dies
		io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
	root := auth.Account{Access: accessKey, Secret: secretKey, Role: auth.RoleAdmin}
	return embedgw.RunVersityGW(context.Background(), be, &embedgw.Config{
		RootUserAccess: accessKey, RootUserSecret: secretKey, Region: "us-east-1", Ports: []string{addr},
		MaxConnections: 1000, MaxRequests: 1000, MultipartMaxParts: 10000, KeepAlive: true, Quiet: true,
		IAMService: auth.NewIAMServiceSingle(root),
		S3Options: []s3api.Option{
			s3api.WithMiddleware("/", wholeBodies),
			s3api.WithOnListen(func() { os.Stdout.WriteString("\nready\n") }),
		},
	})
}

// wholeBodies refuses a body that ends before its declared length: versitygw v1.8.0 would store what came.
func wholeBodies(c fiber.Ctx) error {
	size, stream := int64(c.Request().Header.ContentLength()), c.Request().BodyStream()
	if c.Method() == fiber.MethodPut && stream != nil && size > 0 {
		utils.ContextKeyBodyReader.Set(c, &wholeBody{stream, size})
	}
	return c.Next()
}

type wholeBody struct {
	r    io.Reader
	left int64
}

func (b *wholeBody) Read(p []byte) (int, error) {
	n, err := b.r.Read(p)
	if b.left -= int64(n); err != nil && b.left > 0 {
		err = s3err.GetAPIError(s3err.ErrIncompleteBody) // io.ErrUnexpectedEOF would count as an end
	}
	return n, err
}

// server is one S3 server on a folder of its own.
type server struct {
	dir, addr string
	cmd       *exec.Cmd
	stdin     io.Closer
}

// startServer starts a server; the caller stops it.
func startServer(dir, addr string) (*server, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	s := &server{dir: dir, addr: addr, cmd: exec.Command(self)}
	s.cmd.Env = append(os.Environ(), serveEnv+"="+dir+" "+addr)
	s.cmd.Stderr = os.Stderr
	if s.stdin, err = s.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	var seen bytes.Buffer
	buf := make([]byte, 4096)
	for !strings.Contains(seen.String(), "\nready\n") {
		n, err := out.Read(buf)
		seen.Write(buf[:n])
		if err != nil {
			s.kill()
			return nil, fmt.Errorf("S3 server: %w: %s", err, seen.String())
		}
	}
	go io.Copy(io.Discard, out)
	return s, nil
}

func (s *server) kill() {
	s.cmd.Process.Kill()
	s.cmd.Wait()
}

// freeAddr is an address nobody listens on now.
func freeAddr() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}

// shared is the server most tests use, each with a bucket of its own.
var shared struct {
	once    sync.Once
	server  *server
	dir     string
	err     error
	buckets atomic.Int64
}

func sharedServer(t testing.TB) *server {
	t.Helper()
	shared.once.Do(func() {
		var addr string
		if shared.dir, shared.err = os.MkdirTemp("", "batchmill-s3-"); shared.err != nil {
			return
		}
		if addr, shared.err = freeAddr(); shared.err == nil {
			shared.server, shared.err = startServer(shared.dir, addr)
		}
	})
	require.NoError(t, shared.err)
	return shared.server
}

func stopShared() {
	if shared.server != nil {
		shared.server.kill()
	}
	if shared.dir != "" {
		os.RemoveAll(shared.dir)
	}
}

func (s *server) config() s3.Config {
	return s3.Config{Endpoint: "http://" + s.addr, AccessKeyID: accessKey, SecretAccessKey: secretKey,
		RetryFor: 10 * time.Second, RetryMin: 5 * time.Millisecond, RetryMax: 50 * time.Millisecond}
}

// open makes a store with a fresh bucket.
func open(t testing.TB, cfg s3.Config) (storage.Store, string) {
	t.Helper()
	store, err := s3.Open(cfg)
	require.NoError(t, err)
	bucket := fmt.Sprintf("bucket-%d", shared.buckets.Add(1))
	direct, err := s3.Open(sharedServer(t).config())
	require.NoError(t, err)
	require.NoError(t, direct.EnsureBucket(context.Background(), bucket))
	return store, bucket
}

// requireNoLeftovers checks in the server's own folder that no multipart upload of the bucket is left.
func requireNoLeftovers(t testing.TB, bucket string) {
	t.Helper()
	left, err := filepath.Glob(filepath.Join(shared.dir, bucket, ".sgwtmp", "multipart", "*", "*"))
	require.NoError(t, err)
	require.Empty(t, left, "incomplete uploads")
}

func TestConformance(t *testing.T) {
	for name, checksums := range map[string]s3.Checksums{"Trailer": s3.ChecksumTrailer, "Header": s3.ChecksumHeader} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conformance.Run(t, func(t *testing.T) (storage.Store, string) {
				cfg := sharedServer(t).config()
				cfg.Checksums = checksums
				store, bucket := open(t, cfg)
				t.Cleanup(func() { requireNoLeftovers(t, bucket) })
				return store, bucket
			})
		})
	}
}
