package s3_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"testing"

	"github.com/batchmill/batchmill/storage"
	"github.com/batchmill/batchmill/storage/s3"
)

// The benchmarks measure the driver and the embedded server together, on one machine, over loopback.

func BenchmarkPut(b *testing.B) {
	for name, checksums := range map[string]s3.Checksums{"trailer": s3.ChecksumTrailer, "header": s3.ChecksumHeader, "none": s3.ChecksumNone} {
		for _, n := range []int{64 << 10, 8 << 20, 128 << 20} {
			for _, known := range []bool{true, false} {
				b.Run(fmt.Sprintf("%s/%dKiB/known=%t", name, n>>10, known), func(b *testing.B) {
					cfg := sharedServer(b).config()
					cfg.Checksums = checksums
					store, bucket := open(b, cfg)
					uri, data, size := storage.URI{Bucket: bucket, Key: "k"}, bytesOf(n), int64(-1)
					if known {
						size = int64(n)
					}
					b.SetBytes(int64(n))
					b.ReportAllocs()
					for b.Loop() {
						_, err := store.Put(context.Background(), uri, bytes.NewReader(data), size, storage.PutOptions{})
						must(b, err)
					}
				})
			}
		}
	}
}

func BenchmarkGet(b *testing.B) {
	store, bucket := open(b, sharedServer(b).config())
	uri := storage.URI{Bucket: bucket, Key: "k"}
	const n = 128 << 20
	_, err := storage.WriteAll(context.Background(), store, uri, bytesOf(n), storage.PutOptions{})
	must(b, err)
	for _, length := range []int64{64 << 10, 8 << 20, n} {
		b.Run(fmt.Sprintf("%dKiB", length>>10), func(b *testing.B) {
			b.SetBytes(length)
			buf := make([]byte, 256<<10)
			for b.Loop() {
				r, _, err := store.Get(context.Background(), uri, storage.GetOptions{Length: length})
				must(b, err)
				_, err = io.CopyBuffer(struct{ io.Writer }{io.Discard}, r, buf)
				must(b, err)
				must(b, r.Close())
			}
		})
	}
}

func BenchmarkCompose(b *testing.B) {
	for _, c := range []struct {
		pieces int
		size   int64
	}{{100, 20 << 10}, {100, 1 << 20}, {16, 8 << 20}} {
		b.Run(fmt.Sprintf("%dx%dKiB", c.pieces, c.size>>10), func(b *testing.B) {
			store, bucket := open(b, sharedServer(b).config())
			var parts []storage.Part
			for i := range c.pieces {
				uri := storage.URI{Bucket: bucket, Key: fmt.Sprintf("src/%d", i)}
				info, err := storage.WriteAll(context.Background(), store, uri, bytesOf(int(c.size)), storage.PutOptions{})
				must(b, err)
				parts = append(parts, storage.Part{Source: uri, ETag: info.ETag, Length: c.size})
			}
			b.SetBytes(int64(c.pieces) * c.size)
			for b.Loop() {
				_, err := store.Compose(context.Background(), storage.URI{Bucket: bucket, Key: "out"}, parts, storage.PutOptions{})
				must(b, err)
			}
		})
	}
}

func must(b *testing.B, err error) {
	if err != nil {
		b.Helper()
		b.Fatal(err)
	}
}
