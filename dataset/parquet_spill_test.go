package dataset

import (
	"errors"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestSpillFails: a temporary file that cannot be made is no fault of the input. TMPDIR is the process's, so this runs by itself.
func TestSpillFails(t *testing.T) {
	data := written(t, wideTable(1000, 3), WriteOptions{Media: parquetMedia})
	t.Setenv("TMPDIR", "/proc/none")
	_, err := tryReadAll(newObject("p", data), ReadOptions{Media: parquetMedia, Hold: 1})
	var spilled *SpillError
	require.ErrorAs(t, err, &spilled)
	require.ErrorIs(t, err, os.ErrNotExist)
	require.False(t, errors.As(err, new(*SchemaError)))
}
