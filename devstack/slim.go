//go:build slim

package devstack

import "context"

// embedded tells whether the servers are in this binary.
const embedded = false

func runTemporal(context.Context, temporalSettings, func()) error { return ErrSlim }
func runS3(context.Context, S3Config, func()) error               { return ErrSlim }

// ServeS3 returns ErrSlim.
func ServeS3(context.Context, S3Config, func()) error { return ErrSlim }
