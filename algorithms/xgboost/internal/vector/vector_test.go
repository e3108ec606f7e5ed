package vector

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

// sample is every 2039th float32, of all sizes and both signs, and the places where something changes.
func sample() []float32 {
	values := []float32{0, float32(math.Copysign(0, -1)), 1, -1, 0.5, math.MaxFloat32, -math.MaxFloat32, math.SmallestNonzeroFloat32,
		float32(math.Inf(1)), float32(math.Inf(-1)), float32(math.NaN()), 88.7, 88.72283, 88.73, 89, -87.3, -87.4, -103.9, -104, -104.1, 1e-16}
	for b := uint64(0); b < 1<<32; b += 2039 {
		values = append(values, math.Float32frombits(uint32(b)))
	}
	return values
}

func same(a, b float32) bool {
	return math.Float32bits(a) == math.Float32bits(b) || a != a && b != b
}

// A run of numbers gives the bits that each number gives alone: alone, the plain Go does it.
func TestKernelsEqualPlainGo(t *testing.T) {
	t.Parallel()
	a := sample()
	b := append(append([]float32{}, a[len(a)/3:]...), a[:len(a)/3]...)
	c := append(append([]float32{}, a[len(a)/2+5:]...), a[:len(a)/2+5]...)
	for _, f := range []struct {
		name string
		do   func(dst, x, y []float32)
	}{
		{"Exp", func(dst, x, _ []float32) { Exp(dst, x) }},
		{"Sigmoid", func(dst, x, _ []float32) { Sigmoid(dst, x) }},
		{"Subtract", Subtract},
		{"Max", func(dst, x, y []float32) { copy(dst, x); Max(dst, y) }},
		{"Multiply", func(dst, x, y []float32) { copy(dst, x); Multiply(dst, y) }},
		{"Divide", func(dst, x, y []float32) { copy(dst, x); Divide(dst, y) }},
		{"Variance", func(dst, x, _ []float32) { Variance(dst, x, 2, 1e-16) }},
		{"ExpLess", func(dst, x, y []float32) { ExpLess(dst, x, y, make([]float32, len(x))) }},
		{"ExpLess, sums", func(dst, x, y []float32) { copy(dst, x); ExpLess(make([]float32, len(x)), x, y, dst) }},
	} {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			for _, second := range [][]float32{b, c} {
				got, want := make([]float32, len(a)), make([]float32, 1)
				f.do(got, a, second)
				for i := range a {
					f.do(want, a[i:i+1], second[i:i+1])
					if !same(got[i], want[0]) {
						require.Failf(t, f.name, "of %v and %v: %v instead of %v", a[i], second[i], got[i], want[0])
					}
				}
			}
		})
	}
}

// ulps is how many float32 lie between a value and the exact one.
func ulps(got float32, exact float64) float64 {
	near := float32(exact)
	unit := float64(math.Nextafter32(near, float32(math.Inf(1)))) - float64(near)
	return math.Abs(float64(got)-exact) / unit
}

func TestAccuracy(t *testing.T) {
	t.Parallel()
	var x []float32
	for v := -103.0; v < 88.7; v += 5e-4 {
		x = append(x, float32(v))
	}
	dst := make([]float32, len(x))
	Exp(dst, x)
	worst := 0.0
	for i, v := range x {
		worst = max(worst, ulps(dst[i], math.Exp(float64(v))))
	}
	require.Less(t, worst, 1.0)
	Sigmoid(dst, x)
	worst = 0
	for i, v := range x {
		if v > -87 {
			worst = max(worst, ulps(dst[i], 1/(1+math.Exp(-float64(v)))))
		}
	}
	require.Less(t, worst, 2.5)
}

func TestEnds(t *testing.T) {
	t.Parallel()
	inf, nan := float32(math.Inf(1)), float32(math.NaN())
	x := []float32{-inf, -1000, 0, 1000, inf, nan}
	dst := make([]float32, len(x))
	Exp(dst, x)
	require.Equal(t, []float32{0, 0, 1, inf, inf}, dst[:5])
	require.True(t, dst[5] != dst[5])
	Sigmoid(dst, x)
	require.Equal(t, []float32{0.5, 1, 1}, dst[2:5])
	require.InDelta(t, 1/(1+math.Exp(88.7)), dst[0], 1e-43, "XGBoost's smallest")
	require.True(t, dst[5] != dst[5])
}

func TestSquares(t *testing.T) {
	t.Parallel()
	for _, n := range []int{0, 1, 7, 8, 9, 1000, 1003} {
		a, b, want := make([]float32, n), make([]float32, n), [lanes]float64{}
		for i := range a {
			a[i], b[i] = float32(math.Sin(float64(i))), float32(math.Cos(float64(3*i)))
			want[i%lanes] += float64((float64(a[i]) - float64(b[i])) * (float64(a[i]) - float64(b[i])))
		}
		require.Equal(t, math.Float64bits(fold(&want)), math.Float64bits(Squares(a, b)), "%d", n)
	}
}

func TestLogLikelihood(t *testing.T) {
	t.Parallel()
	for _, n := range []int{0, 1, 7, 8, 127, 128, 129, 5003} {
		p, y, want := make([]float32, n), make([]float32, n), 0.0
		for i := range p {
			p[i] = float32(math.Abs(math.Sin(float64(i * i))))
			if i%50 == 0 {
				p[i] = float32(i / 50 % 2) // certain, and half the time wrong
			}
			q := 1 - float64(p[i])
			if i%3 == 0 {
				y[i], q = 1, float64(p[i])
			}
			want += math.Log(max(q, minProbability))
		}
		got, ok := LogLikelihood(p, y)
		require.True(t, ok)
		require.InDelta(t, want, got, 1e-11*math.Abs(want), "%d", n)
		if n > 0 {
			y[n/2] = 0.5
			_, ok = LogLikelihood(p, y)
			require.False(t, ok, "%d: a label that is no class", n)
			y[n/2], p[n-1] = 1, float32(math.NaN())
			got, ok = LogLikelihood(p, y)
			require.True(t, ok && got != got, "%d: NaN", n)
		}
	}
}

// The products of a run have the bits of those of its parts, which plain Go multiplies.
func TestMultiplyOwn(t *testing.T) {
	t.Parallel()
	a := sample()
	for i := range a { // probabilities
		a[i] = sigmoid(a[i])
	}
	y := make([]float32, len(a))
	for i := range y {
		y[i] = float32(i / 8 % 2)
	}
	for from := 0; from+run*lanes <= len(a); from += run * lanes {
		got, want := [lanes]float64{1, 1, 1, 1, 1, 1, 1, 1}, [lanes]float64{1, 1, 1, 1, 1, 1, 1, 1}
		require.True(t, multiplyOwn(a[from:from+run*lanes], y[from:from+run*lanes], &got))
		for i := from; i < from+run*lanes; i++ {
			one := [lanes]float64{want[i%lanes]}
			require.True(t, multiplyOwn(a[i:i+1], y[i:i+1], &one))
			want[i%lanes] = one[0]
		}
		for lane := range got {
			if got[lane] != want[lane] && want[lane] == want[lane] {
				require.Equal(t, want[lane], got[lane])
			}
		}
	}
}

// margins are as in training.
func margins() []float32 {
	x := make([]float32, 4096)
	for i := range x {
		x[i] = float32(10 * math.Sin(float64(i)))
	}
	return x
}

func BenchmarkSigmoid(b *testing.B) {
	x, dst := margins(), make([]float32, 4096)
	b.SetBytes(4096)
	for b.Loop() {
		Sigmoid(dst, x)
	}
}

func BenchmarkSigmoidPlain(b *testing.B) {
	x, dst := margins(), make([]float32, 4096)
	b.SetBytes(4096)
	for b.Loop() {
		for i, v := range x {
			dst[i] = sigmoid(v)
		}
	}
}

func BenchmarkLogLikelihood(b *testing.B) {
	p, y := margins(), make([]float32, 4096)
	Sigmoid(p, p)
	b.SetBytes(4096)
	for b.Loop() {
		LogLikelihood(p, y)
	}
}
