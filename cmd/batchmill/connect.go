package main

import (
	"context"
	"os"

	"github.com/batchmill/batchmill/client"
	"github.com/batchmill/batchmill/storage"
	"github.com/batchmill/batchmill/storage/s3"
)

// dial connects to the Temporal server and the store that the environment names, or that run on the default folder.
func dial(ctx context.Context) (*client.Client, error) {
	if err := adoptStack(); err != nil {
		return nil, err
	}
	return client.Dial(ctx, client.Options{})
}

// openStore opens the store alone. custom tells that it is not AWS itself.
func openStore() (store storage.Store, custom bool, err error) {
	if err := adoptStack(); err != nil {
		return nil, false, err
	}
	cfg, err := s3.ConfigFromEnv(os.Getenv)
	if err != nil {
		return nil, false, usagef("S3 settings: %w", err)
	}
	store, err = s3.Open(cfg)
	return store, cfg.Endpoint != "", err
}
