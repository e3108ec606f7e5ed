package hist

// The loops of histogram.go in assembly. Each asks, row by row, for what the row 16 further on will need: a node's rows lie
// scattered, and the processor looks only some three rows ahead by itself. 1M x 28 rows on a Sapphire Rapids core, one update:
// consecutive rows 0.55 ns in Go, 0.37 here; every 32nd row 1.9 and 0.75.

//go:noescape
func addEvenRows(h *uint64, matrix *uint8, stride int, rows *uint32, n int, packed *uint64)

//go:noescape
func addPickedRows(bins **[window]uint64, columns *int32, count int, matrix *uint8, stride int, rows *uint32, n int, packed *uint64)

// kernelRows is how many rows one call may take: assembly cannot be interrupted, and a garbage collection waits for it.
const kernelRows = 1 << 12

func addEven(h histogram, matrix []uint8, stride int, rows []uint32, packed []uint64) {
	for len(rows) > 0 {
		n := min(kernelRows, len(rows))
		addEvenRows(&h[0], &matrix[0], stride, &rows[0], n, &packed[0])
		rows = rows[n:]
	}
}

func addPicked(bins []*[window]uint64, columns []int32, matrix []uint8, stride int, rows []uint32, packed []uint64) {
	for len(rows) > 0 {
		n := min(kernelRows, len(rows))
		addPickedRows(&bins[0], &columns[0], len(columns), &matrix[0], stride, &rows[0], n, &packed[0])
		rows = rows[n:]
	}
}

//go:noescape
func addLanesRows(bins *[rootLanes]uint64, offsets *int, features int, matrix *uint8, stride int, lanes *[rootLanes]uint64, n int)

// addLanes is addLanesGo.
func addLanes(bins [][rootLanes]uint64, offsets []int, matrix []uint8, stride int, lanes [][rootLanes]uint64) {
	if !vectors || len(lanes) == 0 {
		addLanesGo(bins, offsets, matrix, stride, lanes)
		return
	}
	addLanesRows(&bins[0], &offsets[0], len(offsets), &matrix[0], stride, &lanes[0], len(lanes))
}
