package main

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/batchmill/batchmill/jobs"
	"github.com/batchmill/batchmill/storage"
)

// measured is one transform, or one rival's run.
type measured struct {
	side    string
	job     string // ours
	version string
	wall    time.Duration
	usage         // of the workers, or of the rival
	servers usage // the store's, and with ours Temporal's
	output  storage.URI
}

// transform runs a job from the documents to its Completed status.
func (s *stack) transform(ctx context.Context, o options, round int) (measured, error) {
	name := fmt.Sprintf("%s-%d", o.name, round)
	m := measured{side: "batchmill", job: name, version: "this tree", output: storage.URI{Bucket: "bench", Key: "out/" + name + "/"}}
	join, env := "None", map[string]string{}
	if o.join {
		join = "Input"
	}
	if o.shards != "" {
		env["BATCHMILL_SHARDS"] = o.shards
	}
	doc, err := json.Marshal(map[string]any{
		"TransformJobName": name, "ModelName": o.name, "Environment": env,
		"TransformInput": map[string]any{
			"DataSource":  map[string]any{"S3DataSource": map[string]string{"S3DataType": "S3Prefix", "S3Uri": o.input().String()}},
			"ContentType": contentTypes[o.format],
		},
		"TransformOutput": map[string]string{"S3OutputPath": m.output.String()},
		"DataProcessing":  map[string]string{"JoinSource": join},
	})
	if err != nil {
		return m, err
	}
	var before time.Duration
	for _, w := range s.workers {
		before += cpuTime(w.Process.Pid)
	}
	servers := s.watchServers()
	start := time.Now()
	job, err := s.client.Start(ctx, jobs.TransformKind, doc)
	if err != nil {
		return m, err
	}
	_, err = job.Wait(ctx, nil)
	m.wall, m.servers = time.Since(start), servers()
	if err != nil {
		return m, err
	}
	m.cpu = -before
	for _, w := range s.workers {
		m.cpu += cpuTime(w.Process.Pid)
		peak, err := peakMemory(w.Process.Pid)
		if err != nil {
			return m, err
		}
		m.peak = max(m.peak, peak)
	}
	return m, nil
}

// watchServers measures what the servers use from now on.
func (s *stack) watchServers() (stop func() usage) {
	roots := []int{s.servers.Process.Pid}
	if s.minio != nil {
		roots = append(roots, s.minio.Process.Pid)
	}
	var before time.Duration
	for _, root := range roots {
		for _, pid := range tree(root) {
			before += cpuTime(pid)
		}
	}
	return func() usage {
		u := usage{cpu: -before}
		for _, root := range roots {
			for _, pid := range tree(root) {
				u.cpu += cpuTime(pid)
			}
		}
		return u
	}
}
