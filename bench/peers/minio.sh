#!/bin/sh
# Builds the MinIO server from its Go module into bench/peers/.minio (150 MB): the second S3 server that benchmarks run against.
# There are no newer images or releases; this is the module's last version (AGPL, no longer maintained), used as a process of its own.
set -eu
cd "$(dirname "$0")"
mkdir -p .minio
cd .minio
GOBIN="$PWD" GOFLAGS= go install github.com/minio/minio@v0.0.0-20260212201848-7aac2a2c5b7c
./minio --version | head -n 1
