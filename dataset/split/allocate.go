package split

// allocate shares out the rows of each stratum over the sides so that every count is its exact share rounded down or up,
// the counts of a stratum sum to its size, and every side's total is its exact share of the whole, rounded down or up.
// That such a table exists is the theorem of controlled rounding (Bacharach: Matrix rounding problems, 1966); it is found by
// shifting mass around cycles of fractional cells (Causey, Cox, Ernst: Applications of transportation theory to statistical
// problems, 1985). All arithmetic is in whole parts of shareUnit. The shares sum to shareUnit.
func allocate(sizes, shares []int64) [][]int64 {
	counts := make([][]int64, len(sizes))
	cells := make([][]int64, len(sizes)+1) // fractional parts; the last row completes each column to a whole number
	slack := make([]int64, len(shares))
	for r, n := range sizes {
		counts[r] = make([]int64, len(shares))
		cells[r] = make([]int64, len(shares))
		for c, share := range shares {
			part := n % shareUnit * share
			counts[r][c] = n/shareUnit*share + part/shareUnit
			cells[r][c] = part % shareUnit
			slack[c] = (slack[c] + shareUnit - cells[r][c]) % shareUnit
		}
	}
	cells[len(sizes)] = slack
	newRounding(cells).run()
	for r := range counts {
		for c := range counts[r] {
			counts[r][c] += cells[r][c] / shareUnit
		}
	}
	return counts
}

// rounding moves mass between fractional cells until none is left. Rows and columns sum to whole numbers, so a row or
// column with one fractional cell has a second.
type rounding struct {
	cells  [][]int64
	inCol  [][]int // rows that may be fractional in a column; stale entries are dropped when met
	inPath []int   // where on the path a column was entered, -1 if it is not on it
}

func newRounding(cells [][]int64) *rounding {
	r := &rounding{cells: cells, inCol: make([][]int, len(cells[0])), inPath: make([]int, len(cells[0]))}
	for row := range cells {
		for col := range cells[row] {
			if r.fractional(row, col) {
				r.inCol[col] = append(r.inCol[col], row)
			}
		}
	}
	return r
}

func (r *rounding) fractional(row, col int) bool { return r.cells[row][col]%shareUnit != 0 }

func (r *rounding) run() {
	for col := range r.inCol {
		for r.rowIn(col, -1) >= 0 {
			r.shift(r.cycle(col))
		}
	}
}

// rowIn is a row other than not that is fractional in a column, or -1.
func (r *rounding) rowIn(col, not int) int {
	rows := r.inCol[col]
	for i := len(rows) - 1; i >= 0; i-- {
		if !r.fractional(rows[i], col) {
			rows = append(rows[:i], rows[i+1:]...)
			r.inCol[col] = rows
			continue
		}
		if rows[i] != not {
			return rows[i]
		}
	}
	return -1
}

func (r *rounding) colIn(row, not int) int {
	for col := range r.cells[row] {
		if col != not && r.fractional(row, col) {
			return col
		}
	}
	return -1
}

type step struct{ row, from, to int } // a row, the column it was met in and the one it leads to

// cycle walks fractional cells, column to row to column, until a column comes up again, and returns the loop.
func (r *rounding) cycle(col int) []step {
	for i := range r.inPath {
		r.inPath[i] = -1
	}
	var path []step
	row := -1
	for r.inPath[col] < 0 {
		r.inPath[col] = len(path)
		row = r.rowIn(col, row)
		next := r.colIn(row, col)
		path = append(path, step{row, col, next})
		col = next
	}
	loop := path[r.inPath[col]:]
	if last := len(loop) - 1; loop[last].row == loop[0].row {
		// The loop came back through the very cell it left by: that cell keeps its mass.
		loop[0].from = loop[last].from
		loop = loop[:last]
	}
	return loop
}

// shift moves as much mass as fits around a loop: off each step's first cell, onto its second.
func (r *rounding) shift(loop []step) {
	most := shareUnit
	for _, s := range loop {
		most = min(most, r.cells[s.row][s.from], shareUnit-r.cells[s.row][s.to])
	}
	for _, s := range loop {
		r.cells[s.row][s.from] -= most
		r.cells[s.row][s.to] += most
	}
}
