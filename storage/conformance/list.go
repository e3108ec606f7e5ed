package conformance

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/batchmill/batchmill/storage"
	"github.com/stretchr/testify/require"
)

// testListOrder: keys come in byte order, not in the order of a walk through folders. No key here is another one's folder: stores
// on a file tree cannot hold "a" beside "a/b".
func testListOrder(t *testing.T, f fixture) {
	keys := []string{"a-b", "a.b", "a/b", "a/b0", "a/c/d", "a00", "a01/x", "aa", "b/Z", "b/a", "b/é", "c"}
	slices.Sort(keys)
	for _, k := range slices.Backward(keys) {
		f.put(t, k, []byte(k))
	}
	require.Equal(t, keys, f.list(t, ""))
	require.Equal(t, []string{"a/b", "a/b0", "a/c/d"}, f.list(t, "a/"))
	require.Equal(t, []string{"a/b", "a/b0"}, f.list(t, "a/b"), "a prefix need not end at a slash")
	require.Empty(t, f.list(t, "nothing/"))
	require.NoError(t, f.List(f.ctx, f.uri("a0"), func(i storage.Info) error {
		require.Equal(t, int64(len(i.URI.Key)), i.Size)
		stat, err := f.Stat(f.ctx, i.URI)
		require.NoError(t, err)
		require.Equal(t, stat.ETag, i.ETag)
		require.Equal(t, f.bucket, i.URI.Bucket)
		return nil
	}))
}

// testListMany crosses page bounds.
func testListMany(t *testing.T, f fixture) {
	var keys []string
	for i := range 3000 {
		keys = append(keys, fmt.Sprintf("many/%02d/%05d", i%30, i))
	}
	slices.Sort(keys)
	var wg sync.WaitGroup
	for chunk := range slices.Chunk(keys, 375) {
		wg.Go(func() {
			for _, k := range chunk {
				if _, err := storage.WriteAll(f.ctx, f, f.uri(k), []byte("x"), storage.PutOptions{}); err != nil {
					t.Errorf("%s: %v", k, err)
				}
			}
		})
	}
	wg.Wait()
	require.Equal(t, keys, f.list(t, "many/"))
	var uris []storage.URI
	for _, k := range keys[:2500] {
		uris = append(uris, f.uri(k))
	}
	require.NoError(t, f.Delete(f.ctx, uris...))
	require.Equal(t, keys[2500:], f.list(t, "many/"))
}

func testListStops(t *testing.T, f fixture) {
	for _, k := range []string{"1", "2", "3"} {
		f.put(t, k, nil)
	}
	stop := errors.New("enough")
	var seen []string
	err := f.List(f.ctx, f.uri(""), func(i storage.Info) error {
		seen = append(seen, i.URI.Key)
		if len(seen) == 2 {
			return stop
		}
		return nil
	})
	require.Equal(t, stop, err, "the error is returned as it is")
	require.Equal(t, []string{"1", "2"}, seen)
}

// oddKeys are the keys users have and URL encoders get wrong.
var oddKeys = []string{
	"with space", "plus+plus", "per%20cent", "100%", "eq=uals/day=1/p.csv", "amp&er;sand", "quo\"te'", "ques?tion#hash", "ünï/çödé",
	"日本/語", "emoji/😀", "tilde~", "star*(paren)", "back\\slash", "comma,semi;colon:at@", "{brace}[bracket]", "trailing.", "<xml>&amp;",
}

func testOddKeys(t *testing.T, f fixture) {
	for i, k := range oddKeys {
		f.put(t, "odd/"+k, content(50, uint64(i)))
	}
	var want []string
	for i, k := range oddKeys {
		want = append(want, "odd/"+k)
		f.requireContent(t, "odd/"+k, content(50, uint64(i)))
		info, err := f.Stat(f.ctx, f.uri("odd/"+k))
		require.NoError(t, err)
		parts := []storage.Part{{Source: info.URI, ETag: info.ETag, Length: 50}, {Bytes: []byte("!")}}
		_, err = f.Compose(f.ctx, f.uri("composed/"+k), parts, storage.PutOptions{})
		require.NoError(t, err, k)
		f.requireContent(t, "composed/"+k, append(content(50, uint64(i)), '!'))
	}
	slices.Sort(want)
	require.Equal(t, want, f.list(t, "odd/"))
	large := content(5*mib, 1)
	odd := "odd/ü +%=&/x y"
	f.put(t, odd, large)
	_, err := f.Compose(f.ctx, f.uri("composed/large +%=é"), []storage.Part{{Source: f.uri(odd), Length: 5 * mib}}, storage.PutOptions{})
	require.NoError(t, err)
	f.requireContent(t, "composed/large +%=é", large)
	var uris []storage.URI
	for _, k := range append(f.list(t, "odd/"), f.list(t, "composed/")...) {
		uris = append(uris, f.uri(k))
	}
	require.NoError(t, f.Delete(f.ctx, uris...))
	require.Empty(t, f.list(t, ""))
}

func testDelete(t *testing.T, f fixture) {
	f.put(t, "d/1", nil)
	f.put(t, "d/2", nil)
	f.put(t, "d/3", nil)
	require.NoError(t, f.Delete(f.ctx))
	require.NoError(t, f.Delete(f.ctx, f.uri("d/1")))
	require.NoError(t, f.Delete(f.ctx, f.uri("d/1")), "absent is not an error")
	require.NoError(t, f.Delete(f.ctx, f.uri("d/0"), f.uri("d/2"), f.uri("d/2")))
	require.Equal(t, []string{"d/3"}, f.list(t, "d/"))
	f.requireAbsent(t, "d/2")
}

func testMissingBucket(t *testing.T, f fixture) {
	uri := storage.URI{Bucket: f.bucket + "-not-there", Key: "k"}
	_, err := f.Stat(f.ctx, uri)
	require.ErrorIs(t, err, storage.ErrNoBucket, "stat")
	_, _, err = f.Get(f.ctx, uri, storage.GetOptions{})
	require.ErrorIs(t, err, storage.ErrNoBucket, "get")
	_, err = storage.WriteAll(f.ctx, f, uri, []byte("x"), storage.PutOptions{})
	require.ErrorIs(t, err, storage.ErrNoBucket, "put")
	_, err = storage.WriteAll(f.ctx, f, uri, content(17*mib, 1), storage.PutOptions{})
	require.ErrorIs(t, err, storage.ErrNoBucket, "multipart put")
	err = f.List(f.ctx, uri, func(storage.Info) error { return nil })
	require.ErrorIs(t, err, storage.ErrNoBucket, "list")
	require.ErrorIs(t, f.Delete(f.ctx, uri), storage.ErrNoBucket, "delete")
	_, err = f.Stat(f.ctx, f.uri("absent"))
	require.ErrorIs(t, err, storage.ErrNotFound)
	_, _, err = f.Get(f.ctx, f.uri("absent"), storage.GetOptions{Offset: -10})
	require.ErrorIs(t, err, storage.ErrNotFound)
	require.NotErrorIs(t, err, storage.ErrNoBucket)
}

func testEnsureBucket(t *testing.T, f fixture) {
	bucket := f.bucket + "-new"
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if err := f.EnsureBucket(f.ctx, bucket); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	uri := storage.URI{Bucket: bucket, Key: "k"}
	_, err := storage.WriteAll(f.ctx, f, uri, []byte("x"), storage.PutOptions{})
	require.NoError(t, err)
	require.NoError(t, f.EnsureBucket(f.ctx, bucket))
	data, info, err := storage.ReadAll(f.ctx, f, uri)
	require.NoError(t, err)
	require.Equal(t, "x", string(data))
	require.Equal(t, uri, info.URI)
}

func testCancelledContext(t *testing.T, f fixture) {
	f.put(t, "k", []byte("x"))
	ctx, cancel := context.WithCancel(f.ctx)
	cancel()
	_, err := f.Stat(ctx, f.uri("k"))
	require.ErrorIs(t, err, context.Canceled)
	_, _, err = f.Get(ctx, f.uri("k"), storage.GetOptions{})
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorIs(t, f.List(ctx, f.uri(""), func(storage.Info) error { return nil }), context.Canceled)
	require.ErrorIs(t, f.Delete(ctx, f.uri("k")), context.Canceled)
	f.requireContent(t, "k", []byte("x"))
}

// testConcurrent has many goroutines use one store; run it with the race detector.
func testConcurrent(t *testing.T, f fixture) {
	var wg sync.WaitGroup
	for i := range 12 {
		wg.Go(func() {
			key := fmt.Sprintf("conc/%d", i)
			data := content(200_000, uint64(i))
			for range 4 {
				if _, err := f.Put(f.ctx, f.uri(key), plain{newReader(data)}, -1, storage.PutOptions{}); err != nil {
					t.Error(err)
					return
				}
				got, _, err := storage.ReadAll(f.ctx, f, f.uri(key))
				if err != nil || string(got) != string(data) {
					t.Errorf("%s: %d bytes, %v", key, len(got), err)
				}
			}
		})
	}
	wg.Wait()
	require.Len(t, f.list(t, "conc/"), 12)
}
