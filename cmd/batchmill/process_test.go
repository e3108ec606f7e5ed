//go:build !slim

package main

import (
	"bufio"
	"bytes"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// cli prepares batchmill as a process of its own, with no settings but these.
func cli(env []string, args ...string) *exec.Cmd {
	c := exec.Command(os.Args[0], append([]string{cliVerb}, args...)...)
	c.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.TempDir()}, env...)
	return c
}

func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	return strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
}

// The S3 verb alone serves other processes, refuses a second server on its folder, and ends when told.
func TestS3Verb(t *testing.T) {
	t.Parallel()
	dir, port := filepath.Join(t.TempDir(), "s3"), freePort(t)
	keys := []string{"AWS_ACCESS_KEY_ID=me", "AWS_SECRET_ACCESS_KEY=a-secret-of-mine"}
	server := cli(keys, "s3", "--dir", dir, "--port", port)
	out, err := server.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, server.Start())
	t.Cleanup(func() { _ = server.Process.Kill() })
	line, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	require.Contains(t, line, port)

	env := append(keys, "AWS_ENDPOINT_URL_S3=http://127.0.0.1:"+port)
	up := cli(env, "cp", "-", "s3://bucket/key")
	up.Stdin = strings.NewReader("content")
	require.NoError(t, up.Run())
	got, err := cli(env, "cp", "s3://bucket/key", "-").Output()
	require.NoError(t, err)
	require.Equal(t, "content", string(got))

	wrong := cli([]string{"AWS_ACCESS_KEY_ID=me", "AWS_SECRET_ACCESS_KEY=wrong", env[len(env)-1]}, "cp", "s3://bucket/key", "-")
	requireFails(t, wrong, exitUnreachable, "AWS_SECRET_ACCESS_KEY")
	requireFails(t, cli(nil, "s3", "--dir", dir), exitUsage, "key pair")
	requireFails(t, cli(keys, "s3", "--dir", filepath.Join(dir, "..", "other"), "--port", port), exitFailed, "choose another with --port")

	started := time.Now()
	require.NoError(t, server.Process.Signal(syscall.SIGINT))
	require.NoError(t, server.Wait())
	require.Less(t, time.Since(started), 5*time.Second)
}

func requireFails(t *testing.T, c *exec.Cmd, code int, want string) {
	t.Helper()
	var errOut bytes.Buffer
	c.Stderr = &errOut
	err := c.Run()
	var exit *exec.ExitError
	require.ErrorAs(t, err, &exit)
	require.Equal(t, code, exit.ExitCode(), errOut.String())
	require.Contains(t, errOut.String(), want)
}

// Without a server the verbs say so and end with exit code 3.
func TestNothingThere(t *testing.T) {
	t.Parallel()
	env := []string{"TEMPORAL_ADDRESS=127.0.0.1:" + freePort(t), "AWS_ENDPOINT_URL_S3=http://127.0.0.1:" + freePort(t),
		"AWS_ACCESS_KEY_ID=me", "AWS_SECRET_ACCESS_KEY=secret"}
	for _, args := range [][]string{{"list", "train"}, {"worker"}, {"schedule", "list"}} {
		requireFails(t, cli(env, args...), exitUnreachable, "check TEMPORAL_ADDRESS")
	}
}
