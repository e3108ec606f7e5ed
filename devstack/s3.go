//go:build !slim

package devstack

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/versity/versitygw/auth"
	"github.com/versity/versitygw/backend/meta"
	"github.com/versity/versitygw/backend/posix"
	"github.com/versity/versitygw/embedgw"
	"github.com/versity/versitygw/s3api"
)

// Limits of the S3 server: connections and requests at once, bytes of each copy buffer.
const (
	s3MaxConnections = 4096
	s3MaxRequests    = 2048
	s3MultipartParts = 10000
	s3BufferSize     = 128 << 10
)

func runS3(ctx context.Context, cfg S3Config, ready func()) error { return ServeS3(ctx, cfg, ready) }

// ServeS3 serves the objects below cfg.Dir over the S3 API until ctx ends; ready is called once the server listens. It
// changes the process's working directory and runs once per process: it is meant to be all that a process does. The
// folder is locked: a second server on it is refused with a *LockedError.
func ServeS3(ctx context.Context, cfg S3Config, ready func()) error {
	if cfg.Credentials.AccessKeyID == "" || cfg.Credentials.SecretAccessKey == "" {
		return errors.New("devstack: the S3 server needs a key pair: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY")
	}
	if cfg.Region == "" {
		cfg.Region = Region
	}
	if err := os.MkdirAll(cfg.Dir, 0o700); err != nil {
		return fmt.Errorf("devstack: S3 folder: %w", err)
	}
	if err := (meta.XattrMeta{}).Test(cfg.Dir); err != nil {
		return fmt.Errorf("devstack: S3 folder %s: %w; choose a folder on another file system", cfg.Dir, err)
	}
	lock, err := lockFile(s3Lock(cfg.Dir), 10*time.Second)
	if err != nil {
		return err
	}
	defer lock.unlock()
	if err := portFree(cfg.Host, cfg.Port, "S3"); err != nil {
		return err
	}
	if err := removeStaleUploads(cfg.Dir, time.Now()); err != nil {
		return fmt.Errorf("devstack: S3 folder: %w", err)
	}
	backend, err := posix.New(cfg.Dir, meta.XattrMeta{}, posix.PosixOpts{
		IOBufferSize: s3BufferSize,
		// S3's own limit; the zero value would refuse every server-side copy.
		CopyObjectThreshold: 5 << 30,
	})
	if err != nil {
		return fmt.Errorf("devstack: S3 folder: %w", err)
	}
	root := auth.Account{Access: cfg.Credentials.AccessKeyID, Secret: cfg.Credentials.SecretAccessKey, Role: auth.RoleAdmin}
	return embedgw.RunVersityGW(ctx, backend, &embedgw.Config{
		RootUserAccess:    root.Access,
		RootUserSecret:    root.Secret,
		Region:            cfg.Region,
		Ports:             []string{hostPort(cfg.Host, cfg.Port)},
		MaxConnections:    s3MaxConnections,
		MaxRequests:       s3MaxRequests,
		MultipartMaxParts: s3MultipartParts,
		KeepAlive:         true,
		Quiet:             true,
		HealthPath:        "/-/healthy",
		IAMService:        auth.NewIAMServiceSingle(root),
		S3Options:         []s3api.Option{s3api.WithMiddleware("/", guardBody), s3api.WithOnListen(ready)},
	})
}
