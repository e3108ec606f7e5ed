package storage_test

import (
	"context"
	"errors"
	"fmt"
	"hash/crc64"
	"io"
	"math/rand/v2"
	"testing"

	"github.com/batchmill/batchmill/storage"
	"github.com/batchmill/batchmill/storage/memory"
	"github.com/stretchr/testify/require"
)

// TestCRC64 checks against the value published with the polynomial and against the standard library's generic CRC.
func TestCRC64(t *testing.T) {
	t.Parallel()
	require.Equal(t, uint64(0xae8b14860a799888), storage.CRC64([]byte("123456789")), "the CRC catalogue's check value")
	table := crc64.MakeTable(0x9a6c9329ac4bc9b5)
	rng := rand.New(rand.NewPCG(3, 4))
	for range 2000 {
		data := make([]byte, rng.IntN(3000))
		for i := range data {
			data[i] = byte(rng.Uint32())
		}
		whole := storage.CRC64(data)
		require.Equal(t, crc64.Checksum(data, table), whole)
		cut := rng.IntN(len(data) + 1)
		a, b := data[:cut], data[cut:]
		require.Equal(t, whole, storage.CombineCRC64(storage.CRC64(a), storage.CRC64(b), int64(len(b))))
		h := storage.NewCRC64()
		h.Write(a)
		h.Write(b)
		require.Equal(t, whole, h.Sum64())
		back, err := storage.ParseCRC64(storage.FormatCRC64(whole))
		require.NoError(t, err)
		require.Equal(t, whole, back)
	}
	big := make([]byte, 3<<20)
	require.Equal(t, storage.CRC64(append([]byte("head"), big...)),
		storage.CombineCRC64(storage.CRC64([]byte("head")), storage.CRC64(big), int64(len(big))))
	for _, s := range []string{"", "AAAA", "not base64!", "AAAAAAAAAAAAAAAAAAAA"} {
		_, err := storage.ParseCRC64(s)
		require.Error(t, err, s)
	}
}

func TestURI(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		in   string
		want storage.URI
		ok   bool
	}{
		{"s3://b/k", storage.URI{Bucket: "b", Key: "k"}, true},
		{"s3://b/dir/k=1/ü x", storage.URI{Bucket: "b", Key: "dir/k=1/ü x"}, true},
		{"s3://b/", storage.URI{Bucket: "b"}, true},
		{"s3://b", storage.URI{Bucket: "b"}, true},
		{"s3:///k", storage.URI{}, false},
		{"s3://", storage.URI{}, false},
		{"b/k", storage.URI{}, false},
		{"https://b/k", storage.URI{}, false},
		{"", storage.URI{}, false},
	} {
		got, err := storage.ParseURI(c.in)
		require.Equal(t, c.ok, err == nil, c.in)
		require.Equal(t, c.want, got, c.in)
	}
	u := storage.URI{Bucket: "b"}
	require.Equal(t, "s3://b/out/day=1/p.csv.out", u.Join("out/", "/day=1", "p.csv.out").String())
	require.Equal(t, "p.csv", u.Join("x", "p.csv").Base())
	require.Equal(t, "p", u.Join("p").Base())
	require.True(t, storage.URI{}.IsZero())
}

func FuzzParseURI(f *testing.F) {
	f.Add("s3://bucket/key")
	f.Add("s3://b//")
	f.Fuzz(func(t *testing.T, s string) {
		u, err := storage.ParseURI(s)
		if err != nil {
			return
		}
		again, err := storage.ParseURI(u.String())
		require.NoError(t, err)
		require.Equal(t, u, again)
	})
}

func TestOpError(t *testing.T) {
	t.Parallel()
	u := storage.URI{Bucket: "b", Key: "k"}
	cause := errors.New("connection refused")
	for _, c := range []struct {
		err  *storage.OpError
		want string
	}{
		{&storage.OpError{Op: "put", URI: u, Kind: storage.ErrAccessDenied, Code: "SignatureDoesNotMatch", Status: 403},
			"storage: put s3://b/k: access denied (SignatureDoesNotMatch, 403)"},
		{&storage.OpError{Op: "get", URI: u, Kind: storage.ErrUnavailable, Err: cause},
			"storage: get s3://b/k: service unavailable: connection refused"},
		{&storage.OpError{Op: "get", URI: u, Err: context.Canceled}, "storage: get s3://b/k: context canceled"},
		{&storage.OpError{Op: "get", URI: u}, "storage: get s3://b/k: failed"},
	} {
		require.EqualError(t, c.err, c.want)
	}
	err := fmt.Errorf("shard 3: %w", &storage.OpError{Op: "get", URI: u, Kind: storage.ErrUnavailable, Err: cause})
	require.ErrorIs(t, err, storage.ErrUnavailable)
	require.ErrorIs(t, err, cause)
}

// Example stores an object once and reads a piece of it, pinned to its version.
func Example() {
	ctx := context.Background()
	store := memory.New("demo") // or s3.Open
	uri, _ := storage.ParseURI("s3://demo/raw/hello.txt")
	info, err := storage.WriteAll(ctx, store, uri, []byte("hello, world"), storage.PutOptions{IfNoneMatch: true})
	if err != nil {
		panic(err)
	}
	_, err = storage.WriteAll(ctx, store, uri, []byte("again"), storage.PutOptions{IfNoneMatch: true})
	fmt.Println(errors.Is(err, storage.ErrPrecondition))

	object := storage.NewObject(store, info)
	r, err := object.Open(ctx, 7, 0)
	if err != nil {
		panic(err)
	}
	defer r.Close()
	rest, _ := io.ReadAll(r)
	fmt.Println(object.Name(), string(rest))
	// Output:
	// true
	// s3://demo/raw/hello.txt world
}

// ExampleCombineCRC64 gets the checksum of an assembled object from those of its pieces.
func ExampleCombineCRC64() {
	a, b := []byte("shard 0\n"), []byte("shard 1\n")
	combined := storage.CombineCRC64(storage.CRC64(a), storage.CRC64(b), int64(len(b)))
	fmt.Println(combined == storage.CRC64([]byte("shard 0\nshard 1\n")))
	// Output: true
}
