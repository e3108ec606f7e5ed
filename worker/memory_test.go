package worker

import (
	"math"
	"runtime/debug"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestParseMemory(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int64{
		"600MiB": 600 << 20, "256MiB": 256 << 20, "2GiB": 2 << 30, "0600MiB": 600 << 20, "8589934591GiB": 8589934591 << 30,
		"": 0, "600": 0, "MiB": 0, "600MB": 0, "600 MiB": 0, "-600MiB": 0, "+600MiB": 0, "1.5GiB": 0, "255MiB": 0, "0GiB": 0, "1TiB": 0,
		"8589934592GiB": 0, "99999999999999999999MiB": 0,
	} {
		got, err := ParseMemory(text)
		require.Equal(t, want, got, text)
		if want == 0 {
			require.EqualError(t, err, `"`+text+`" is no memory bound: it has to be a whole number of MiB or GiB such as 600MiB or 2GiB, at least 256MiB`)
		} else {
			require.NoError(t, err)
		}
	}
}

// TestLimit: the collector's limit is set while a worker runs. It is the process's, so this runs by itself.
func TestLimit(t *testing.T) {
	before := debug.SetMemoryLimit(-1)
	_, restore := (&Options{Memory: 300 << 20}).budget()
	limit := debug.SetMemoryLimit(-1)
	require.Less(t, limit, 300<<20-program())
	require.Greater(t, limit, 250<<20-program())
	require.Positive(t, program())
	restore()
	require.Equal(t, before, debug.SetMemoryLimit(-1))
	require.EqualValues(t, math.MaxInt64, before)
}
