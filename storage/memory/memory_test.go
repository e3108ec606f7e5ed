package memory_test

import (
	"testing"

	"github.com/batchmill/batchmill/storage"
	"github.com/batchmill/batchmill/storage/conformance"
	"github.com/batchmill/batchmill/storage/memory"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	conformance.Run(t, func(*testing.T) (storage.Store, string) { return memory.New("bucket"), "bucket" })
}
