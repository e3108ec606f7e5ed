// Package conformance defines what a storage driver is: a driver is done when Run passes on it.
package conformance

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"testing"

	"github.com/batchmill/batchmill/storage"
	"github.com/stretchr/testify/require"
)

// MiB is 2^20 bytes.
const mib = 1 << 20

// fixture is one test's store and a bucket that no other test uses.
type fixture struct {
	storage.Store
	bucket string
	ctx    context.Context
}

// Run tests the driver that open makes. open returns a store and the name of an existing, empty bucket that nothing else
// uses; it is called once per test, and tests run in parallel.
func Run(t *testing.T, open func(t *testing.T) (store storage.Store, bucket string)) {
	suites := []struct {
		name string
		run  func(*testing.T, fixture)
	}{
		{"Sizes", testSizes},
		{"Ranges", testRanges},
		{"Suffix", testSuffix},
		{"EmptyObject", testEmptyObject},
		{"GetIfMatch", testGetIfMatch},
		{"PutWrongSize", testPutWrongSize},
		{"PutFailingReader", testPutFailingReader},
		{"PutCancelled", testPutCancelled},
		{"PutConditions", testPutConditions},
		{"PutRace", testPutRace},
		{"ComposeMixes", testComposeMixes},
		{"ComposeConditions", testComposeConditions},
		{"ComposeRefusals", testComposeRefusals},
		{"ListOrder", testListOrder},
		{"ListMany", testListMany},
		{"ListStops", testListStops},
		{"OddKeys", testOddKeys},
		{"Delete", testDelete},
		{"MissingBucket", testMissingBucket},
		{"EnsureBucket", testEnsureBucket},
		{"CancelledContext", testCancelledContext},
		{"Concurrent", testConcurrent},
		{"Object", testObject},
	}
	for _, s := range suites {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			store, bucket := open(t)
			s.run(t, fixture{store, bucket, t.Context()})
		})
	}
}

func (f fixture) uri(key string) storage.URI { return storage.URI{Bucket: f.bucket, Key: key} }

// put stores data and returns what the store then says of it.
func (f fixture) put(t *testing.T, key string, data []byte) storage.Info {
	t.Helper()
	_, err := storage.WriteAll(f.ctx, f, f.uri(key), data, storage.PutOptions{})
	require.NoError(t, err)
	info, err := f.Stat(f.ctx, f.uri(key))
	require.NoError(t, err)
	return info
}

// read returns what a Get with opt yields.
func (f fixture) read(t *testing.T, key string, opt storage.GetOptions) []byte {
	t.Helper()
	r, _, err := f.Get(f.ctx, f.uri(key), opt)
	require.NoError(t, err)
	defer r.Close()
	data, err := io.ReadAll(r)
	require.NoError(t, err)
	return data
}

// requireContent compares without printing megabytes.
func (f fixture) requireContent(t *testing.T, key string, want []byte) {
	t.Helper()
	requireEqual(t, want, f.read(t, key, storage.GetOptions{}))
}

func (f fixture) requireAbsent(t *testing.T, key string) {
	t.Helper()
	_, err := f.Stat(f.ctx, f.uri(key))
	require.ErrorIs(t, err, storage.ErrNotFound)
}

func requireEqual(t *testing.T, want, got []byte) {
	t.Helper()
	if !bytes.Equal(want, got) {
		at := 0
		for at < min(len(want), len(got)) && want[at] == got[at] {
			at++
		}
		t.Fatalf("content differs at byte %d: want %d bytes, got %d", at, len(want), len(got))
	}
}

func (f fixture) list(t *testing.T, prefix string) []string {
	t.Helper()
	var keys []string
	require.NoError(t, f.List(f.ctx, f.uri(prefix), func(i storage.Info) error {
		keys = append(keys, i.URI.Key)
		return nil
	}))
	return keys
}

// content is n bytes that depend on the seed alone.
func content(n int, seed uint64) []byte {
	var key [32]byte
	copy(key[:], fmt.Sprint(seed))
	b := make([]byte, n)
	rand.NewChaCha8(key).Read(b)
	return b
}

// plain hides every method of a reader but Read.
type plain struct{ io.Reader }
