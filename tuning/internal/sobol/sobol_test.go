package sobol

import (
	"math"
	"testing"
)

// The values are scipy.stats.qmc.Sobol(64, scramble=False)'s, and for the first coordinates Joe and Kuo's own.
func TestPlainAgreesWithScipy(t *testing.T) {
	t.Parallel()
	columns := []int{0, 1, 2, 3, 7, 20, 40, 63}
	for _, row := range []struct {
		index uint32
		want  []float64
	}{
		{0, []float64{0, 0, 0, 0, 0, 0, 0, 0}},
		{1, []float64{0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5}},
		{2, []float64{0.75, 0.25, 0.25, 0.25, 0.75, 0.25, 0.25, 0.75}},
		{3, []float64{0.25, 0.75, 0.75, 0.75, 0.25, 0.75, 0.75, 0.25}},
		{4, []float64{0.375, 0.375, 0.625, 0.875, 0.875, 0.125, 0.875, 0.125}},
		{5, []float64{0.875, 0.875, 0.125, 0.375, 0.375, 0.625, 0.375, 0.625}},
		{6, []float64{0.625, 0.125, 0.875, 0.625, 0.125, 0.375, 0.625, 0.875}},
		{7, []float64{0.125, 0.625, 0.375, 0.125, 0.625, 0.875, 0.125, 0.375}},
		{100, []float64{0.4140625, 0.2578125, 0.7734375, 0.7265625, 0.4765625, 0.7578125, 0.7109375, 0.6484375}},
		{777, []float64{0.6923828125, 0.9365234375, 0.1630859375, 0.2744140625, 0.7626953125, 0.2373046875, 0.7216796875, 0.4267578125}},
		{1023, []float64{0.0009765625, 0.7529296875, 0.6123046875, 0.1455078125, 0.6181640625, 0.8662109375, 0.6318359375, 0.0400390625}},
	} {
		x := make([]float64, Dimensions)
		Plain(x, row.index)
		for i, c := range columns {
			if x[c] != row.want[i] {
				t.Errorf("point %d, coordinate %d: %v, want %v", row.index, c, x[c], row.want[i])
			}
		}
	}
}

// A (0, m, 1)-net puts one of 2^m points into each of 2^m intervals, on every axis; scrambling keeps that.
func TestScramblingKeepsEvenness(t *testing.T) {
	t.Parallel()
	const n = 256
	for _, seed := range []uint64{0, 1, 1 << 60} {
		var seen [Dimensions][n]bool
		x := make([]float64, Dimensions)
		for i := range uint32(n) {
			Point(x, i, seed)
			for d, v := range x {
				if v <= 0 || v >= 1 {
					t.Fatalf("seed %d, point %d: %v is not inside (0, 1)", seed, i, v)
				}
				cell := int(math.Floor(v * n))
				if seen[d][cell] {
					t.Fatalf("seed %d, coordinate %d: two points in interval %d of %d", seed, d, cell, n)
				}
				seen[d][cell] = true
			}
		}
	}
}

func TestSeedsDiffer(t *testing.T) {
	t.Parallel()
	a, b := make([]float64, 3), make([]float64, 3)
	Point(a, 5, 1)
	Point(b, 5, 2)
	if a[0] == b[0] || a[1] == b[1] || a[2] == b[2] {
		t.Errorf("seeds 1 and 2 share coordinates: %v, %v", a, b)
	}
}
