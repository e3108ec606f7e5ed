// Package testdata finds the public data sets that tests and benchmarks run on.
package testdata

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

// Path returns the path of a file of the shared data folder: $BATCHMILL_DATA, else ../shared/data beside the module's
// root. The test is skipped where the file is not there.
func Path(t testing.TB, elem ...string) string {
	t.Helper()
	root := os.Getenv("BATCHMILL_DATA")
	if root == "" {
		_, file, _, _ := runtime.Caller(0)
		root = filepath.Join(filepath.Dir(file), "..", "..", "..", "shared", "data")
	}
	p := filepath.Join(append([]string{root}, elem...)...)
	if _, err := os.Stat(p); err != nil {
		t.Skipf("shared data not here (set BATCHMILL_DATA): %v", err)
	}
	return p
}
