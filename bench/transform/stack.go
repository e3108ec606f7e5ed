package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"time"

	"github.com/batchmill/batchmill/client"
	"github.com/batchmill/batchmill/storage"
)

// stack is the servers and the workers, each a process of its own.
type stack struct {
	servers *exec.Cmd
	minio   *exec.Cmd // nil where the embedded S3 server is used
	workers []*exec.Cmd
	client  *client.Client
}

func startStack(ctx context.Context, o options, dir string) (s *stack, err error) {
	if o.binary == "" {
		o.binary = filepath.Join(dir, "batchmill")
		if out, err := exec.CommandContext(ctx, "go", "build", "-o", o.binary, "./cmd/batchmill").CombinedOutput(); err != nil {
			return nil, fmt.Errorf("build: %w\n%s", err, out)
		}
	}
	s = &stack{}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.stop())
		}
	}()
	data := filepath.Join(dir, "data")
	if s.servers, err = startReady(nil, filepath.Join(dir, "servers.json"), o.binary,
		"dev", "--no-worker", "--dir", data, "--temporal-port", "-1", "--ui-port", "-1", "--s3-port", "-1"); err != nil {
		return s, err
	}
	out, err := exec.CommandContext(ctx, o.binary, "env", "--dir", data, "--json").Output()
	if err != nil {
		return s, err
	}
	env := map[string]string{}
	if err := json.Unmarshal(out, &env); err != nil {
		return s, err
	}
	if o.minio != "" {
		if err := s.startMinio(ctx, o.minio, filepath.Join(dir, "minio"), env); err != nil {
			return s, err
		}
	}
	for k, v := range env {
		if err := os.Setenv(k, v); err != nil {
			return s, err
		}
	}
	if err := s.startWorkers(o, dir); err != nil {
		return s, err
	}
	s.client, err = client.Dial(ctx, client.Options{})
	return s, err
}

// startWorkers starts them, each on a core of its own if they are to be pinned.
func (s *stack) startWorkers(o options, dir string) error {
	for i := range o.workers {
		command := []string{o.binary, "worker", "--log-level", "WARN"}
		if o.memory != "" {
			command = append(command, "--memory", o.memory)
		}
		if o.profile != "" {
			command = append(command, "--cpu-profile", o.profile+suffix(i))
		}
		if o.pin {
			command = slices.Concat([]string{"taskset", "-c", strconv.Itoa(i)}, command)
		}
		w, err := startReady(os.Environ(), filepath.Join(dir, "worker"+suffix(i)+".json"), command[0], command[1:]...)
		if err != nil {
			return err
		}
		s.workers = append(s.workers, w)
	}
	return nil
}

// suffix tells apart what several workers write.
func suffix(i int) string {
	if i == 0 {
		return ""
	}
	return "." + strconv.Itoa(i)
}

// startReady starts a process and waits for its ready file.
func startReady(env []string, file, binary string, args ...string) (*exec.Cmd, error) {
	if err := os.Remove(file); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	c := exec.Command(binary, append(args, "--ready-file", file)...)
	c.Env = env
	c.Stderr = os.Stderr
	if err := c.Start(); err != nil {
		return nil, err
	}
	if err := await(func() bool { _, err := os.Stat(file); return err == nil }); err != nil {
		return nil, errors.Join(fmt.Errorf("%s %v: %w", binary, args, err), c.Process.Kill())
	}
	return c, nil
}

// await waits a minute at most.
func await(ready func() bool) error {
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		if ready() {
			return nil
		}
	}
	return errors.New("did not become ready")
}

func (s *stack) stop() error {
	var errs []error
	for _, c := range append(slices.Clone(s.workers), s.minio, s.servers) {
		if c == nil {
			continue
		}
		errs = append(errs, c.Process.Signal(syscall.SIGTERM))
		_ = c.Wait() // how it ends does not matter any more
	}
	return errors.Join(errs...)
}

// register packs the model and registers it.
func (s *stack) register(ctx context.Context, o options, files map[string][]byte) error {
	var buf bytes.Buffer
	gz := gzip.NewWriter(&buf)
	w := tar.NewWriter(gz)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		data := files[name]
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
	uri := storage.URI{Bucket: "bench", Key: "model/" + o.name + ".tar.gz"}
	if _, err := storage.WriteAll(ctx, s.client.Store(), uri, buf.Bytes(), storage.PutOptions{}); err != nil {
		return err
	}
	doc, err := json.Marshal(map[string]any{
		"ModelName": o.name, "PrimaryContainer": map[string]string{"Image": "xgboost:1", "ModelDataUrl": uri.String()},
	})
	if err != nil {
		return err
	}
	_, err = s.client.CreateModel(ctx, doc)
	return err
}
