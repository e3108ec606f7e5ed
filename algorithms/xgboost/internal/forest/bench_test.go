package forest

import (
	"fmt"
	"math/rand/v2"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// cpuNanoseconds is the processor time used so far: on a machine that others use too it says more than the clock.
func cpuNanoseconds(b *testing.B) int64 {
	var u syscall.Rusage
	require.NoError(b, syscall.Getrusage(syscall.RUSAGE_SELF, &u))
	return u.Utime.Nano() + u.Stime.Nano()
}

// fullTree is a perfect tree whose thresholds are multiples of 1/256, as binned training leaves them.
func fullTree(r *rand.Rand, depth, features int) Tree {
	t := Tree{Scale: 1, Nodes: make([]Node, 2<<depth-1)}
	for i := range t.Nodes {
		t.Nodes[i] = Node{Left: int32(2*i + 1), Right: int32(2*i + 2), Feature: int32(r.IntN(features)), Value: float32(1+r.IntN(255)) / 256}
		if i >= 1<<depth-1 {
			t.Nodes[i] = Node{Left: -1, Right: -1, Value: r.Float32()}
		}
	}
	return t
}

// BenchmarkEngine scores 28 features on one core, side by side and walking.
func BenchmarkEngine(b *testing.B) {
	const rows, features = 1 << 13, 28
	for _, shape := range []struct{ trees, depth int }{{100, 6}, {1000, 8}} {
		r := rand.New(rand.NewPCG(1, 1))
		trees := make([]Tree, shape.trees)
		for i := range trees {
			trees[i] = fullTree(r, shape.depth, features)
		}
		columns := make([][]float32, features)
		for f := range columns {
			columns[f] = make([]float32, rows)
			for i := range columns[f] {
				columns[f][i] = r.Float32()
			}
		}
		out := make([]float32, rows)
		e := NewEngine(trees, features, 1)
		b.Run(fmt.Sprintf("%d trees of depth %d/compile", shape.trees, shape.depth), func(b *testing.B) {
			for b.Loop() {
				NewEngine(trees, features, 1)
			}
		})
		measure := func(name string, n int, score func()) {
			b.Run(fmt.Sprintf("%d trees of depth %d/%s", shape.trees, shape.depth, name), func(b *testing.B) {
				b.ReportAllocs()
				cpu := cpuNanoseconds(b)
				for b.Loop() {
					score()
				}
				b.ReportMetric(float64(cpuNanoseconds(b)-cpu)/float64(b.N)/float64(n)/float64(len(trees)), "cpu-ns/row/tree")
			})
		}
		for name, kernels := range paths() {
			e := newEngine(trees, features, 1, kernels)
			measure(name, rows, func() { e.Score(columns, rows, out) })
		}
		measure("one row", 1, func() { e.Score(columns, 1, out) })
	}
}
