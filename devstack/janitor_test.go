//go:build !slim

package devstack

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestRemoveStaleUploads(t *testing.T) {
	t.Parallel()
	dir, now := t.TempDir(), time.Now()
	upload := func(key, id string, age time.Duration) string {
		u := filepath.Join(dir, "bucket", ".sgwtmp", "multipart", key, id)
		require.NoError(t, os.MkdirAll(u, 0o700))
		require.NoError(t, os.WriteFile(filepath.Join(u, "1"), []byte("part"), 0o600))
		require.NoError(t, os.Chtimes(u, now, now.Add(-age)))
		return u
	}
	old, alone, fresh := upload("k", "old", 8*24*time.Hour), upload("l", "old", 8*24*time.Hour), upload("k", "fresh", 6*24*time.Hour)
	object := filepath.Join(dir, "bucket", "object")
	require.NoError(t, os.WriteFile(object, nil, 0o600))
	require.NoError(t, os.Chtimes(object, now, now.Add(-time.Hour*24*365)))

	require.NoError(t, removeStaleUploads(dir, now))
	require.NoDirExists(t, old)
	require.NoDirExists(t, filepath.Dir(alone))
	require.DirExists(t, fresh)
	require.FileExists(t, object)
}
