package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/batchmill/batchmill/storage"
)

var peerScript = filepath.Join("bench", "peers", "transform.py")

// peer has a rival do the same work.
func (s *stack) peer(ctx context.Context, o options, side string) (measured, error) {
	m := measured{side: side, output: storage.URI{Bucket: "bench", Key: "out/" + o.name + "-" + side + "/"}}
	servers := s.watchServers()
	var answer struct {
		Seconds float64
		Version string
	}
	var err error
	m.usage, err = python(ctx, o, &answer, side, bare(o.input()), bare(m.output), o.modelFile, strconv.Itoa(runtime.GOMAXPROCS(0)))
	m.servers = servers()
	m.wall, m.version = time.Duration(answer.Seconds*float64(time.Second)), answer.Version
	return m, err
}

// sums are the rows of an output and the sum of its predictions.
type sums struct {
	Rows int
	Sum  float64
}

func sum(ctx context.Context, o options, output storage.URI) (s sums, err error) {
	_, err = python(ctx, o, &s, "sum", bare(output))
	return s, err
}

// bare is a URI as the rivals take it.
func bare(uri storage.URI) string { return strings.TrimSuffix(uri.Bucket+"/"+uri.Key, "/") }

// python runs the rivals' script and reads the line of JSON that it ends with.
func python(ctx context.Context, o options, answer any, args ...string) (usage, error) {
	c := exec.CommandContext(ctx, o.python, append([]string{peerScript}, args...)...)
	var out bytes.Buffer
	c.Stdout, c.Stderr = &out, os.Stderr
	if err := c.Start(); err != nil {
		return usage{}, fmt.Errorf("%s (sh bench/peers/setup.sh transform installs the rivals): %w", o.python, err)
	}
	stop := watch(c.Process.Pid)
	err := c.Wait()
	u := stop()
	if err != nil {
		return u, fmt.Errorf("%s: %w", args[0], err)
	}
	lines := bytes.Split(bytes.TrimSpace(out.Bytes()), []byte("\n"))
	return u, json.Unmarshal(lines[len(lines)-1], answer)
}
