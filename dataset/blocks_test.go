package dataset

import (
	"bytes"
	"io"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestBlocks: what is written in pieces of any size is read back in ranges of any size, as from a bytes.Buffer.
func TestBlocks(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 2))
	var b blocks
	for range 2 { // the second round uses the first one's memory
		var want bytes.Buffer
		for want.Len() < 3<<20 {
			p := make([]byte, rng.IntN(1<<rng.IntN(20)))
			for i := range p {
				p[i] = byte(rng.Uint32())
			}
			want.Write(p)
			n, err := b.Write(p)
			require.NoError(t, err)
			require.Equal(t, len(p), n)
		}
		require.EqualValues(t, want.Len(), b.Size())
		for range 100 {
			from := rng.IntN(want.Len())
			length := rng.IntN(want.Len() - from)
			var got bytes.Buffer
			require.NoError(t, b.each(int64(from), int64(length), func(p []byte) error {
				got.Write(p)
				return nil
			}))
			require.True(t, bytes.Equal(want.Bytes()[from:from+length], got.Bytes()))
			r, err := b.Open(t.Context(), int64(from), int64(length))
			require.NoError(t, err)
			read, err := io.ReadAll(r)
			require.NoError(t, err)
			if length > 0 { // 0 is to the end
				require.True(t, bytes.Equal(got.Bytes(), read))
			}
		}
		require.ErrorIs(t, b.each(b.Size()-1, 2, func([]byte) error { return nil }), io.ErrUnexpectedEOF)
		require.Less(t, len(b.pieces), 16)
		b.reset()
		require.Zero(t, b.Size())
	}
}
