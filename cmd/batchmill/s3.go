package main

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/batchmill/batchmill/devstack"
)

func (a *app) s3Command() *cobra.Command {
	cfg := devstack.S3Config{Host: "127.0.0.1", Port: devstack.DefaultS3Port, Region: devstack.Region}
	c := &cobra.Command{
		Use:   "s3",
		Short: "Serve a folder over the S3 API",
		Long: `Runs only the S3 server of the embedded stack, on a folder that holds one directory per bucket.
The key pair comes from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, the region from AWS_REGION.
GET /-/healthy answers 200 without credentials. There is no TLS: listen on other than loopback
addresses only in trusted networks or behind a proxy.`,
		Example: "  AWS_ACCESS_KEY_ID=me AWS_SECRET_ACCESS_KEY=secret-of-mine batchmill s3 --dir /data/s3 --port 9000",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			cfg.Credentials = devstack.Credentials{AccessKeyID: os.Getenv("AWS_ACCESS_KEY_ID"), SecretAccessKey: os.Getenv("AWS_SECRET_ACCESS_KEY")}
			if cfg.Credentials.AccessKeyID == "" || cfg.Credentials.SecretAccessKey == "" {
				return usagef("the S3 server needs a key pair: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY")
			}
			if region := os.Getenv("AWS_REGION"); region != "" {
				cfg.Region = region
			}
			return a.serveS3(c.Context(), cfg)
		},
	}
	c.Flags().StringVar(&cfg.Dir, "dir", "s3", "folder of the objects")
	c.Flags().StringVar(&cfg.Host, "host", cfg.Host, "IP address to listen on")
	c.Flags().IntVar(&cfg.Port, "port", cfg.Port, "port to listen on")
	return c
}

// s3Shutdown bounds the wait for connections that clients keep open without using them.
const s3Shutdown = 2 * time.Second

func (a *app) serveS3(ctx context.Context, cfg devstack.S3Config) error {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	served := make(chan error, 1)
	go func() {
		served <- devstack.ServeS3(ctx, cfg, func() { printf(a.out, "S3 on http://%s:%d, objects in %s\n", cfg.Host, cfg.Port, cfg.Dir) })
	}()
	select {
	case err := <-served:
		var inUse *devstack.PortInUseError
		if errors.As(err, &inUse) {
			inUse.Flag = "--port"
		}
		return err
	case <-ctx.Done():
	}
	select {
	case <-served:
	case <-time.After(s3Shutdown):
	}
	return nil
}
