package gp

import (
	"math"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/floats"
)

// factor is the Cholesky factor L of a covariance matrix, and its inverse, both as lower triangles. A point more costs a row
// of each, O(n²); rows depend on earlier ones only, so that a factor grown by rows and one made at once agree in every bit.
type factor struct {
	n, inverted int       // rows of each
	lower       []float64 // row i is lower[start(i):start(i+1)]
	inverse     []float64 // bands of rows, which have zeros behind the diagonal
}

func start(i int) int { return i * (i + 1) / 2 }

func (f *factor) row(i int) []float64 { return f.lower[start(i):start(i+1)] }

// band is how many rows of the inverse are as long as the last of them, so that products of a matrix and a vector take
// them together.
const band = 4

// bandStart is where the band of row i begins, which is its first.
func bandStart(i int) int { return i * (i + band) / 2 }

func (f *factor) inverseRow(i int) []float64 {
	first := i - i%band
	from := bandStart(first) + i%band*(first+band)
	return f.inverse[from : from+i+1]
}

// inverseBand is the band whose first row is i, as far as there are points.
func (f *factor) inverseBand(i int) blas64.General {
	return blas64.General{Rows: min(band, f.n-i), Cols: min(i+band, f.n), Stride: i + band, Data: f.inverse[bandStart(i):]}
}

// truncate keeps the first n rows.
func (f *factor) truncate(n int) {
	f.n, f.lower = n, f.lower[:start(n)]
	f.inverted = min(f.inverted, n)
}

// decompose appends the row of L for a point with these covariances with the earlier ones and this variance; false, and
// nothing is appended, if the matrix would not be positive definite.
func (f *factor) decompose(covariances []float64, variance float64) bool {
	n := f.n
	f.lower = append(f.lower[:start(n)], covariances...)
	row := f.lower[start(n):]
	for j := range n {
		r := f.row(j)
		row[j] = (row[j] - floats.Dot(row[:j], r[:j])) / r[j]
	}
	pivot := variance - floats.Dot(row, row)
	if !(pivot > variance*tinyPivot) {
		f.lower = f.lower[:start(n)]
		return false
	}
	f.lower = append(f.lower, math.Sqrt(pivot))
	f.n++
	return true
}

// tinyPivot is the share of a variance below which what is left of it is rounding error.
const tinyPivot = 1e-14

// invert appends the rows that the inverse lacks.
func (f *factor) invert() {
	for i := f.inverted; i < f.n; i++ {
		row := f.row(i)
		if i%band == 0 {
			f.inverse = append(f.inverse[:bandStart(i)], make([]float64, band*(i+band))...)
		}
		out := f.inverseRow(i)
		clear(out)
		for k, v := range row[:i] {
			floats.AddScaled(out[:k+1], v, f.inverseRow(k))
		}
		floats.Scale(-1/row[i], out[:i])
		out[i] = 1 / row[i]
	}
	f.inverted = f.n
}

// solveLower writes L⁻¹b into dst.
func (f *factor) solveLower(dst, b []float64) {
	for i := 0; i < f.n; i += band {
		rows := f.inverseBand(i)
		blas64.Gemv(blas.NoTrans, 1, rows, blas64.Vector{N: rows.Cols, Inc: 1, Data: b}, 0, blas64.Vector{N: rows.Rows, Inc: 1, Data: dst[i:]})
	}
}

// explain writes |L⁻¹b|² into dst for each row b of a block, a stride apart.
func (f *factor) explain(dst, block []float64, stride int) {
	clear(dst)
	row := make([]float64, len(dst))
	for i := range f.n {
		blas64.Gemv(blas.NoTrans, 1, blas64.General{Rows: len(dst), Cols: i + 1, Stride: stride, Data: block},
			blas64.Vector{N: i + 1, Inc: 1, Data: f.inverseRow(i)}, 0, blas64.Vector{N: len(dst), Inc: 1, Data: row})
		for j, v := range row {
			dst[j] += v * v
		}
	}
}

// solveUpper writes L⁻ᵀb into dst, which must not be b.
func (f *factor) solveUpper(dst, b []float64) {
	clear(dst[:f.n])
	for i := 0; i < f.n; i += band {
		rows := f.inverseBand(i)
		blas64.Gemv(blas.Trans, 1, rows, blas64.Vector{N: rows.Rows, Inc: 1, Data: b[i:]}, 1, blas64.Vector{N: rows.Cols, Inc: 1, Data: dst})
	}
}
