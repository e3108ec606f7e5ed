// Package local lets benchmarks read files of the shared data folder as dataset objects.
package local

import (
	"context"
	"io"
	"os"
	"path/filepath"

	"github.com/batchmill/batchmill/dataset"
)

// DataFolder is $BATCHMILL_DATA, else shared/data beside the module's root, from which benchmarks are run.
func DataFolder() string {
	if d := os.Getenv("BATCHMILL_DATA"); d != "" {
		return d
	}
	return filepath.Join("..", "shared", "data")
}

// Open returns a file as an object.
func Open(path string) (dataset.Object, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	return file{path, info.Size()}, nil
}

type file struct {
	path string
	size int64
}

func (f file) Name() string { return f.path }
func (f file) Size() int64  { return f.size }

func (f file) Open(_ context.Context, offset, length int64) (io.ReadCloser, error) {
	r, err := os.Open(f.path)
	if err != nil {
		return nil, err
	}
	if length == 0 {
		length = f.size - offset
	}
	return struct {
		io.Reader
		io.Closer
	}{io.NewSectionReader(r, offset, length), r}, nil
}
