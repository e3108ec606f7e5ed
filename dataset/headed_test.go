package dataset

import (
	"bytes"
	"compress/gzip"
	"io"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestWithHead: any range reads as without a head; the top is fetched once, and what lies behind it only if somebody gets there.
func TestWithHead(t *testing.T) {
	t.Parallel()
	data := make([]byte, 3*headBytes+17)
	r := rand.New(rand.NewPCG(1, 2))
	for i := range data {
		data[i] = byte(r.Uint32())
	}
	for _, size := range []int{1, 100, headBytes, headBytes + 1, len(data)} {
		inner := newObject("a", data[:size])
		obj := WithHead(inner)
		for _, length := range []int{0, 1, size / 2, size} {
			for _, offset := range []int{0, size / 3} {
				if offset+length > size {
					continue
				}
				s, err := obj.Open(t.Context(), int64(offset), int64(length))
				require.NoError(t, err)
				got, err := io.ReadAll(s)
				require.NoError(t, err)
				require.NoError(t, s.Close())
				end := offset + length
				if length == 0 {
					end = size
				}
				require.True(t, bytes.Equal(data[offset:end], got), "%d bytes from %d of %d", length, offset, size)
			}
		}
	}
	inner := newObject("a", data)
	obj := WithHead(inner)
	for range 3 {
		s, err := obj.Open(t.Context(), 0, 0)
		require.NoError(t, err)
		_, err = io.ReadFull(s, make([]byte, headBytes))
		require.NoError(t, err)
		require.NoError(t, s.Close())
	}
	require.EqualValues(t, 1, inner.opens.Load())
	require.EqualValues(t, headBytes, inner.bytes.Load())
}

// TestRawReader: records come as they are written, in every format that has any.
func TestRawReader(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		media, data string
		want        []string
	}{
		"CSV":            {"text/csv;header=present", "\xef\xbb\xbfa,b\r\n1,\"x\ny\"\r\n\r\n2, 3", []string{"1,\"x\ny\"", "2, 3"}},
		"JSON Lines":     {"application/jsonlines", " {\"a\": 1}\n0.5\nnot json\n", []string{` {"a": 1}`, "0.5", "not json"}},
		"JSON":           {"application/json", `{"id":1,"predictions":[{"a":1}, [2] ,3]}`, []string{`{"a":1}`, "[2]", "3"}},
		"libsvm":         {"text/libsvm", "# none\n1 2:3\n", []string{"1 2:3"}},
		"RecordIO":       {"application/x-recordio-protobuf", "\x0a\x23\xd7\xce\x03\x00\x00\x00abc\x00", []string{"abc"}},
		"gzip":           {"text/csv", string(gzipBytes(t, []byte("1,2\n3,4\n"))), []string{"1,2", "3,4"}},
		"nothing but CR": {"text/csv", "\r\n\n", nil},
	} {
		r, err := NewRawReader(t.Context(), newObject(name, []byte(c.data)), mustMedia(t, c.media))
		require.NoError(t, err, name)
		var got []string
		for {
			b, err := r.Next()
			if err == io.EOF {
				break
			}
			require.NoError(t, err, name)
			for i := range int(b.NumRows()) {
				got = append(got, string(BytesAt(b.Column(0), i)))
			}
			b.Release()
		}
		require.NoError(t, r.Close())
		require.Equal(t, c.want, got, name)
	}
	r, err := NewRawReader(t.Context(), newObject("a", []byte("1\n\"open\n2\n")), mustMedia(t, "text/csv"))
	require.NoError(t, err)
	b, err := r.Next() // an unclosed quote is the parser's to complain about
	require.NoError(t, err)
	require.EqualValues(t, 2, b.NumRows())
}

func gzipBytes(t *testing.T, data []byte) []byte {
	t.Helper()
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	_, err := z.Write(data)
	require.NoError(t, err)
	require.NoError(t, z.Close())
	return packed.Bytes()
}
