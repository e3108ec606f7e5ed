package s3

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/batchmill/batchmill/storage"
	"github.com/stretchr/testify/require"
)

// TestPlan checks on random mixes what S3 demands of a composition's parts, and that they are the content.
func TestPlan(t *testing.T) {
	t.Parallel()
	const least, target, cut = 50, 160, 1000
	rng := rand.New(rand.NewPCG(1, 2))
	object := make([]byte, 10_000)
	for i := range object {
		object[i] = byte(rng.Uint32())
	}
	bytesOf := func(p storage.Part) []byte {
		if p.Source.IsZero() {
			return p.Bytes
		}
		require.Equal(t, "etag", p.ETag)
		return object[p.Offset : p.Offset+p.Length]
	}
	for range 5000 {
		var parts []storage.Part
		var want []byte
		for range rng.IntN(12) {
			n := int(math.Exp(rng.Float64() * math.Log(4000)))
			p := storage.Part{Source: storage.URI{Bucket: "b", Key: "k"}, ETag: "etag", Offset: int64(rng.IntN(6000)), Length: int64(n)}
			if rng.IntN(3) == 0 {
				p = storage.Part{Bytes: object[:n/3]}
			}
			parts = append(parts, p)
			want = append(want, bytesOf(p)...)
		}
		for _, minimum := range []int64{least, math.MaxInt64} {
			var got []byte
			pieces := plan(parts, minimum, target, cut)
			for i, p := range pieces {
				require.Positive(t, p.size)
				if i < len(pieces)-1 {
					require.GreaterOrEqual(t, p.size, int64(least), "only the last part may be small")
				}
				if p.stream == nil {
					require.LessOrEqual(t, p.size, int64(cut))
					require.GreaterOrEqual(t, p.size, int64(least))
					require.Equal(t, p.size, p.copy.Length)
					require.Less(t, minimum, int64(math.MaxInt64), "nothing is copied")
					got = append(got, bytesOf(p.copy)...)
					continue
				}
				require.LessOrEqual(t, p.size, int64(2*target))
				var size int64
				for _, s := range p.stream {
					got = append(got, bytesOf(s)...)
					size += s.Size()
				}
				require.Equal(t, p.size, size)
			}
			require.True(t, bytes.Equal(want, got))
		}
	}
}

// TestSource cuts content into pieces with readers that behave in every way io.Reader allows.
func TestSource(t *testing.T) {
	t.Parallel()
	lend := func(size int64) []byte { return make([]byte, 0, size) }
	readers := map[string]func(io.Reader) io.Reader{
		"plain": func(r io.Reader) io.Reader { return r }, "one byte": iotest.OneByteReader, "half": iotest.HalfReader,
		"error with data": iotest.DataErrReader,
	}
	for name, wrap := range readers {
		for _, n := range []int{0, 1, 9, 10, 11, 20, 95, 100} {
			for _, size := range []int64{-1, int64(n)} {
				data := []byte(strings.Repeat("abcdefg", 20)[:n])
				src := &source{ctx: t.Context(), r: wrap(bytes.NewReader(data)), lend: lend, left: size}
				var got []byte
				for pieces := 1; ; pieces++ {
					piece, last, err := src.next(nil, 10)
					require.NoError(t, err)
					got = append(got, piece...)
					if last {
						require.Equal(t, max(1, (n+9)/10), pieces, "%s of %d: the last piece is known as such", name, n)
						break
					}
					require.Len(t, piece, 10)
				}
				require.Equal(t, string(data), string(got))
			}
		}
	}
	_, _, err := (&source{ctx: t.Context(), r: iotest.ErrReader(nil), lend: lend, left: -1}).next(nil, 10)
	require.ErrorIs(t, err, io.ErrNoProgress)
}

func TestConfigFromEnv(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, env string
		want      Config
		err       string
	}{
		{"nothing", "", Config{}, ""},
		{"everything", "AWS_ENDPOINT_URL_S3=http://a:1 AWS_ENDPOINT_URL=http://b:2 AWS_REGION=eu-1 AWS_DEFAULT_REGION=eu-2 AWS_ACCESS_KEY_ID=k " +
			"AWS_SECRET_ACCESS_KEY=s AWS_SESSION_TOKEN=t AWS_SHARED_CREDENTIALS_FILE=/f AWS_PROFILE=p",
			Config{Endpoint: "http://a:1", Region: "eu-1", AccessKeyID: "k", SecretAccessKey: "s", SessionToken: "t", CredentialsFile: "/f", Profile: "p"}, ""},
		{"second names", "AWS_ENDPOINT_URL=https://b AWS_DEFAULT_REGION=eu-2", Config{Endpoint: "https://b", Region: "eu-2"}, ""},
		{"half a key", "AWS_ACCESS_KEY_ID=k", Config{}, "together"},
		{"no URL", "AWS_ENDPOINT_URL=localhost:9000", Config{}, "not a URL"},
		{"password in the URL", "AWS_ENDPOINT_URL=http://user:hidden@h", Config{}, "must not carry credentials"},
		{"path in the URL", "AWS_ENDPOINT_URL=http://h/hidden", Config{}, "path"},
	} {
		env := map[string]string{}
		for _, kv := range strings.Fields(c.env) {
			k, v, _ := strings.Cut(kv, "=")
			env[k] = v
		}
		got, err := ConfigFromEnv(func(k string) string { return env[k] })
		if c.err != "" {
			require.ErrorContains(t, err, c.err, c.name)
			require.NotContains(t, err.Error(), "hidden")
			continue
		}
		require.NoError(t, err, c.name)
		require.Equal(t, c.want, got, c.name)
	}
}

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	for _, c := range []Config{
		{PartSize: minPart - 1}, {RetryMin: time.Second, RetryMax: time.Millisecond}, {Concurrency: -1}, {SecretAccessKey: "s"}, {Endpoint: "ftp://h"},
	} {
		_, err := Open(c)
		require.Error(t, err, fmt.Sprintf("%+v", c))
	}
	_, err := Open(Config{})
	require.NoError(t, err, "the zero value is AWS")
}

func TestBackoffDoublesWithinBounds(t *testing.T) {
	t.Parallel()
	s := &Store{cfg: Config{RetryMin: 100, RetryMax: 5000}}
	for n := range 100 {
		want := min(int64(100)<<min(n, 20), 5000)
		got := int64(s.backoff(n))
		require.GreaterOrEqual(t, got, want/2)
		require.LessOrEqual(t, got, want)
	}
}

func TestPartSizeKeepsWithinThePartLimit(t *testing.T) {
	t.Parallel()
	s := &Store{cfg: Config{PartSize: 16 << 20}}
	for _, size := range []int64{-1, 0, 1, 16 << 20, 16 << 20 * maxParts, 16<<20*maxParts + 1, 1 << 40, 5 << 40} {
		p, err := s.partSize(storage.URI{}, size)
		require.NoError(t, err)
		require.LessOrEqual(t, (size+p-1)/p, int64(maxParts))
		require.LessOrEqual(t, p, int64(maxCopy))
	}
	_, err := s.partSize(storage.URI{}, 1<<60)
	require.True(t, errors.Is(err, storage.ErrSize))
}
