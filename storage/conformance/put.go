package conformance

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"testing"

	"github.com/batchmill/batchmill/storage"
	"github.com/stretchr/testify/require"
)

func newReader(data []byte) io.Reader { return bytes.NewReader(data) }

// failing yields n bytes and then err.
func failing(n int, err error) io.Reader {
	return plain{io.MultiReader(newReader(content(n, 9)), errReader{err})}
}

type errReader struct{ err error }

func (r errReader) Read([]byte) (int, error) { return 0, r.err }

// onRead calls fn before it reads.
type onRead struct{ fn func() }

func (r onRead) Read([]byte) (int, error) { r.fn(); return 0, io.EOF }

// testPutWrongSize: a reader shorter or longer than declared stores nothing.
func testPutWrongSize(t *testing.T, f fixture) {
	for _, c := range []struct {
		have int
		said int64
	}{{0, 1}, {10, 11}, {11, 10}, {1, 0}, {17 * mib, 18 * mib}, {18 * mib, 17 * mib}, {10, 17 * mib}, {17 * mib, 10}} {
		key := fmt.Sprintf("wrong/%d-%d", c.have, c.said)
		_, err := f.Put(f.ctx, f.uri(key), plain{newReader(content(c.have, 1))}, c.said, storage.PutOptions{})
		require.ErrorIs(t, err, storage.ErrSize, key)
		f.requireAbsent(t, key)
	}
}

// testPutFailingReader: whatever the reader fails with, and wherever, nothing appears and what was there stays.
func testPutFailingReader(t *testing.T, f fixture) {
	boom := errors.New("boom")
	old := content(100, 1)
	for i, c := range []struct {
		n   int
		err error
	}{
		{0, boom}, {10, boom}, {10, io.ErrUnexpectedEOF}, {10, fmt.Errorf("wrapped: %w", io.EOF)},
		{16 * mib, boom}, {17 * mib, io.ErrUnexpectedEOF}, {17 * mib, fmt.Errorf("wrapped: %w", io.EOF)},
	} {
		for _, size := range []int64{-1, int64(c.n) + 5} {
			fresh, kept := fmt.Sprintf("fail/%d/%d", i, size), fmt.Sprintf("kept/%d/%d", i, size)
			_, err := f.Put(f.ctx, f.uri(fresh), failing(c.n, c.err), size, storage.PutOptions{})
			require.ErrorIs(t, err, c.err)
			f.requireAbsent(t, fresh)
			f.put(t, kept, old)
			_, err = f.Put(f.ctx, f.uri(kept), failing(c.n, c.err), size, storage.PutOptions{})
			require.ErrorIs(t, err, c.err)
			f.requireContent(t, kept, old)
		}
	}
}

// testPutCancelled: cancelling in mid-Put leaves the old object, or none.
func testPutCancelled(t *testing.T, f fixture) {
	old := content(100, 1)
	f.put(t, "cancel/old", old)
	for _, n := range []int{10, 20 * mib} {
		for _, key := range []string{"cancel/old", "cancel/new"} {
			ctx, cancel := context.WithCancel(f.ctx)
			r := io.MultiReader(newReader(content(n, 2)), onRead{cancel}, newReader(content(n, 3)))
			_, err := f.Put(ctx, f.uri(key), plain{r}, -1, storage.PutOptions{})
			require.ErrorIs(t, err, context.Canceled)
			cancel()
		}
	}
	f.requireContent(t, "cancel/old", old)
	f.requireAbsent(t, "cancel/new")
}

// testPutConditions runs every condition on single and multipart puts.
func testPutConditions(t *testing.T, f fixture) {
	for _, n := range []int{100, 17 * mib} {
		key := fmt.Sprintf("cond/%d", n)
		put := func(seed uint64, opt storage.PutOptions) (storage.Info, error) {
			return storage.WriteAll(f.ctx, f, f.uri(key), content(n, seed), opt)
		}
		_, err := put(1, storage.PutOptions{IfMatch: "0123456789abcdef0123456789abcdef"})
		require.ErrorIs(t, err, storage.ErrPrecondition, "If-Match on an absent object")
		f.requireAbsent(t, key)
		first, err := put(2, storage.PutOptions{IfNoneMatch: true})
		require.NoError(t, err)
		_, err = put(3, storage.PutOptions{IfNoneMatch: true})
		require.ErrorIs(t, err, storage.ErrPrecondition)
		f.requireContent(t, key, content(n, 2))
		second, err := put(4, storage.PutOptions{IfMatch: first.ETag})
		require.NoError(t, err)
		require.NotEqual(t, first.ETag, second.ETag)
		_, err = put(5, storage.PutOptions{IfMatch: first.ETag})
		require.ErrorIs(t, err, storage.ErrPrecondition)
		f.requireContent(t, key, content(n, 4))
	}
}

// testPutRace: of sixteen writers of an absent key exactly one succeeds, and it is the one whose content stays.
func testPutRace(t *testing.T, f fixture) {
	for round := range 5 {
		uri := f.uri(fmt.Sprintf("race/%d", round))
		var wg sync.WaitGroup
		errs := make([]error, 16)
		start := make(chan struct{})
		for i := range errs {
			wg.Go(func() {
				<-start
				_, errs[i] = storage.WriteAll(f.ctx, f, uri, content(1000, uint64(i)), storage.PutOptions{IfNoneMatch: true})
			})
		}
		close(start)
		wg.Wait()
		winner := -1
		for i, err := range errs {
			if err == nil {
				require.Equal(t, -1, winner, "two writers won")
				winner = i
				continue
			}
			require.ErrorIs(t, err, storage.ErrPrecondition)
		}
		require.NotEqual(t, -1, winner, "no writer won")
		f.requireContent(t, uri.Key, content(1000, uint64(winner)))
	}
}
