package report

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

// quarter is a box of the unit square.
func quarter(x, y, value float64) box {
	return box{[]float64{x, y}, []float64{x + 0.5, y + 0.5}, value}
}

// TestDecompose compares with functions whose decomposition is known in closed form.
func TestDecompose(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		boxes []box
		want  []share
	}{
		{"one axis alone", []box{quarter(0, 0, 1), quarter(0, 0.5, 1), quarter(0.5, 0, 3), quarter(0.5, 0.5, 3)}, []share{{1, 1}, {0, 0}}},
		{"a sum: 2 x + y", []box{quarter(0, 0, 0), quarter(0, 0.5, 1), quarter(0.5, 0, 2), quarter(0.5, 0.5, 3)}, []share{{0.8, 0.8}, {0.2, 0.2}}},
		{"only together: x xor y", []box{quarter(0, 0, 0), quarter(0, 0.5, 1), quarter(0.5, 0, 1), quarter(0.5, 0.5, 0)}, []share{{0, 1}, {0, 1}}},
		// x and y: means 1/4; by axis the averages are 0 and 1/2, so 1/16 each of the variance 3/16.
		{"x and y", []box{quarter(0, 0, 0), quarter(0, 0.5, 0), quarter(0.5, 0, 0), quarter(0.5, 0.5, 1)}, []share{{1. / 3, 2. / 3}, {1. / 3, 2. / 3}}},
	} {
		got, ok := decompose(c.boxes, 2)
		require.True(t, ok, c.name)
		for i := range c.want {
			require.InDelta(t, c.want[i].main, got[i].main, 1e-12, c.name)
			require.InDelta(t, c.want[i].total, got[i].total, 1e-12, c.name)
		}
	}
	_, ok := decompose([]box{quarter(0, 0, 2), quarter(0, 0.5, 2), quarter(0.5, 0, 2), quarter(0.5, 0.5, 2)}, 2)
	require.False(t, ok, "nothing varies")
}

func TestTicks(t *testing.T) {
	t.Parallel()
	texts := func(all []tick) (s []string) {
		for _, k := range all {
			require.False(t, math.IsNaN(k.at) || k.at < -1e-9 || k.at > 1+1e-9)
			s = append(s, k.text)
		}
		return s
	}
	require.Equal(t, []string{"0", "0.2", "0.4", "0.6", "0.8", "1"}, texts(linearTicks(0, 1, 6)))
	require.Equal(t, []string{"-50", "0", "50", "100"}, texts(linearTicks(-60, 120, 5)))
	require.Equal(t, []string{"3"}, texts(linearTicks(3, 3, 5)))
	require.Equal(t, []string{"0.001", "0.01", "0.1", "1"}, texts(logTicks(0.001, 1)))
	require.Equal(t, []string{"0.02", "0.05", "0.1", "0.2", "0.5"}, texts(logTicks(0.02, 0.5)))
}
