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

// TestTrialTicks: every tick is there, whatever rounding does to its place.
func TestTrialTicks(t *testing.T) {
	t.Parallel()
	for trials, want := range map[float64][]string{
		2:     {"1", "2"},
		8:     {"1", "2", "3", "4", "5", "6", "7", "8"},
		750:   {"100", "200", "300", "400", "500", "600", "700"},
		10000: {"1000", "2000", "3000", "4000", "5000", "6000", "7000", "8000", "9000", "10,000"},
	} {
		var got []string
		for _, tick := range trialTicks(trials) {
			got = append(got, tick.text)
		}
		require.Equal(t, want, got)
	}
}
