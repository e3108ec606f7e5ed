package main

import (
	"context"
	"net"
	"net/http"
	"os"
	"os/exec"
)

// startMinio runs a MinIO server (sh bench/peers/minio.sh builds it) on a folder and points env at it instead of the embedded one.
func (s *stack) startMinio(ctx context.Context, binary, dir string, env map[string]string) error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	address := listener.Addr().String()
	if err := listener.Close(); err != nil {
		return err
	}
	s.minio = exec.Command(binary, "server", "--quiet", "--address", address, dir)
	s.minio.Env = append(os.Environ(), "MINIO_ROOT_USER="+env["AWS_ACCESS_KEY_ID"], "MINIO_ROOT_PASSWORD="+env["AWS_SECRET_ACCESS_KEY"],
		"MINIO_REGION="+env["AWS_REGION"], "MINIO_BROWSER=off")
	s.minio.Stderr = os.Stderr
	if err := s.minio.Start(); err != nil {
		s.minio = nil
		return err
	}
	for name := range env {
		if name == "AWS_ENDPOINT_URL" || name == "AWS_ENDPOINT_URL_S3" {
			env[name] = "http://" + address
		}
	}
	return await(func() bool {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+"/minio/health/ready", nil)
		if err != nil {
			return false
		}
		answer, err := http.DefaultClient.Do(r)
		return err == nil && answer.Body.Close() == nil && answer.StatusCode == http.StatusOK
	})
}
