package main

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/batchmill/batchmill/jobs"
)

func TestDocument(t *testing.T) {
	t.Parallel()
	document, err := newDocument(time.Date(2026, 11, 23, 6, 0, 0, 0, time.UTC))
	require.NoError(t, err)
	job, err := jobs.ParseTransformJob(document)
	require.NoError(t, err)
	require.Equal(t, "housing-20261123-060000", job.TransformJobName)
	require.Equal(t, "s3://demo/predictions/housing-20261123-060000/", job.TransformOutput.S3OutputPath)
}
