package report

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTickText(t *testing.T) {
	t.Parallel()
	for v, want := range map[float64]string{0: "0", 0.1: "0.1", 2000: "2000", 50000: "50,000", -1500000: "-1,500,000", 1e9: "1e+09"} {
		require.Equal(t, want, tickText(v))
	}
}
