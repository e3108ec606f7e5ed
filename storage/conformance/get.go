package conformance

import (
	"fmt"
	"io"
	"testing"

	"github.com/batchmill/batchmill/storage"
	"github.com/stretchr/testify/require"
)

// testSizes stores sizes around the bounds of parts, with the size told and not told, and reads them back.
func testSizes(t *testing.T, f fixture) {
	for _, n := range []int{0, 1, 1000, 5*mib - 1, 5 * mib, 16*mib - 1, 16 * mib, 16*mib + 1, 20 * mib} {
		data := content(n, uint64(n))
		for _, size := range []int64{int64(n), -1} {
			key := fmt.Sprintf("sizes/%d/%d", n, size)
			info, err := f.Put(f.ctx, f.uri(key), plain{newReader(data)}, size, storage.PutOptions{ContentType: "text/csv"})
			require.NoError(t, err, key)
			require.Equal(t, int64(n), info.Size, key)
			require.Equal(t, f.uri(key), info.URI)
			require.NotEmpty(t, info.ETag)
			f.requireContent(t, key, data)
			stat, err := f.Stat(f.ctx, f.uri(key))
			require.NoError(t, err)
			require.Equal(t, info.ETag, stat.ETag)
			require.Equal(t, info.Size, stat.Size)
			require.False(t, stat.ModTime.IsZero())
		}
	}
}

func testRanges(t *testing.T, f fixture) {
	data := content(100_000, 1)
	info := f.put(t, "r", data)
	for _, c := range []struct {
		offset, length int64
		want           []byte
		err            error
	}{
		{0, 0, data, nil},
		{0, 1, data[:1], nil},
		{0, 100_000, data, nil},
		{99_999, 1, data[99_999:], nil},
		{50_000, 0, data[50_000:], nil},
		{12_345, 6_789, data[12_345:19_134], nil},
		{100_000, 0, nil, nil},
		{100_000, 1, nil, storage.ErrRange},
		{100_001, 0, nil, storage.ErrRange},
		{99_999, 2, nil, storage.ErrRange},
		{0, 100_001, nil, storage.ErrRange},
		{5, -1, nil, storage.ErrRange},
		{-5, 5, nil, storage.ErrRange},
	} {
		t.Run(fmt.Sprintf("%d+%d", c.offset, c.length), func(t *testing.T) {
			r, got, err := f.Get(f.ctx, f.uri("r"), storage.GetOptions{Offset: c.offset, Length: c.length})
			if c.err != nil {
				require.ErrorIs(t, err, c.err)
				return
			}
			require.NoError(t, err)
			defer r.Close()
			require.Equal(t, info.Size, got.Size, "Info is of the whole object")
			require.Equal(t, info.ETag, got.ETag)
			b, err := io.ReadAll(r)
			require.NoError(t, err)
			requireEqual(t, c.want, b)
		})
	}
}

func testSuffix(t *testing.T, f fixture) {
	data := content(1000, 2)
	f.put(t, "s", data)
	requireEqual(t, data[999:], f.read(t, "s", storage.GetOptions{Offset: -1}))
	requireEqual(t, data[500:], f.read(t, "s", storage.GetOptions{Offset: -500}))
	requireEqual(t, data, f.read(t, "s", storage.GetOptions{Offset: -1000}))
	requireEqual(t, data, f.read(t, "s", storage.GetOptions{Offset: -65536}))
}

func testEmptyObject(t *testing.T, f fixture) {
	info := f.put(t, "e", nil)
	require.Zero(t, info.Size)
	require.Empty(t, f.read(t, "e", storage.GetOptions{}))
	require.Empty(t, f.read(t, "e", storage.GetOptions{Offset: -65536}))
	require.Empty(t, f.read(t, "e", storage.GetOptions{IfMatch: info.ETag}))
	_, _, err := f.Get(f.ctx, f.uri("e"), storage.GetOptions{Length: 1})
	require.ErrorIs(t, err, storage.ErrRange)
	_, _, err = f.Get(f.ctx, f.uri("e"), storage.GetOptions{Offset: -1, IfMatch: "0123456789abcdef0123456789abcdef"})
	require.ErrorIs(t, err, storage.ErrPrecondition)
}

func testGetIfMatch(t *testing.T, f fixture) {
	old := f.put(t, "m", content(1000, 3))
	requireEqual(t, content(1000, 3), f.read(t, "m", storage.GetOptions{IfMatch: old.ETag}))
	f.put(t, "m", content(1000, 4))
	for _, opt := range []storage.GetOptions{{}, {Offset: 10, Length: 5}, {Offset: -7}} {
		opt.IfMatch = old.ETag
		_, _, err := f.Get(f.ctx, f.uri("m"), opt)
		require.ErrorIs(t, err, storage.ErrPrecondition)
	}
}

// testObject reads through storage.Object, which must notice that the object was replaced.
func testObject(t *testing.T, f fixture) {
	data := content(5000, 5)
	o := storage.NewObject(f, f.put(t, "o", data))
	require.Equal(t, "s3://"+f.bucket+"/o", o.Name())
	require.Equal(t, int64(5000), o.Size())
	for _, c := range [][2]int64{{0, 0}, {0, 5000}, {100, 200}, {4999, 1}, {5000, 0}} {
		r, err := o.Open(f.ctx, c[0], c[1])
		require.NoError(t, err)
		got, err := io.ReadAll(r)
		require.NoError(t, err)
		require.NoError(t, r.Close())
		end := c[0] + c[1]
		if c[1] == 0 {
			end = 5000
		}
		requireEqual(t, data[c[0]:end], got)
	}
	_, err := o.Open(f.ctx, 4999, 2)
	require.ErrorIs(t, err, storage.ErrRange)
	f.put(t, "o", content(5000, 6))
	_, err = o.Open(f.ctx, 0, 10)
	require.ErrorIs(t, err, storage.ErrPrecondition)
}
