//go:build !slim

package devstack_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
	"github.com/stretchr/testify/require"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/sdk/client"
	sdklog "go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/batchmill/batchmill/devstack"
)

// holdVerb makes the test binary a program that starts a stack on the folder args[2] and waits to be killed.
const holdVerb = "_hold"

func TestMain(m *testing.M) {
	if devstack.ChildMain(os.Args) || devstack.FlakyMain(os.Args) {
		return
	}
	if len(os.Args) == 3 && os.Args[1] == holdVerb {
		hold(os.Args[2])
		return
	}
	os.Exit(m.Run())
}

// hold prints the stack's addresses as one line of JSON.
func hold(dir string) {
	s, err := devstack.Start(context.Background(), freeConfig(dir))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	_ = json.NewEncoder(os.Stdout).Encode(s.Info())
	<-s.Done()
}

func freeConfig(dir string) devstack.Config {
	return devstack.Config{Dir: dir, TemporalPort: devstack.FreePort, UIPort: devstack.FreePort, S3Port: devstack.FreePort}
}

func start(t *testing.T, dir string) *devstack.Stack {
	t.Helper()
	s, err := devstack.Start(t.Context(), freeConfig(dir))
	require.NoError(t, err)
	t.Cleanup(s.Stop)
	return s
}

func greet(_ workflow.Context, name string) (string, error) { return "Hello, " + name, nil }

func dial(t *testing.T, address string) client.Client {
	t.Helper()
	c, err := client.Dial(client.Options{HostPort: address, Namespace: devstack.Namespace,
		Logger: sdklog.NewStructuredLogger(slog.New(slog.DiscardHandler))})
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return c
}

func objects(t *testing.T, endpoint string, cred devstack.Credentials) *minio.Client {
	t.Helper()
	u, err := url.Parse(endpoint)
	require.NoError(t, err)
	c, err := minio.New(u.Host, &minio.Options{
		Creds:  credentials.NewStaticV4(cred.AccessKeyID, cred.SecretAccessKey, ""),
		Region: devstack.Region, TrailingHeaders: true, MaxRetries: 1,
	})
	require.NoError(t, err)
	return c
}

func runGreeting(t *testing.T, c client.Client, id string) {
	t.Helper()
	w := worker.New(c, "greetings", worker.Options{})
	w.RegisterWorkflowWithOptions(greet, workflow.RegisterOptions{Name: "Greet"})
	require.NoError(t, w.Start())
	defer w.Stop()
	run, err := c.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{ID: id, TaskQueue: "greetings",
		TypedSearchAttributes: temporal.NewSearchAttributes(
			temporal.NewSearchAttributeKeyKeyword("BatchmillJobName").ValueSet(id))}, "Greet", "world")
	require.NoError(t, err)
	requireGreeting(t, c, run.GetID())
}

func requireGreeting(t *testing.T, c client.Client, id string) {
	t.Helper()
	var got string
	require.NoError(t, c.GetWorkflow(t.Context(), id, "").Get(t.Context(), &got))
	require.Equal(t, "Hello, world", got)
}

func get(t *testing.T, c *minio.Client, bucket, key string) []byte {
	t.Helper()
	o, err := c.GetObject(t.Context(), bucket, key, minio.GetObjectOptions{})
	require.NoError(t, err)
	b, err := io.ReadAll(o)
	require.NoError(t, err)
	return b
}

func put(t *testing.T, c *minio.Client, bucket, key string, content []byte) {
	t.Helper()
	_, err := c.PutObject(t.Context(), bucket, key, bytes.NewReader(content), int64(len(content)), minio.PutObjectOptions{})
	require.NoError(t, err)
}

// A stack runs a workflow, keeps an object and serves the UI; after a restart on the same folder all of it is there.
func TestStackKeepsItsState(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := start(t, dir)
	c := dial(t, s.Info().TemporalAddress)
	runGreeting(t, c, "greeting/1")
	store := objects(t, s.Info().S3URL, s.Credentials())
	require.NoError(t, store.MakeBucket(t.Context(), "data", minio.MakeBucketOptions{}))
	content := bytes.Repeat([]byte("row\n"), 100_000)
	put(t, store, "data", "in/part-0.csv", content)
	require.Equal(t, content, get(t, store, "data", "in/part-0.csv"))
	requireUI(t, s.Info().UIURL)
	requireSearchAttributes(t, c)
	requireListed(t, c, "greeting/1")

	s.Stop()
	require.NoError(t, s.Err())
	requireClosed(t, s.Info())

	again := start(t, dir)
	require.Equal(t, s.Credentials(), again.Credentials())
	requireGreeting(t, dial(t, again.Info().TemporalAddress), "greeting/1")
	require.Equal(t, content, get(t, objects(t, again.Info().S3URL, again.Credentials()), "data", "in/part-0.csv"))
}

func requireUI(t *testing.T, url string) {
	t.Helper()
	resp, err := http.Get(url)
	require.NoError(t, err)
	defer resp.Body.Close()
	require.Equal(t, http.StatusOK, resp.StatusCode)
	require.Contains(t, resp.Header.Get("Content-Type"), "text/html")
	api, err := http.Get(url + "/api/v1/namespaces/default")
	require.NoError(t, err)
	defer api.Body.Close()
	require.Equal(t, http.StatusOK, api.StatusCode, "the UI reaches the server")
}

func requireSearchAttributes(t *testing.T, c client.Client) {
	t.Helper()
	have, err := c.OperatorService().ListSearchAttributes(t.Context(),
		&operatorservice.ListSearchAttributesRequest{Namespace: devstack.Namespace})
	require.NoError(t, err)
	for _, name := range devstack.SearchAttributes() {
		require.Equal(t, "Keyword", have.CustomAttributes[name].String())
	}
}

func requireListed(t *testing.T, c client.Client, id string) {
	t.Helper()
	require.Eventually(t, func() bool {
		n, err := c.CountWorkflow(t.Context(), countRequest(id))
		return err == nil && n.Count == 1
	}, 10*time.Second, 20*time.Millisecond)
}

// SIGKILL of the process that started a stack closes its ports; the folder serves again at once.
func TestServersDieWithTheirParent(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	parent := exec.Command(os.Args[0], holdVerb, dir)
	parent.Stderr = os.Stderr
	out, err := parent.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, parent.Start())
	var info devstack.Info
	require.NoError(t, json.NewDecoder(out).Decode(&info))
	_, cred, err := devstack.Running(dir)
	require.NoError(t, err)
	store := objects(t, info.S3URL, cred)
	require.NoError(t, store.MakeBucket(t.Context(), "data", minio.MakeBucketOptions{}))
	put(t, store, "data", "kept", []byte("kept"))
	runGreeting(t, dial(t, info.TemporalAddress), "greeting/killed")

	require.NoError(t, parent.Process.Kill())
	_ = parent.Wait()
	requireClosed(t, info)
	_, _, err = devstack.Running(dir)
	require.ErrorIs(t, err, devstack.ErrNotRunning)

	s := start(t, dir)
	requireGreeting(t, dial(t, s.Info().TemporalAddress), "greeting/killed")
	require.Equal(t, []byte("kept"), get(t, objects(t, s.Info().S3URL, s.Credentials()), "data", "kept"))
}

func requireClosed(t *testing.T, info devstack.Info) {
	t.Helper()
	for _, address := range []string{info.TemporalAddress, strings.TrimPrefix(info.UIURL, "http://"), strings.TrimPrefix(info.S3URL, "http://")} {
		require.Eventually(t, func() bool {
			c, err := net.Dial("tcp", address)
			if err == nil {
				_ = c.Close()
			}
			return err != nil
		}, 5*time.Second, 20*time.Millisecond, address)
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := start(t, dir)

	t.Run("folder in use", func(t *testing.T) {
		_, err := devstack.Start(t.Context(), freeConfig(dir))
		var locked *devstack.LockedError
		require.ErrorAs(t, err, &locked)
		require.Equal(t, dir, locked.Dir)
		require.Equal(t, os.Getpid(), locked.PID)
		require.Contains(t, err.Error(), dir)
	})
	for _, tc := range []struct {
		name, flag string
		set        func(*devstack.Config, int)
	}{
		{"Temporal port in use", "--temporal-port", func(c *devstack.Config, p int) { c.TemporalPort = p }},
		{"UI port in use", "--ui-port", func(c *devstack.Config, p int) { c.UIPort = p }},
		{"S3 port in use", "--s3-port", func(c *devstack.Config, p int) { c.S3Port = p }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			require.NoError(t, err)
			defer l.Close()
			cfg := freeConfig(t.TempDir())
			tc.set(&cfg, l.Addr().(*net.TCPAddr).Port)
			_, err = devstack.Start(t.Context(), cfg)
			var inUse *devstack.PortInUseError
			require.ErrorAs(t, err, &inUse)
			require.Equal(t, l.Addr().String(), inUse.Address)
			require.Equal(t, tc.flag, inUse.Flag)
		})
	}
	t.Run("no folder", func(t *testing.T) {
		_, err := devstack.Start(t.Context(), devstack.Config{})
		require.ErrorContains(t, err, "no data folder")
	})
	t.Run("host is a name", func(t *testing.T) {
		_, err := devstack.Start(t.Context(), devstack.Config{Dir: t.TempDir(), Host: "localhost"})
		require.ErrorContains(t, err, "not an IP address")
	})

	// The running stack is none the worse for it.
	requireUI(t, s.Info().UIURL)
	info, cred, err := devstack.Running(dir)
	require.NoError(t, err)
	require.Equal(t, s.Env(), info.Env(cred))
	st, err := os.Stat(filepath.Join(dir, "credentials.json"))
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), st.Mode().Perm())
}

// A server that dies is reported with the name of its log.
func TestServerDeathIsReported(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := start(t, dir)
	killHolder(t, filepath.Join(dir, "s3", ".lock"))
	select {
	case <-s.Done():
	case <-time.After(10 * time.Second):
		t.Fatal("the death of the S3 server went unnoticed")
	}
	var dead *devstack.ChildError
	require.ErrorAs(t, s.Err(), &dead)
	require.Equal(t, "s3", dead.Server)
	require.FileExists(t, dead.Log)
}
