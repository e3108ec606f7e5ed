package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/batchmill/batchmill/client"
	"github.com/batchmill/batchmill/jobs"
	"github.com/batchmill/batchmill/storage"
)

// stack is the servers and one worker, each a process of its own.
type stack struct {
	servers, worker *exec.Cmd
	client          *client.Client
}

func startStack(ctx context.Context, binary, dir string) (*stack, error) {
	if binary == "" {
		binary = filepath.Join(dir, "batchmill")
		if out, err := exec.CommandContext(ctx, "go", "build", "-o", binary, "./cmd/batchmill").CombinedOutput(); err != nil {
			return nil, fmt.Errorf("build: %w\n%s", err, out)
		}
	}
	data := filepath.Join(dir, "data")
	s := &stack{}
	var err error
	if s.servers, err = startReady(binary, filepath.Join(dir, "servers.json"), nil,
		"dev", "--no-worker", "--dir", data, "--temporal-port", "-1", "--ui-port", "-1", "--s3-port", "-1"); err != nil {
		return nil, err
	}
	out, err := exec.CommandContext(ctx, binary, "env", "--dir", data, "--json").Output()
	if err != nil {
		return nil, errors.Join(err, s.stop())
	}
	env := map[string]string{}
	if err := json.Unmarshal(out, &env); err != nil {
		return nil, errors.Join(err, s.stop())
	}
	for k, v := range env {
		if err := os.Setenv(k, v); err != nil {
			return nil, err
		}
	}
	if s.worker, err = startReady(binary, filepath.Join(dir, "worker.json"), os.Environ(), "worker", "--log-level", "WARN"); err != nil {
		return nil, errors.Join(err, s.stop())
	}
	if s.client, err = client.Dial(ctx, client.Options{}); err != nil {
		return nil, errors.Join(err, s.stop())
	}
	return s, nil
}

// startReady starts a process and waits for its ready file.
func startReady(binary, file string, env []string, args ...string) (*exec.Cmd, error) {
	c := exec.Command(binary, append(args, "--ready-file", file)...)
	c.Env = env
	c.Stderr = os.Stderr
	if err := c.Start(); err != nil {
		return nil, err
	}
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		if _, err := os.Stat(file); err == nil {
			return c, nil
		}
	}
	return nil, errors.Join(fmt.Errorf("%s %v did not become ready", binary, args), c.Process.Kill())
}

func (s *stack) stop() error {
	for _, c := range []*exec.Cmd{s.worker, s.servers} {
		if c == nil {
			continue
		}
		if err := c.Process.Signal(syscall.SIGTERM); err != nil {
			return err
		}
		_ = c.Wait() // how it ends does not matter any more
	}
	return nil
}

// register packs the model and registers it as "bench".
func (s *stack) register(ctx context.Context, files map[string][]byte) error {
	var buf bytes.Buffer
	gz := gzip.NewWriter(&buf)
	w := tar.NewWriter(gz)
	for name, data := range files {
		if err := w.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(data))}); err != nil {
			return err
		}
		if _, err := w.Write(data); err != nil {
			return err
		}
	}
	if err := errors.Join(w.Close(), gz.Close()); err != nil {
		return err
	}
	uri := storage.URI{Bucket: "bench", Key: "model/model.tar.gz"}
	if _, err := storage.WriteAll(ctx, s.client.Store(), uri, buf.Bytes(), storage.PutOptions{}); err != nil {
		return err
	}
	doc, err := json.Marshal(map[string]any{
		"ModelName": "bench", "PrimaryContainer": map[string]string{"Image": "xgboost:1", "ModelDataUrl": uri.String()},
	})
	if err != nil {
		return err
	}
	_, err = s.client.CreateModel(ctx, doc)
	return err
}

// measured is one transform.
type measured struct {
	wall time.Duration
	cpu  time.Duration // of the worker, during the job
	peak int64         // bytes, of the worker's whole life
}

func (s *stack) transform(ctx context.Context, o options) (measured, error) {
	join, env := "None", map[string]string{}
	if o.join {
		join = "Input"
	}
	if o.shards != "" {
		env["BATCHMILL_SHARDS"] = o.shards
	}
	doc, err := json.Marshal(map[string]any{
		"TransformJobName": "bench", "ModelName": "bench", "Environment": env,
		"TransformInput": map[string]any{
			"DataSource":  map[string]any{"S3DataSource": map[string]string{"S3DataType": "S3Prefix", "S3Uri": "s3://bench/in/"}},
			"ContentType": "application/x-parquet",
		},
		"TransformOutput": map[string]string{"S3OutputPath": "s3://bench/out/"},
		"DataProcessing":  map[string]string{"JoinSource": join},
	})
	if err != nil {
		return measured{}, err
	}
	before := cpuTime(s.worker.Process.Pid)
	start := time.Now()
	job, err := s.client.Start(ctx, jobs.TransformKind, doc)
	if err != nil {
		return measured{}, err
	}
	if _, err := job.Wait(ctx, nil); err != nil {
		return measured{}, err
	}
	m := measured{wall: time.Since(start), cpu: cpuTime(s.worker.Process.Pid) - before}
	m.peak, err = peakMemory(s.worker.Process.Pid)
	return m, err
}

// peakMemory is the high-water mark of resident memory: what /usr/bin/time calls "Maximum resident set size".
func peakMemory(pid int) (int64, error) {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(data)) {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kb, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(rest), " kB"), 10, 64)
			return kb << 10, err
		}
	}
	return 0, errors.New("no VmHWM in /proc/PID/status")
}

// cpuTime is user plus system time so far, in ticks of 10 ms.
func cpuTime(pid int) time.Duration {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0
	}
	fields := strings.Fields(string(data[bytes.LastIndexByte(data, ')')+1:]))
	user, _ := strconv.ParseInt(fields[11], 10, 64)
	system, _ := strconv.ParseInt(fields[12], 10, 64)
	return time.Duration(user+system) * 10 * time.Millisecond
}
