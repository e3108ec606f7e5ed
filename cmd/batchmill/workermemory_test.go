package main

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// TestWorkerMemory: the flag goes before the environment, and what is wrong is named. The environment is the process's, so this runs by
// itself.
func TestWorkerMemory(t *testing.T) {
	for _, c := range []struct {
		flag, environment string
		want              int64
		fault             string
	}{
		{"", "", 0, ""},
		{"", "2GiB", 2 << 30, ""},
		{"700MiB", "2GiB", 700 << 20, ""},
		{"700MiB", "much", 700 << 20, ""},
		{"", "much", 0, memoryVariable + `: "much" is no memory bound`},
		{"", "10MiB", 0, "at least 256MiB"},
	} {
		t.Setenv(memoryVariable, c.environment)
		var m memoryFlag
		if c.flag != "" {
			require.NoError(t, m.Set(c.flag))
			require.Equal(t, c.flag, m.String())
		}
		got, err := m.bound()
		require.Equal(t, c.want, got)
		if c.fault == "" {
			require.NoError(t, err)
		} else {
			require.ErrorContains(t, err, c.fault)
			require.Equal(t, exitUsage, exitCode(err))
		}
	}
}
