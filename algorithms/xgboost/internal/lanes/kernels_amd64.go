package lanes

import "golang.org/x/sys/cpu"

// Available returns the kernels that this processor can run, the fastest first.
func Available() []*Kernels {
	var available []*Kernels
	x := &cpu.X86
	if x.HasAVX512F && x.HasAVX512BW && x.HasAVX512DQ && x.HasAVX512VL {
		available = append(available, &avx512)
	}
	if x.HasAVX2 {
		available = append(available, &avx2)
	}
	return available
}

var avx512 = Kernels{
	Name: "AVX-512",
	encode: func(values []float32, c *Cuts, codes *Row) {
		encode512(&values[0], len(values), c.table, c.levels, uint64(c.missing), codes)
	},
	run: run512,
	add: func(table Values, leaves *Row, sums *[Rows]float32) {
		if len(table) == smallLeaves {
			addSmall512(&table[0], leaves, sums)
		} else {
			addLarge512(&table[0], leaves, sums)
		}
	},
}

var avx2 = Kernels{
	Name: "AVX2",
	encode: func(values []float32, c *Cuts, codes *Row) {
		encode2(&values[0], len(values), c.table, c.levels, uint64(c.missing), codes)
	},
	run: run2,
	add: func(table Values, leaves *Row, sums *[Rows]float32) {
		add2(&table[0], uint64(len(table)-1), leaves, sums)
	},
}

//go:noescape
func encode512(values *float32, n int, table *[256]float32, levels int, missing uint64, codes *Row)

//go:noescape
func run512(ops *uint32, codes, slots *Row)

//go:noescape
func addSmall512(table *float32, leaves *Row, sums *[Rows]float32)

//go:noescape
func addLarge512(table *float32, leaves *Row, sums *[Rows]float32)

//go:noescape
func encode2(values *float32, n int, table *[256]float32, levels int, missing uint64, codes *Row)

//go:noescape
func run2(ops *uint32, codes, slots *Row)

//go:noescape
func add2(table *float32, mask uint64, leaves *Row, sums *[Rows]float32)
