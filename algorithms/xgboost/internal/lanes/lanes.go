// Package lanes takes many rows down decision trees at once, one byte per row in a vector register. It knows neither models
// nor where values come from.
//
// Values are first replaced by codes: how many of the bounds that the forest compares a feature with (255 at most) are not
// above the value. A comparison is then one instruction for 64 rows (AVX-512; 32 with AVX2), and no row has a way of its
// own: every node of a tree is decided for every row, and from the bottom up each node picks what its left or its right
// child has chosen. That is more comparisons than a walk makes, 63 instead of 6 in a tree of depth 6, but without a single
// load that waits for another. Measured on one core of a Xeon, codes included, in ns per row and tree (100 trees of depth 6,
// 1,000 of depth 8, 28 features): walking 6.9 and 13.5, with AVX2 1.5 and 4.4, with AVX-512 0.75 and 2.5. The idea is that of QuickScorer (Lucchese et al., SIGIR 2015) and RapidScorer (Ye et al., KDD 2018),
// with a selection in place of their bit vectors of leaves.
//
// There is no portable form: in plain words of 64 bits the same takes more instructions than a walk. Where there are no
// kernels for a processor, callers walk.
package lanes

import "unsafe"

// Rows is how many rows go through a tree together: enough to spread the cost of reading the tree, few enough for the rows'
// codes and the nodes' choices to stay in the first-level cache.
const Rows = 256

// Row holds one byte for each row of a block.
type Row = [Rows]uint8

// Kernels are the functions that depend on the processor's instructions. All give the same results.
type Kernels struct {
	Name   string
	encode func(values []float32, c *Cuts, codes *Row)
	run    func(ops *uint32, codes, slots *Row)
	add    func(table Values, leaves *Row, sums *[Rows]float32)
}

// Blocks is how many blocks of Rows rows are scored together: a tree is read from memory once for all of them. A forest is
// mostly larger than the second-level cache (1,000 trees of depth 8 take 4 MB), and with a single block a third of the time
// went into waiting for it.
const Blocks = 4

// MaxOutputs is how many outputs a forest should have at most to be scored in batches, each of which keeps a sum for every
// output of every row.
const MaxOutputs = 1024

// Batch is the working memory of one goroutine, for up to Blocks blocks of rows.
type Batch struct {
	kernels *Kernels
	codes   [Blocks][]Row // what programs read
	slots   []Row         // what nodes have chosen; the first stays 0
	padded  [Rows]float32
}

// NewBatch makes memory for programs of the given needs.
func NewBatch(k *Kernels, n Needs) *Batch {
	b := &Batch{kernels: k, slots: alignedRows(n.slots + 1)}
	for i := range b.codes {
		b.codes[i] = alignedRows(max(1, n.codes))
	}
	return b
}

// Needs says how large a batch must be. The zero value is that of no program.
type Needs struct{ codes, slots int }

// Also returns what suffices for both.
func (n Needs) Also(other Needs) Needs {
	return Needs{max(n.codes, other.codes), max(n.slots, other.slots)}
}

// alignedRows starts at a cache line, so that no vector lies across two.
func alignedRows(n int) []Row {
	const line = 64
	raw := make([]byte, n*Rows+line)
	start := -uintptr(unsafe.Pointer(unsafe.SliceData(raw))) % line
	return unsafe.Slice((*Row)(unsafe.Pointer(&raw[start])), n)
}

// Encode writes the codes of a block's values, at most Rows of them, to the place of a part's key. It returns the codes.
func (b *Batch) Encode(block, key int, c *Cuts, values []float32) *Row {
	if len(values)%encodeStep != 0 {
		n := copy(b.padded[:], values)
		values = b.padded[:(n+encodeStep-1)/encodeStep*encodeStep]
	}
	codes := &b.codes[block][key]
	if len(values) > 0 {
		b.kernels.encode(values, c, codes)
	}
	return codes
}

// encodeStep is how many values are encoded together.
const encodeStep = 16

// Run chooses a leaf for each of a block's rows: see Index. The result is valid until the next run.
func (b *Batch) Run(block int, p *Program) *Row {
	b.kernels.run(&p.ops[0], &b.codes[block][0], &b.slots[0])
	return &b.slots[p.result/Rows]
}

// Add adds to each row's sum the value of its leaf.
func (b *Batch) Add(values Values, leaves *Row, sums *[Rows]float32) {
	b.kernels.add(values, leaves, sums)
}
